/**
 * Decoding of a batch, one token per row and step. A row's keys are its prompt's, which all rows of the prompt share,
 * and its own, in a cache that grows by blocks so that attention neither copies it at each step nor walks over room
 * that is not used yet. Nothing here branches on a backend: without in-place writes the cache grows by concatenation.
 *
 * Axes: R rows, P prompts that still have rows, S prompt tokens, C own keys there is room for, N query heads, K kv heads,
 * H head size, D hidden.
 */

import { attention, type Backend, rmsNorm, type Tensor, TensorScope } from "@soft-tokens/tensor";
import type { ModelConfig } from "../config/config.ts";
import type { DecodeSession } from "../contract.ts";
import { ModelError } from "../errors.ts";
import { type Attend, runLayer } from "./layer.ts";
import { tailMask } from "./masks.ts";
import { layerParameters } from "./parameters.ts";
import type { RopeTable } from "./rope.ts";

/** Room for own keys grows by a quarter, in blocks: little of what attention walks over is unused, copies stay rare. */
const BLOCK = 16;

export interface LayerCache {
  prefixKey_PKSH: Tensor;
  prefixValue_PKSH: Tensor;
  /** null before the first step. */
  key_RKCH: Tensor | null;
  value_RKCH: Tensor | null;
}

export interface DecodeRun {
  readonly ops: Backend;
  readonly config: ModelConfig;
  readonly parameters: ReadonlyMap<string, Tensor>;
  readonly rope: RopeTable;
  readonly finalNorm_D: Tensor;
}

export interface DecodeStart {
  readonly caches: LayerCache[];
  readonly prefixMask_PS: Tensor | null;
  readonly promptLengths: readonly number[];
  /** At least one row each. */
  readonly rowsPerPrompt: readonly number[];
  readonly maxLength: number;
}

export class CachedDecodeSession implements DecodeSession {
  readonly #run: DecodeRun;
  readonly #maxLength: number;
  #caches: LayerCache[];
  #prefixMask_PS: Tensor | null;
  #promptLengths: readonly number[];
  #rowsPerPrompt: readonly number[];
  #length = 0;
  #capacity = 0;
  #isDisposed = false;

  /** Takes ownership of the tensors in `start`. */
  constructor(run: DecodeRun, start: DecodeStart) {
    this.#run = run;
    this.#caches = start.caches;
    this.#prefixMask_PS = start.prefixMask_PS;
    this.#promptLengths = start.promptLengths;
    this.#rowsPerPrompt = start.rowsPerPrompt;
    this.#maxLength = start.maxLength;
  }

  get rows(): number {
    return this.#rowsPerPrompt.reduce((sum, rows) => sum + rows, 0);
  }

  get length(): number {
    return this.#length;
  }

