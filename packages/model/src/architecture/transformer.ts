/**
 * The decoder-only transformer of Llama, Qwen2 and Qwen3 as a {@link LanguageModel}. The families differ by settings of
 * the config alone (biases, norms of q and k, head size), so one file serves them.
 *
 * Axes: P prompts, B rows, T tokens, M tokens packed without padding, R rows of a decode batch, D hidden.
 */

import {
  assertShape,
  type Backend,
  rmsNorm,
  type Tensor,
  TensorError,
  TensorScope,
} from "@soft-tokens/tensor";
import type { ModelConfig } from "../config/config.ts";
import type {
  GroupedHidden,
  GroupedInput,
  LanguageHead,
  LanguageModel,
  Prefilled,
  PrefillOptions,
  PromptIds,
  PromptStates,
  SuffixInput,
  SuffixRows,
} from "../contract.ts";
import { ModelError } from "../errors.ts";
import type { Tokenizer } from "../tokenizer/tokenizer.ts";
import type { ModelWarning } from "../warnings.ts";
import { type PackedRows, runGrouped } from "./grouped.ts";
import { paddedCausalMask } from "./masks.ts";
import { lastTokens, longestOf } from "./packed-sequences.ts";
import { EMBEDDING, FINAL_NORM, HEAD } from "./parameters.ts";
import { prefillPrompts } from "./prefill.ts";
import { type PromptRun, runPrompts } from "./prompt-pass.ts";
import { RopeTable } from "./rope.ts";
import { attendSequences } from "./sequences.ts";
import { runLayers } from "./stack.ts";
import { runSuffix } from "./suffix.ts";

