/**
 * Decoding of a batch, one token per row and step. A row's keys are its prompt's, which all rows of the prompt share,
 * and its own. Rows may start and leave while others go on (continuous batching), so each has a length of its own; its
 * keys begin at the cache's first place whenever it started, and so it has the same bits in any company (decision 0904).
 *
 * Axes: R rows, P prompts that have rows, S prompt tokens, C own keys there is room for, N query heads, K kv heads,
 * H head size, D hidden.
 */

import {
  attention,
  type Backend,
  type FloatDType,
  rmsNorm,
  type Tensor,
  TensorScope,
} from "@soft-tokens/tensor";
import type { ModelConfig } from "../config/config.ts";
import type { DecodeSession, PromptIds, RowPlace } from "../contract.ts";
import { ModelError } from "../errors.ts";
import { type Attend, type Rotation, runLayer } from "./layer.ts";
import { rowMask, tailMask } from "./masks.ts";
import { layerParameters } from "./parameters.ts";
import { countRows, planExchange } from "./plan-exchange.ts";
import type { LayerPrompts, PromptTable } from "./prompt-table.ts";
import type { RopeTable } from "./rope.ts";
import { type AppendPlace, RowCache } from "./row-cache.ts";
import { StepCapture } from "./step-capture.ts";

export interface DecodeRun {
  readonly ops: Backend;
  readonly config: ModelConfig;
  readonly parameters: ReadonlyMap<string, Tensor>;
  readonly rope: RopeTable;
  readonly finalNorm_D: Tensor;
  /** Runs new prompts through the layers. */
  readonly computePrompts: (promptIds: PromptIds) => PromptTable;
}

export interface DecodeStart {
  /** The session takes ownership. */
  readonly prompts: PromptTable;
  /** At least one row each. */
  readonly rowsPerPrompt: readonly number[];
  readonly maxLength: number;
}

/** Where a step stands: what the host knows of each row. */
interface StepPlan {
  readonly rotation: Rotation;
  /** Tokens before this one. */
  readonly lengths: readonly number[];
  /** With this one. */
  readonly visible: readonly number[];
}

/** What the layers need of a step beside the hidden states. */
interface StepTensors {
  readonly rotation: Rotation;
  readonly mask: Tensor | null;
  readonly place: AppendPlace;
}

export class CachedDecodeSession implements DecodeSession {
  readonly #run: DecodeRun;
  readonly #maxLength: number;
  readonly #prompts: PromptTable;
  readonly #cache: RowCache;
  /** Null where the backend captures nothing. */
  readonly #capture: StepCapture | null;
  /** Each row's prompt; the rows of a prompt stand together. */
  #promptOfRow: readonly number[];
  #rowsPerPrompt: readonly number[];
  #lengths: readonly number[];
  /** Rows that no longer grow. */
  #retired: ReadonlySet<number> = new Set();
  #isDisposed = false;

