/**
 * One sample of a generation: its text so far, and its numbers as they arrive from the backend some steps late.
 */

import type { RandomKey } from "@soft-tokens/tensor";
import type { Rollout } from "../contract.ts";
import { type SampleRules, SampleText } from "../text/sample-text.ts";
import type { TokenText } from "../text/token-text.ts";
import { FloatList } from "./float-list.ts";

export interface SampleIdentity {
  readonly promptIndex: number;
  readonly sampleIndex: number;
  readonly key: RandomKey;
}

export class Sample {
  readonly text: SampleText;
  /** [T, D], filled where the policy stores its thoughts. */
  readonly thoughts = new FloatList();
  readonly entropies = new FloatList();
  readonly topIds: number[] = [];
  readonly topProbabilities = new FloatList();
  /** Per thought step; empty in deterministic modes. */
  readonly thoughtLogProbs = new FloatList();
  /** Float64 sums; null until a term comes, hence in deterministic modes. */
  thoughtLogProb: number | null = null;
  answerLogProb: number | null = null;
  /** Whose logits are known to be numbers. */
  checkedAnswerTokens = 0;

  constructor(
    readonly identity: SampleIdentity,
    private readonly rules: SampleRules,
  ) {
    this.text = new SampleText(rules);
  }

  toRollout(promptIds: readonly number[], text: TokenText, storesThoughts: boolean): Rollout {
    const { shadowIds, forcedIds, answerIds, thoughtStop, answerStop } = this.text;
    const T = shadowIds.length;
    return {
      promptIndex: this.identity.promptIndex,
      sampleIndex: this.identity.sampleIndex,
      promptIds,
      shadowIds: Int32Array.from(shadowIds),
      thoughts: storesThoughts ? this.thoughts.toArray() : null,
      forcedIds,
      answerIds: Int32Array.from(answerIds),
      thoughtStop,
      answerStop,
      thoughtText: text.decode(shadowIds),
      forcedText: text.decode(forcedIds),
      answerText: text.decode(answerIds),
      answerPrefix: this.rules.settings.answerPrefix,
      thoughtLogProb: this.thoughtLogProb,
      answerLogProb: this.answerLogProb,
      thoughtLogProbs: this.thoughtLogProb === null ? null : this.thoughtLogProbs.toArray(),
      entropies: this.entropies.toArray(),
      ...(this.topIds.length > 0 && {
        top: {
          k: this.topIds.length / T,
          ids: Int32Array.from(this.topIds),
          probabilities: this.topProbabilities.toArray(),
        },
      }),
    };
  }
}

/** Whether a sample has tokens to come. */
export function isActive(sample: Sample): boolean {
  return sample.text.phase !== "done";
}