export interface TransformerParts {
  readonly config: ModelConfig;
  readonly backend: Backend;
  readonly tokenizer: Tokenizer;
  /** By Hugging Face name, one dtype. The model takes ownership. */
  readonly parameters: ReadonlyMap<string, Tensor>;
  /** The small files of the model's folder, by name. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly warnings?: readonly ModelWarning[];
}

export class Transformer implements LanguageModel {
  readonly config: ModelConfig;
  readonly backend: Backend;
  readonly tokenizer: Tokenizer;
  readonly parameters: ReadonlyMap<string, Tensor>;
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly warnings: readonly ModelWarning[];
  readonly head: LanguageHead;
  readonly #rope: RopeTable;
  readonly #finalNorm_D: Tensor;

  constructor(parts: TransformerParts) {
    this.config = parts.config;
    this.backend = parts.backend;
    this.tokenizer = parts.tokenizer;
    this.parameters = parts.parameters;
    this.files = parts.files;
    this.warnings = parts.warnings ?? [];
    const embedding_VD = this.#parameter(EMBEDDING);
    this.head = { embedding_VD, weight_VD: parts.config.tiedHead ? embedding_VD : this.#parameter(HEAD) };
    this.#finalNorm_D = this.#parameter(FINAL_NORM);
    this.#rope = new RopeTable(parts.config);
  }

  embed(ids: Tensor): Tensor {
    return this.backend.takeRows(this.head.embedding_VD, ids);
  }

  forward(
    input_BTD: Tensor,
    options: { readonly leftPadding?: readonly number[]; readonly checkpointLayers?: boolean } = {},
  ): Tensor {
    const ops = this.backend;
    const D = this.config.hiddenSize;
    const { B = 0, T = 0 } = assertShape(input_BTD, ["B", "T", D], "forward: input");
    const leftPadding = options.leftPadding ?? Array<number>(B).fill(0);
    checkPadding(leftPadding, B, T);
    this.#checkPositions(T - Math.min(T, ...leftPadding), "forward");
    if (B === 0 || T === 0) return ops.clone(input_BTD);

    using scope = new TensorScope();
    const { cos, sin } = this.#rope.tensors(
      ops,
      leftPadding.flatMap((padding) => Array.from({ length: T }, (_, index) => Math.max(0, index - padding))),
    );
    scope.track(cos);
    scope.track(sin);
    const mask = scope.track(paddedCausalMask(ops, leftPadding, T));
    const x_MD = scope.track(ops.reshape(this.#toStream(input_BTD, scope), [B * T, D]));
    const hidden_MD = scope.track(
      runLayers(
        ops,
        this.config,
        this.parameters,
        x_MD,
        {
          constants: [cos, sin, mask],
          attend: ([own]) => attendSequences(ops, this.config, { B, T }, own as Tensor, { keepCache: false }),
        },
        { checkpointLayers: options.checkpointLayers ?? false },
      ).hidden_MD,
    );
    const normed_MD = scope.track(this.#norm(hidden_MD));
    return ops.reshape(normed_MD, [B, T, D]);
  }

  prefill(promptIds: PromptIds, options: PrefillOptions): Prefilled {
    this.#checkPrompts(promptIds, "prefill");
    if (checkRows(options.rowsPerPrompt, promptIds.length, null, "prefill") === 0)
      throw new RangeError("prefill: rowsPerPrompt asks for no row at all");
    return prefillPrompts(this.#promptRun(), promptIds, options);
  }

  computePrompts(promptIds: PromptIds, options: { readonly checkpointLayers?: boolean } = {}): PromptStates {
    this.#checkPrompts(promptIds, "computePrompts");
    return runPrompts(this.#promptRun(), promptIds, { checkpointLayers: options.checkpointLayers ?? false });
  }

  forwardSuffix(input: SuffixInput): Tensor {
    const { prompts, suffix_MD } = input;
    const rows = this.#checkSuffix(input, prompts.lengths.length, "forwardSuffix");
    if (rows.lengths.length === 0) return this.backend.clone(suffix_MD);
    using scope = new TensorScope();
    const run = {
      ...this.#promptRun(),
      prompts,
      rows,
      checkpointLayers: input.checkpointLayers ?? false,
    };
    return this.#norm(scope.track(runSuffix(run, this.#toStream(suffix_MD, scope))));
  }

  forwardGrouped(input: GroupedInput): GroupedHidden {
    const ops = this.backend;
    const { promptIds, suffix_MD } = input;
    this.#checkPrompts(promptIds, "forwardGrouped");
    const rows = this.#checkSuffix(input, promptIds.length, "forwardGrouped");
    const promptLengths = promptIds.map((ids) => ids.length);

    using scope = new TensorScope();
    const run = {
      ...this.#promptRun(),
      promptLengths,
      rows,
      checkpointLayers: input.checkpointLayers ?? false,
    };
    const prompt_MD = scope.track(this.#embedPrompts(promptIds));
    const packed_MD = scope.track(runGrouped(run, prompt_MD, this.#toStream(suffix_MD, scope)));
    const lastHidden_PD = this.#norm(scope.track(lastTokens(ops, packed_MD, promptLengths)));
    if (rows.lengths.length === 0) return { lastHidden_PD, suffix_MD: ops.clone(suffix_MD) };
    const begin = prompt_MD.shape[0] as number;
    const hidden_MD = scope.track(ops.slice(packed_MD, [begin, 0], [-1, -1]));
    return { lastHidden_PD, suffix_MD: this.#norm(hidden_MD) };
  }

  dispose(): void {
    for (const tensor of this.parameters.values()) tensor.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  #promptRun(): PromptRun {
    return {
      ops: this.backend,
      config: this.config,
      parameters: this.parameters,
      rope: this.#rope,
      finalNorm_D: this.#finalNorm_D,
      embedPrompts: (ids) => this.#embedPrompts(ids),
    };
  }

  #parameter(name: string): Tensor {
    const tensor = this.parameters.get(name);
    if (!tensor) throw new RangeError(`model: there is no parameter ${name}`);
    return tensor;
  }

  #norm(x_MD: Tensor): Tensor {
    return rmsNorm(this.backend, x_MD, this.#finalNorm_D, { epsilon: this.config.normEpsilon });
  }

  /** The stream through the layers is float32. */
  #toStream(x: Tensor, scope: TensorScope): Tensor {
    return x.dtype === "float32" ? x : scope.track(this.backend.cast(x, "float32"));
  }

  /** Embeddings of prompts, one behind the other: float32 [M, D]. */
  #embedPrompts(promptIds: PromptIds): Tensor {
    const ids = Int32Array.from(promptIds.flat());
    return this.backend.tidy(() =>
      this.backend.cast(this.embed(this.backend.tensor(ids, [ids.length], "int32")), "float32"),
    );
  }

  /** Rows without a token have no part in the pass: what is given is about the others. */
  #checkSuffix(input: SuffixRows, prompts: number, operation: string): PackedRows {
    const { suffixLengths, suffix_MD } = input;
    const { M = 0 } = assertShape(suffix_MD, ["M", this.config.hiddenSize], `${operation}: suffix`);
    checkRows(input.rowsPerPrompt, prompts, suffixLengths.length, operation);
    checkLengths(suffixLengths, M, operation);
    let end = 0;
    const rowsPerPrompt = input.rowsPerPrompt.map((rows) => {
      end += rows;
      return suffixLengths.slice(end - rows, end).filter((length) => length > 0).length;
    });
    return { rowsPerPrompt, lengths: suffixLengths.filter((length) => length > 0) };
  }

  #checkPrompts(promptIds: PromptIds, operation: string): void {
    const { vocabularySize } = this.config;
    if (promptIds.length === 0) throw new RangeError(`${operation}: there is no prompt`);
    promptIds.forEach((ids, prompt) => {
      if (ids.length === 0) throw new RangeError(`${operation}: prompt ${prompt} has no token`);
      const at = ids.findIndex((id) => !Number.isInteger(id) || id < 0 || id >= vocabularySize);
      if (at >= 0) {
        throw new TensorError(
          "INDEX_OUT_OF_RANGE",
          `${operation}: prompt ${prompt} has id ${ids[at]}, the model has ${vocabularySize} embeddings`,
        );
      }
    });
    this.#checkPositions(longestOf(promptIds.map((ids) => ids.length)), operation);
  }

  #checkPositions(count: number, operation: string): void {
    const { maxPositions } = this.config;
    if (count <= maxPositions) return;
    throw new ModelError(
      "MODEL_CONTEXT_FULL",
      `${operation}: ${count} tokens, the model has ${maxPositions} positions`,
      { key: "max_position_embeddings" },
    );
  }
}

