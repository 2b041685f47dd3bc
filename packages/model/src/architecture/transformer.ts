/**
 * The decoder-only transformer of Llama, Qwen2 and Qwen3 as a {@link LanguageModel}. The families differ by settings of
 * the config alone (biases, norms of q and k, head size), so one file serves them.
 *
 * Axes: P prompts, S prompt tokens, B rows, T tokens, R rows of a decode batch, D hidden.
 */

import { assertShape, type Backend, rmsNorm, type Tensor, TensorScope } from "@soft-tokens/tensor";
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
} from "../contract.ts";
import { ModelError } from "../errors.ts";
import type { Tokenizer } from "../tokenizer/tokenizer.ts";
import { runGrouped } from "./grouped.ts";
import { paddedCausalMask } from "./masks.ts";
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
}

export class Transformer implements LanguageModel {
  readonly config: ModelConfig;
  readonly backend: Backend;
  readonly tokenizer: Tokenizer;
  readonly parameters: ReadonlyMap<string, Tensor>;
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly head: LanguageHead;
  readonly #rope: RopeTable;
  readonly #finalNorm_D: Tensor;

  constructor(parts: TransformerParts) {
    this.config = parts.config;
    this.backend = parts.backend;
    this.tokenizer = parts.tokenizer;
    this.parameters = parts.parameters;
    this.files = parts.files;
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
    const ops = this.backend;
    const { prompts, rowsPerPrompt, suffix_BTD } = input;
    const D = this.config.hiddenSize;
    const { B = 0, T = 0 } = assertShape(suffix_BTD, ["B", "T", D], "forwardSuffix: suffix");
    checkRows(rowsPerPrompt, prompts.lengths.length, B, "forwardSuffix");
    if (B * T === 0) return ops.clone(suffix_BTD);
    using scope = new TensorScope();
    const run = {
      ...this.#promptRun(),
      prompts,
      rowsPerPrompt,
      checkpointLayers: input.checkpointLayers ?? false,
    };
    const hidden_MD = scope.track(runSuffix(run, this.#toStream(suffix_BTD, scope)));
    return ops.reshape(scope.track(this.#norm(hidden_MD)), [B, T, D]);
  }

  forwardGrouped(input: GroupedInput): GroupedHidden {
    const ops = this.backend;
    const D = this.config.hiddenSize;
    const { B = 0, T = 0 } = assertShape(input.suffix_BTD, ["B", "T", D], "forwardGrouped: suffix");
    this.#checkPrompts(input.promptIds, "forwardGrouped");
    checkRows(input.rowsPerPrompt, input.promptIds.length, B, "forwardGrouped");
    const P = input.promptIds.length;
    const S = longest(input.promptIds);

    using scope = new TensorScope();
    const prompt_MD = scope.track(this.#embedPrompts(input.promptIds, S));
    const packed_MD = scope.track(
      runGrouped(
        {
          ops,
          config: this.config,
          parameters: this.parameters,
          rope: this.#rope,
          promptLengths: input.promptIds.map((ids) => ids.length),
          rowsPerPrompt: input.rowsPerPrompt,
          checkpointLayers: input.checkpointLayers ?? false,
        },
        prompt_MD,
        this.#toStream(input.suffix_BTD, scope),
      ),
    );
    const hidden_MD = scope.track(this.#norm(packed_MD));
    if (B * T === 0) {
      return { prompt_PSD: ops.reshape(hidden_MD, [P, S, D]), suffix_BTD: ops.clone(input.suffix_BTD) };
    }
    const prompt = scope.track(ops.slice(hidden_MD, [0, 0], [P * S, D]));
    const suffix = scope.track(ops.slice(hidden_MD, [P * S, 0], [B * T, D]));
    return { prompt_PSD: ops.reshape(prompt, [P, S, D]), suffix_BTD: ops.reshape(suffix, [B, T, D]) };
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
      embedPrompts: (ids, S) => this.#embedPrompts(ids, S),
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

  /** Embeddings of prompts, right-padded with id 0: float32 [P * S, D]. */
  #embedPrompts(promptIds: PromptIds, S: number): Tensor {
    const ids = new Int32Array(promptIds.length * S);
    promptIds.forEach((prompt, row) => {
      ids.set(prompt, row * S);
    });
    return this.backend.tidy(() =>
      this.backend.cast(this.embed(this.backend.tensor(ids, [ids.length], "int32")), "float32"),
    );
  }

  #checkPrompts(promptIds: PromptIds, operation: string): void {
    const { vocabularySize } = this.config;
    if (promptIds.length === 0) throw new RangeError(`${operation}: there is no prompt`);
    promptIds.forEach((ids, prompt) => {
      if (ids.length === 0) throw new RangeError(`${operation}: prompt ${prompt} has no token`);
      const wrong = ids.find((id) => !Number.isInteger(id) || id < 0 || id >= vocabularySize);
      if (wrong !== undefined) {
        throw new RangeError(
          `${operation}: prompt ${prompt} has id ${wrong}, the model has ${vocabularySize} embeddings`,
        );
      }
    });
    this.#checkPositions(longest(promptIds), operation);
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

function longest(promptIds: PromptIds): number {
  return promptIds.reduce((length, ids) => Math.max(length, ids.length), 0);
}

/** Number of rows in all; `wanted` where the batch is there already. */
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
    throw new RangeError(`${operation}: rowsPerPrompt sums to ${rows}, the suffix has ${wanted} rows`);
  }
  return rows;
}

function checkPadding(leftPadding: readonly number[], B: number, T: number): void {
  const fits = leftPadding.length === B && leftPadding.every((n) => Number.isInteger(n) && n >= 0 && n <= T);
  if (!fits) {
    throw new RangeError(`forward: leftPadding [${leftPadding.join(", ")}] wants ${B} counts up to ${T}`);
  }
}