  step(input_RD: Tensor): Tensor {
    const { ops, config, parameters, rope, finalNorm_D } = this.#run;
    this.#checkStep(input_RD);
    using scope = new TensorScope();
    if (ops.capabilities.inPlaceWrite) this.#growCaches();
    const rotation = rope.tensors(ops, this.#positions());
    scope.track(rotation.cos);
    scope.track(rotation.sin);
    const mask = ops.capabilities.inPlaceWrite ? tailMask(ops, this.#length + 1, this.#capacity) : null;
    if (mask) scope.track(mask);

    let hidden_RD = input_RD.dtype === "float32" ? input_RD : scope.track(ops.cast(input_RD, "float32"));
    this.#caches.forEach((cache, layer) => {
      const own = layerParameters(parameters, config, layer);
      const result = runLayer(ops, config, own, hidden_RD, rotation, this.#attend(cache, mask));
      if (layer > 0) hidden_RD.dispose();
      hidden_RD = result.hidden_MD;
      const [key_RKCH, value_RKCH] = result.kept;
      if (key_RKCH && value_RKCH) replaceCache(cache, key_RKCH, value_RKCH);
    });
    this.#length++;
    scope.track(hidden_RD);
    return rmsNorm(ops, hidden_RD, finalNorm_D, { epsilon: config.normEpsilon });
  }

  keepRows(rows: readonly number[]): void {
    this.#checkAlive();
    const before = this.rows;
    rows.forEach((row, index) => {
      if (
        !Number.isInteger(row) ||
        row < 0 ||
        row >= before ||
        (index > 0 && row <= (rows[index - 1] as number))
      ) {
        throw new RangeError(`keepRows: wanted ascending rows below ${before}, got [${rows.join(", ")}]`);
      }
    });
    if (rows.length === before) return;
    const counts = countByPrompt(rows, this.#rowsPerPrompt);
    const prompts = counts.flatMap((count, prompt) => (count > 0 ? [prompt] : []));
    if (rows.length === 0) this.#disposeTensors();
    else this.#selectTensors(rows, prompts);
    this.#promptLengths = prompts.map((prompt) => this.#promptLengths[prompt] as number);
    this.#rowsPerPrompt = prompts.map((prompt) => counts[prompt] as number);
  }

  dispose(): void {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    this.#disposeTensors();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  #attend(cache: LayerCache, mask: Tensor | null): Attend {
    const { ops, config } = this.#run;
    return (query_RN1H, key_RK1H, value_RK1H) => {
      const { key, value, kept } = this.#append(cache, key_RK1H, value_RK1H);
      const attended_RN1H = attention(ops, {
        query_BNTH: query_RN1H,
        key_BKSH: key,
        value_BKSH: value,
        ...(mask && { mask }),
        prefix: {
          key_PKSH: cache.prefixKey_PKSH,
          value_PKSH: cache.prefixValue_PKSH,
          rowsPerPrompt: this.#rowsPerPrompt,
          ...(this.#prefixMask_PS && { mask_PS: this.#prefixMask_PS }),
        },
        scale: 1 / Math.sqrt(config.headSize),
      });
      const [R = 0, N = 0, , H = 0] = attended_RN1H.shape;
      return { attended: ops.reshape(attended_RN1H, [R, N * H]), kept };
    };
  }

  /** All own keys and values including the new ones; `kept` where they are new tensors. */
  #append(
    cache: LayerCache,
    key_RK1H: Tensor,
    value_RK1H: Tensor,
  ): { key: Tensor; value: Tensor; kept: readonly Tensor[] } {
    const { ops } = this.#run;
    if (ops.capabilities.inPlaceWrite) {
      const key = cache.key_RKCH as Tensor;
      const value = cache.value_RKCH as Tensor;
      ops.writeSlice(key, key_RK1H, { axis: 2, start: this.#length });
      ops.writeSlice(value, value_RK1H, { axis: 2, start: this.#length });
      return { key, value, kept: [] };
    }
    const key = cache.key_RKCH ? ops.concat([cache.key_RKCH, key_RK1H], 2) : ops.clone(key_RK1H);
    const value = cache.value_RKCH ? ops.concat([cache.value_RKCH, value_RK1H], 2) : ops.clone(value_RK1H);
    return { key, value, kept: [key, value] };
  }

  /** Makes room for one more token, a block at a time. */
  #growCaches(): void {
    if (this.#length < this.#capacity) return;
    const { ops } = this.#run;
    const blocks = Math.max(1, Math.floor(this.#capacity / 4 / BLOCK));
    const capacity = Math.min(this.#maxLength, this.#capacity + blocks * BLOCK);
    for (const cache of this.#caches) {
      const [, K = 0, , H = 0] = cache.prefixKey_PKSH.shape;
      const grow = (old: Tensor | null): Tensor => {
        const grown = ops.zeros([this.rows, K, capacity, H], cache.prefixKey_PKSH.dtype);
        if (old) ops.writeSlice(grown, old, { axis: 2, start: 0 });
        return grown;
      };
      replaceCache(cache, grow(cache.key_RKCH), grow(cache.value_RKCH));
    }
    this.#capacity = capacity;
  }

  #selectTensors(rows: readonly number[], prompts: readonly number[]): void {
    const { ops } = this.#run;
    using scope = new TensorScope();
    const index = (ids: readonly number[]) =>
      scope.track(ops.tensor(Int32Array.from(ids), [ids.length], "int32"));
    const rowIds = index(rows);
    const promptIds = prompts.length < this.#promptLengths.length ? index(prompts) : null;
    const select = (old: Tensor, ids: Tensor | null): Tensor => {
      if (!ids) return old;
      const selected = ops.takeRows(old, ids);
      old.dispose();
      return selected;
    };
    for (const cache of this.#caches) {
      cache.prefixKey_PKSH = select(cache.prefixKey_PKSH, promptIds);
      cache.prefixValue_PKSH = select(cache.prefixValue_PKSH, promptIds);
      if (cache.key_RKCH) cache.key_RKCH = select(cache.key_RKCH, rowIds);
      if (cache.value_RKCH) cache.value_RKCH = select(cache.value_RKCH, rowIds);
    }
    if (this.#prefixMask_PS) this.#prefixMask_PS = select(this.#prefixMask_PS, promptIds);
  }

  #positions(): number[] {
    return this.#promptLengths.flatMap((length, prompt) =>
      Array<number>(this.#rowsPerPrompt[prompt] as number).fill(length + this.#length),
    );
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
    if (this.#length >= this.#maxLength) {
      throw new ModelError(
        "MODEL_CONTEXT_FULL",
        `step: the session has room for ${this.#maxLength} tokens after the prompt; open it with a larger maxLength`,
      );
    }
    const position = this.#length + Math.max(...this.#promptLengths);
    if (position >= maxPositions) {
      throw new ModelError("MODEL_CONTEXT_FULL", `step: the model has ${maxPositions} positions`, {
        key: "max_position_embeddings",
      });
    }
  }

  #checkAlive(): void {
    if (this.#isDisposed) throw new ReferenceError("decode session: used after dispose()");
  }

  #disposeTensors(): void {
    for (const cache of this.#caches) {
      cache.prefixKey_PKSH.dispose();
      cache.prefixValue_PKSH.dispose();
      cache.key_RKCH?.dispose();
      cache.value_RKCH?.dispose();
    }
    this.#caches = [];
    this.#prefixMask_PS?.dispose();
    this.#prefixMask_PS = null;
  }
}

function replaceCache(cache: LayerCache, key_RKCH: Tensor, value_RKCH: Tensor): void {
  cache.key_RKCH?.dispose();
  cache.value_RKCH?.dispose();
  cache.key_RKCH = key_RKCH;
  cache.value_RKCH = value_RKCH;
}

/** How many of the given rows belong to each prompt. */
function countByPrompt(rows: readonly number[], rowsPerPrompt: readonly number[]): number[] {
  let end = 0;
  return rowsPerPrompt.map((count) => {
    const begin = end;
    end += count;
    return rows.filter((row) => row >= begin && row < end).length;
  });
}