/** Number of rows in all; `wanted` where they are there already. */
function checkRows(
  rowsPerPrompt: readonly number[],
  prompts: number,
  wanted: number | null,
  operation: string,
): number {
  if (
    rowsPerPrompt.length !== prompts ||
    !rowsPerPrompt.every((rows) => Number.isInteger(rows) && rows >= 0)
  ) {
    throw new RangeError(
      `${operation}: rowsPerPrompt [${rowsPerPrompt.join(", ")}] wants one count for each of ${prompts} prompts`,
    );
  }
  const rows = rowsPerPrompt.reduce((sum, count) => sum + count, 0);
  if (wanted !== null && rows !== wanted) {
    throw new RangeError(`${operation}: rowsPerPrompt sums to ${rows}, suffixLengths has ${wanted} rows`);
  }
  return rows;
}

function checkLengths(suffixLengths: readonly number[], M: number, operation: string): void {
  const sum = suffixLengths.reduce((total, length) => total + length, 0);
  if (suffixLengths.every((length) => Number.isInteger(length) && length >= 0) && sum === M) return;
  throw new RangeError(
    `${operation}: suffixLengths [${suffixLengths.join(", ")}] want counts that sum to ${M}, the tokens of the suffix`,
  );
}

function checkPadding(leftPadding: readonly number[], B: number, T: number): void {
  const fits = leftPadding.length === B && leftPadding.every((n) => Number.isInteger(n) && n >= 0 && n <= T);
  if (!fits) {
    throw new RangeError(`forward: leftPadding [${leftPadding.join(", ")}] wants ${B} counts up to ${T}`);
  }
}
