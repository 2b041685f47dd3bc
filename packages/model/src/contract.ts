/**
 * What a language model is to the rest of the project: embeddings in, final hidden states out. No sampling, no loss.
 *
 * Axes: P prompts, B batch rows, S prompt tokens (right-padded to the longest), T tokens after the prompt, M such tokens of all
 * rows, one row behind the other without padding, D hidden, V vocabulary.
 * Invariants: hidden states are after the final norm, ready for the head; linear weights live in memory as [in, out]
 * (Hugging Face files hold [out, in]), because that is the orientation in which every backend is fast.
 */

import type { Backend, DType, Tensor } from "@soft-tokens/tensor";
import type { ModelConfig } from "./config/config.ts";
import type { Tokenizer } from "./tokenizer/tokenizer.ts";
import type { ModelWarning } from "./warnings.ts";

/** Token ids of a batch of prompts of any lengths, at least one token each. */
export type PromptIds = readonly (readonly number[])[];

/** Embeddings and weights that the head operations of `@soft-tokens/tensor` take. */
export interface LanguageHead {
  readonly weight_VD: Tensor;
  /** The same handle where the model ties them. */
  readonly embedding_VD: Tensor;
}

/** Where a row of a changed batch comes from: a row that stays, a new row of the prompt of row `like`, or of a new prompt. */
export type RowPlace = { readonly keep: number } | { readonly like: number } | { readonly prompt: number };

/**
 * A batch that is being decoded: a shared prefix per prompt and a growing cache per row. Rows may leave and start while
 * others go on (continuous batching). The owner disposes it.
 */
export interface DecodeSession extends Disposable {
  /** Rows now in the batch. */
  readonly rows: number;
  /** Tokens of each row behind its prompt. */
  readonly lengths: readonly number[];
  /** One step: input embeddings [R, D] -> hidden states [R, D] (rows in order). @throws MODEL_CONTEXT_FULL beyond `maxLength`. */
  step(input_RD: Tensor): Tensor;
  /** These rows have ended: until they leave they are fed, but grow no more, and their hidden states mean nothing. */
  retire(rows: readonly number[]): void;
  /** Keeps the given rows, in their order; the rest leave the batch. */
  keepRows(rows: readonly number[]): void;
  /**
   * The batch becomes `places`, in any order in which the rows of a prompt stand together. Rows that stay where they are
   * cost nothing. Gives the hidden states of the rows that start (their prompts' last tokens), in order, or null where none does.
   */
  exchangeRows(places: readonly RowPlace[], newPrompts: PromptIds): Tensor | null;
  dispose(): void;
}

export interface PrefillOptions {
  /** How many rows start from each prompt; the prompt itself is computed once. */
  readonly rowsPerPrompt: readonly number[];
  /** Most tokens of a row after its prompt. */
  readonly maxLength: number;
}

export interface Prefilled {
  readonly session: DecodeSession;
  /** Hidden state of each prompt's last token, repeated for its rows: [R, D]. */
  readonly hidden_RD: Tensor;
}

/** Rows behind prompts, for a teacher-forced pass. Nothing is padded. Positions of a row start at its prompt's length. */
export interface SuffixRows {
  /** Consecutive rows per prompt, zeros allowed; sums to B. */
  readonly rowsPerPrompt: readonly number[];
  /** Tokens of each of the B rows, zeros allowed; sums to M. */
  readonly suffixLengths: readonly number[];
  /** Embeddings of these tokens, [M, D]. */
  readonly suffix_MD: Tensor;
  /** Keep only each layer's input and compute the rest again in the backward pass. Defaults to `false`. */
  readonly checkpointLayers?: boolean;
}

/** A teacher-forced batch whose rows share prompts. */
export interface GroupedInput extends SuffixRows {
  readonly promptIds: PromptIds;
}

export interface GroupedHidden {
  /** What predicts the first token behind each prompt. */
  readonly lastHidden_PD: Tensor;
  /** [M, D] */
  readonly suffix_MD: Tensor;
}

/** Keys and values of prompts in one layer, of right-padded prompts; in the weights' dtype. */
export interface PromptLayer {
  readonly key_PKSH: Tensor;
  readonly value_PKSH: Tensor;
}

/** All that later tokens need of their prompts. The owner disposes it. */
export interface PromptStates extends Disposable {
  /** Tokens of each prompt. */
  readonly lengths: readonly number[];
  readonly layers: readonly PromptLayer[];
  /** What predicts the first token behind each prompt. */
  readonly lastHidden_PD: Tensor;
}

/** A teacher-forced batch behind prompts that have been computed. */
export interface SuffixInput extends SuffixRows {
  readonly prompts: PromptStates;
}

export interface LanguageModel extends Disposable {
  readonly config: ModelConfig;
  readonly backend: Backend;
  readonly tokenizer: Tokenizer;
  /** By Hugging Face name; every trainable tensor once (a tied head is not listed apart). Linear weights are [in, out]. */
  readonly parameters: ReadonlyMap<string, Tensor>;
  readonly head: LanguageHead;
  /** The small files of the model's folder (configuration, tokenizer, templates), by name: what `saveModel` writes again. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** What loading noticed and went on from, for the caller to show. */
  readonly warnings: readonly ModelWarning[];
  /** ids int32 of any shape -> [..., D]. Differentiable. */
  embed(ids: Tensor): Tensor;
  /** input [B, T, D] -> hidden [B, T, D]; `leftPadding[b]` positions at the start of row b are padding. Differentiable. */
  forward(
    input_BTD: Tensor,
    options?: { readonly leftPadding?: readonly number[]; readonly checkpointLayers?: boolean },
  ): Tensor;
  /** Computes each prompt once and opens a decode session. No gradient. */
  prefill(promptIds: PromptIds, options: PrefillOptions): Prefilled;
  /** Prompts pass the layers once for all their rows. Differentiable in the parameters and in `suffix_MD`. */
  forwardGrouped(input: GroupedInput): GroupedHidden;
  /** Prompts alone, for any number of `forwardSuffix`. Differentiable in the parameters. */
  computePrompts(promptIds: PromptIds, options?: { readonly checkpointLayers?: boolean }): PromptStates;
  /** Only the rows' own tokens pass the layers: [M, D]. Differentiable in the parameters, the prompts' states and `suffix_MD`. */
  forwardSuffix(input: SuffixInput): Tensor;
  dispose(): void;
}

export interface LoadModelOptions {
  readonly backend: Backend;
  /** Defaults to the weights' own dtype where the backend computes in it, else float32. */
  readonly dtype?: Extract<DType, "float32" | "bfloat16">;
  /** Called while files are downloaded and while weights are read. */
  readonly onProgress?: (progress: LoadProgress) => void;
  readonly signal?: AbortSignal;
  /** Branch, tag or commit of a hub repository. Defaults to `main`. */
  readonly revision?: string;
}

/** How far one phase of loading has come. Each phase counts its own bytes over all of its files. */
export interface LoadProgress {
  readonly phase: "download" | "read";
  /** The file that is being worked on. */
  readonly file: string;
  readonly bytes: number;
  readonly totalBytes: number;
}
