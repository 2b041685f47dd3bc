/**
 * What a generation request comes to before any arithmetic: its samples in order, how many are decoded at once, the most
 * tokens a row can grow by, and every reason to refuse it.
 */

import type { LanguageModel } from "@soft-tokens/model";
import type { GenerateRequest } from "../contract.ts";
import { SamplerError } from "../errors.ts";
import { checkGenerationSettings } from "../settings.ts";
import { type ForcedTextRules, forcedTextAfterLimit, forcedTextAfterStop } from "../text/forced-text.ts";
import { sampleRules } from "../text/sample-text.ts";
import { TokenText } from "../text/token-text.ts";
import { Sample } from "./sample.ts";

export interface GenerationPlan {
  /** By prompt, then sample. */
  readonly samples: readonly Sample[];
  readonly promptIds: readonly (readonly number[])[];
  /** Samples decoded at once. */
  readonly maxRows: number;
  /** Most tokens after a prompt. */
  readonly maxLength: number;
  readonly text: TokenText;
}

/** @throws INVALID_SETTINGS, INVALID_REQUEST, SAMPLER_PROMPT_TOO_LONG */
export function planGeneration(model: LanguageModel, request: GenerateRequest): GenerationPlan {
  const { settings, prompts } = request;
  checkGenerationSettings(settings);
  const { maxRows = 1 } = request;
  if (!Number.isInteger(maxRows) || maxRows < 1) {
    throw new SamplerError(
      "INVALID_REQUEST",
      `generate: maxRows must be a whole number of at least 1, got ${maxRows}`,
    );
  }
  const text = new TokenText(model.tokenizer);
  const maxLength = settings.maxThoughtSteps + longestForced(settings, text) + settings.maxAnswerTokens;
  prompts.forEach((prompt, index) => {
    checkPrompt(model, prompt.ids, index, maxLength);
  });
  const endIds = new Set([...model.config.eosTokenIds, ...model.tokenizer.eosTokenIds]);
  const rules = sampleRules(settings, text, endIds);
  const samples = prompts.flatMap((prompt, promptIndex) =>
    prompt.sampleKeys.map((key, sampleIndex) => new Sample({ promptIndex, sampleIndex, key }, rules)),
  );
  return {
    samples,
    promptIds: prompts.map((prompt) => prompt.ids),
    maxRows: request.maxRows ?? samples.length,
    maxLength,
    text,
  };
}

/** Most tokens that can be forced between thought and answer, e.g. to see whether a prompt leaves room for them. */
export function mostForcedTokens(model: LanguageModel, settings: ForcedTextRules): number {
  return longestForced(settings, new TokenText(model.tokenizer));
}

/** Tokens of the longest text that can be forced: every remainder of the answer prefix, and both forms at the limit. */
function longestForced(settings: ForcedTextRules, text: TokenText): number {
  const prefix = new TextEncoder().encode(settings.answerPrefix);
  const texts = [forcedTextAfterLimit(settings, undefined), forcedTextAfterLimit(settings, 0x20)];
  for (let length = 0; length <= prefix.length; length++) {
    texts.push(forcedTextAfterStop(settings, prefix.subarray(0, length)));
  }
  return Math.max(...texts.map((forced) => text.idsOf(forced).length));
}

function checkPrompt(model: LanguageModel, ids: readonly number[], index: number, maxLength: number): void {
  const { vocabularySize, maxPositions } = model.config;
  if (ids.length === 0) {
    throw new SamplerError(
      "INVALID_REQUEST",
      `generate: prompt ${index} has no tokens; it needs at least one`,
    );
  }
  const at = ids.findIndex((id) => !Number.isInteger(id) || id < 0 || id >= vocabularySize);
  if (at >= 0) {
    throw new SamplerError(
      "INVALID_REQUEST",
      `generate: prompt ${index} holds token id ${ids[at]}, outside the vocabulary of ${vocabularySize}`,
    );
  }
  if (ids.length + maxLength > maxPositions) {
    throw new SamplerError(
      "SAMPLER_PROMPT_TOO_LONG",
      `generate: prompt ${index} has ${ids.length} tokens and may grow by ${maxLength} (thought, forced text, answer), ` +
        `${ids.length + maxLength} together, but the model has ${maxPositions} positions; ` +
        `shorten the prompt or lower maxThoughtSteps`,
    );
  }
}