  constructor(run: DecodeRun, { prompts, rowsPerPrompt, maxLength }: DecodeStart) {
    this.#run = run;
    this.#maxLength = maxLength;
    this.#prompts = prompts;
    this.#rowsPerPrompt = rowsPerPrompt;
    this.#promptOfRow = rowsPerPrompt.flatMap((rows, prompt) => Array<number>(rows).fill(prompt));
    this.#lengths = this.#promptOfRow.map(() => 0);
    const { key_PKSH } = prompts.layers[0] as LayerPrompts;
    this.#cache = new RowCache(run.ops, {
      layers: run.config.layers,
      K: run.config.kvHeads,
      H: run.config.headSize,
      dtype: key_PKSH.dtype as FloatDType,
      maxLength,
    });
    const { capture, inPlaceWrite } = run.ops.capabilities;
    this.#capture =
      capture && inPlaceWrite ? new StepCapture(run.ops, (inputs) => this.#capturedStep(inputs)) : null;
  }

  get rows(): number {
    return this.#promptOfRow.length;
  }

  get lengths(): readonly number[] {
    return this.#lengths;
  }

  step(input_RD: Tensor): Tensor {
    const { ops, rope } = this.#run;
    this.#checkStep(input_RD);
    using scope = new TensorScope();
    const lengths = this.#lengths.map((length, row) =>
      this.#retired.has(row) ? Math.max(0, length - 1) : length,
    );
    const visible = lengths.map((length) => length + 1);
    this.#cache.reserve(this.rows, Math.max(...visible));
    const rotation = rope.tensors(ops, this.#positions(lengths));
    scope.track(rotation.cos);
    scope.track(rotation.sin);
    const hidden_RD = input_RD.dtype === "float32" ? input_RD : scope.track(ops.cast(input_RD, "float32"));
    const result_RD = this.#capture
      ? this.#runCaptured(this.#capture, hidden_RD, { rotation, lengths, visible })
      : this.#runPlain(hidden_RD, { rotation, lengths, visible });
    this.#lengths = visible;
    return result_RD;
  }

  retire(rows: readonly number[]): void {
    this.#checkAlive();
    const wrong = rows.find((row) => !Number.isInteger(row) || row < 0 || row >= this.rows);
    if (wrong !== undefined) {
      throw new RangeError(`retire: there is no row ${wrong} in a batch of ${this.rows}`);
    }
    this.#retired = new Set([...this.#retired, ...rows]);
  }

  keepRows(rows: readonly number[]): void {
    this.exchangeRows(
      rows.map((keep) => ({ keep })),
      [],
    )?.dispose();
  }

  exchangeRows(places: readonly RowPlace[], newPrompts: PromptIds): Tensor | null {
    this.#checkAlive();
    const plan = planExchange(places, newPrompts.length, this.#promptOfRow);
    using fresh = newPrompts.length > 0 ? this.#run.computePrompts(newPrompts) : null;
    if (places.length === 0) this.#disposeTensors();
    else {
      this.#prompts.exchange(plan.promptSources, fresh);
      this.#cache.exchange(plan.rowSources);
    }
    const before = { lengths: this.#lengths, retired: this.#retired };
    this.#lengths = plan.rowSources.map((row) => before.lengths[row] ?? 0);
    this.#retired = new Set(
      plan.rowSources.flatMap((source, row) => (before.retired.has(source) ? [row] : [])),
    );
    this.#promptOfRow = plan.promptOfRow;
    this.#rowsPerPrompt = countRows(plan.promptOfRow);
    return plan.started.length > 0 ? this.#prompts.hiddenOf(plan.started) : null;
  }

  dispose(): void {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    this.#disposeTensors();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  #runPlain(hidden_RD: Tensor, { rotation, lengths, visible }: StepPlan): Tensor {
    using scope = new TensorScope();
    const mask = tailMask(this.#run.ops, visible, this.#cache.capacity);
    if (mask) scope.track(mask);
    const place = this.#cache.placeBehind(lengths);
    if (place.isWritten_R1C1) scope.track(place.isWritten_R1C1);
    return this.#runLayers(hidden_RD, { rotation, mask, place });
  }

  /** The same with inputs of one shape at every step: a mask for every row, and a place for each. */
  #runCaptured(capture: StepCapture, hidden_RD: Tensor, { rotation, lengths, visible }: StepPlan): Tensor {
    const { ops } = this.#run;
    using mask_R11C = rowMask(ops, visible, this.#cache.capacity);
    using start_R = ops.tensor(Int32Array.from(lengths), [lengths.length]);
    const { layers, mask_PS } = this.#prompts;
    return capture.run(
      [hidden_RD, rotation.cos, rotation.sin, mask_R11C, start_R],
      [
        ...layers.flatMap(({ key_PKSH, value_PKSH }) => [key_PKSH, value_PKSH]),
        ...[mask_PS, ...this.#cache.tensors, ...this.#rowsPerPrompt],
      ],
    );
  }

  #capturedStep(inputs: readonly Tensor[]): Tensor {
    const [hidden_RD, cos, sin, mask, start] = inputs as [Tensor, Tensor, Tensor, Tensor, Tensor];
    return this.#runLayers(hidden_RD, {
      rotation: { cos, sin },
      mask,
      place: { start, isWritten_R1C1: null },
    });
  }

  /** All layers and the final norm. */
  #runLayers(input_RD: Tensor, { rotation, mask, place }: StepTensors): Tensor {
    const { ops, config, parameters, finalNorm_D } = this.#run;
    let hidden_RD = input_RD;
    for (let layer = 0; layer < config.layers; layer++) {
      const own = layerParameters(parameters, config, layer);
      const attend = this.#attend(layer, place, mask);
      const result = runLayer(ops, config, own, hidden_RD, rotation, attend);
      if (layer > 0) hidden_RD.dispose();
      hidden_RD = result.hidden_MD;
    }
    using last_RD = hidden_RD;
    return rmsNorm(ops, last_RD, finalNorm_D, { epsilon: config.normEpsilon });
  }

  #attend(layer: number, place: AppendPlace, mask: Tensor | null): Attend {
    const { ops, config } = this.#run;
    const { key_PKSH, value_PKSH } = this.#prompts.layers[layer] as LayerPrompts;
    const { mask_PS } = this.#prompts;
    return (query_RN1H, key_RK1H, value_RK1H) => {
      const { key_RKCH, value_RKCH } = this.#cache.append(layer, key_RK1H, value_RK1H, place);
      const attended_RN1H = attention(ops, {
        query_BNTH: query_RN1H,
        key_BKSH: key_RKCH,
        value_BKSH: value_RKCH,
        ...(mask && { mask }),
        prefix: {
          key_PKSH,
          value_PKSH,
          rowsPerPrompt: this.#rowsPerPrompt,
          ...(mask_PS && { mask_PS }),
        },
        scale: 1 / Math.sqrt(config.headSize),
      });
      const [R = 0, N = 0, , H = 0] = attended_RN1H.shape;
      return { attended: ops.reshape(attended_RN1H, [R, N * H]), kept: [key_RKCH, value_RKCH] };
    };
  }

  #positions(lengths: readonly number[]): number[] {
    const prompts = this.#prompts.lengths;
    return lengths.map((length, row) => (prompts[this.#promptOfRow[row] as number] as number) + length);
  }

  #checkStep(input_RD: Tensor): void {
    this.#checkAlive();
    const { hiddenSize, maxPositions } = this.#run.config;
    if (input_RD.shape.length !== 2 || input_RD.shape[0] !== this.rows || input_RD.shape[1] !== hiddenSize) {
      throw new RangeError(
        `step: input has shape [${input_RD.shape.join(", ")}], wanted [${this.rows}, ${hiddenSize}]`,
      );
    }
    if (this.rows === 0) throw new RangeError("step: every row has left the batch");
    const growing = this.#lengths.filter((_, row) => !this.#retired.has(row));
    if (Math.max(...growing) >= this.#maxLength) {
      throw new ModelError(
        "MODEL_CONTEXT_FULL",
        `step: the session has room for ${this.#maxLength} tokens after the prompt; open it with a larger maxLength`,
      );
    }
    if (Math.max(...this.#positions(this.#lengths)) >= maxPositions) {
      throw new ModelError("MODEL_CONTEXT_FULL", `step: the model has ${maxPositions} positions`, {
        key: "max_position_embeddings",
      });
    }
  }

  #checkAlive(): void {
    if (this.#isDisposed) throw new ReferenceError("decode session: used after dispose()");
  }

  #disposeTensors(): void {
    this.#capture?.[Symbol.dispose]();
    this.#prompts[Symbol.dispose]();
    this.#cache[Symbol.dispose]();
  }
}
