/**
 * Rollouts against the model that is to score them: a file may be of another model. What a file alone can show is checked where it
 * is read (read-rollouts.ts).
 */

import type { ModelConfig } from "@soft-tokens/model";
import { SamplerError } from "../errors.ts";
import { RAGGED, RAGGED_NAMES, type StoredRollout, THOUGHTS } from "./format.ts";

export interface CheckRolloutsOptions {
  /** The file they come from, for the message. */
  readonly file?: string;
  /** Number of the first of them in that file. Defaults to 0. */
  readonly first?: number;
}

/**
 * Every id is a row of the embeddings, every thought as wide as they are, and every sequence fits into the model's positions.
 * @throws INVALID_ROLLOUTS with `key`, the name of the tensor in a rollout file, and `sampleIndex`
 */
export function checkRollouts(
  config: Pick<ModelConfig, "vocabularySize" | "hiddenSize" | "maxPositions">,
  rollouts: readonly StoredRollout[],
  { file, first = 0 }: CheckRolloutsOptions = {},
): void {
  const { vocabularySize, hiddenSize, maxPositions } = config;
  rollouts.forEach((rollout, index) => {
    const refuse = (key: string, what: string): never => {
      const message = `${file === undefined ? "" : `${file}: `}"${key}" of sample ${first + index} ${what}`;
      const place = { key, sampleIndex: first + index, ...(file !== undefined && { file }) };
      throw new SamplerError("INVALID_ROLLOUTS", message, place);
    };
    for (const name of RAGGED_NAMES) {
      const ids = Array.from(rollout[name]);
      const at = ids.findIndex((id) => !Number.isInteger(id) || id < 0 || id >= vocabularySize);
      if (at >= 0) {
        refuse(
          RAGGED[name].ids,
          `holds id ${ids[at]} at place ${at}, the model has ${vocabularySize} embeddings`,
        );
      }
    }
    const { promptIds, shadowIds, forcedIds, answerIds, thoughts } = rollout;
    if (promptIds.length === 0) refuse(RAGGED.promptIds.ids, "is empty; a prompt has at least one token");
    if (thoughts && thoughts.length !== shadowIds.length * hiddenSize) {
      const width = shadowIds.length === 0 ? thoughts.length : thoughts.length / shadowIds.length;
      refuse(
        THOUGHTS,
        `has width ${width}, the model's hidden size is ${hiddenSize}: it is of another model`,
      );
    }
    // The last token of an answer is scored, but never fed.
    const length = promptIds.length + shadowIds.length + forcedIds.length + Math.max(0, answerIds.length - 1);
    if (length > maxPositions) {
      refuse(
        RAGGED.promptIds.ids,
        `begins a sequence of ${length} tokens to be fed, the model has ${maxPositions} positions`,
      );
    }
  });
}
