/**
 * Keys and values of the rows' own tokens. Rows grow apart: each is written at its own length. The room grows by blocks
 * so that attention neither copies the cache at each step nor walks over room that is not used yet. Without in-place
 * writes a step's tokens are selected into a copy.
 *
 * Axes: R rows, K kv heads, C own keys there is room for, H head size.
 */

import type { Backend, FloatDType, Tensor, WritePlace } from "@soft-tokens/tensor";
import { rearrange } from "./rearrange.ts";

/** Room grows by a quarter, in blocks: little of what attention walks over is unused, copies stay rare. */
const BLOCK = 16;
/** Where shapes had better stay: a step is captured again with each block. */
const STEADY_BLOCK = 64;

export interface RowCacheSizes {
  readonly layers: number;
  readonly K: number;
  readonly H: number;
  readonly dtype: FloatDType;
  /** Most tokens of a row. */
  readonly maxLength: number;
}

interface LayerRows {
  key_RKCH: Tensor;
  value_RKCH: Tensor;
}

export class RowCache implements Disposable {
  #layers: LayerRows[] = [];
  #capacity = 0;

  constructor(
    private readonly ops: Backend,
    private readonly sizes: RowCacheSizes,
  ) {}

  /** Of all layers; new ones where the room has grown or rows were copied. */
  get tensors(): readonly Tensor[] {
    return this.#layers.flatMap(({ key_RKCH, value_RKCH }) => [key_RKCH, value_RKCH]);
  }

  /** C */
  get capacity(): number {
    return this.#capacity;
  }

  /** Makes room for `length` tokens of each of `rows` rows. */
  reserve(rows: number, length: number): void {
    if (length <= this.#capacity) return;
    const { ops } = this;
    const { layers, K, H, dtype, maxLength } = this.sizes;
    const block = ops.capabilities.prefersSteadyShapes ? STEADY_BLOCK : BLOCK;
    const blocks = Math.max(
      1,
      Math.floor(this.#capacity / 4 / block),
      Math.ceil((length - this.#capacity) / block),
    );
    const capacity = Math.min(maxLength, this.#capacity + blocks * block);
    const room = capacity - this.#capacity;
    const grow = (old: Tensor | undefined): Tensor => {
      const added = ops.zeros([rows, K, room, H], dtype);
      if (!old) return added;
      const grown = ops.concat([old, added], 2);
      added.dispose();
      old.dispose();
      return grown;
    };
    this.#layers = Array.from({ length: layers }, (_, layer) => ({
      key_RKCH: grow(this.#layers[layer]?.key_RKCH),
      value_RKCH: grow(this.#layers[layer]?.value_RKCH),
    }));
    this.#capacity = capacity;
  }

  /** Writes one token per row and gives all keys and values of the layer, which stay the cache's own. */
  append(layer: number, key_RK1H: Tensor, value_RK1H: Tensor, place: AppendPlace): Readonly<LayerRows> {
    const rows = this.#layers[layer] as LayerRows;
    rows.key_RKCH = this.#write(rows.key_RKCH, key_RK1H, place);
    rows.value_RKCH = this.#write(rows.value_RKCH, value_RK1H, place);
    return rows;
  }

  /** Where the tokens behind `lengths` go, for all layers. The caller disposes `isWritten_R1C1`. */
  placeBehind(lengths: readonly number[]): AppendPlace {
    const { ops } = this;
    const [first = 0] = lengths;
    const start = lengths.every((length) => length === first) ? first : lengths;
    if (ops.capabilities.inPlaceWrite) return { start, isWritten_R1C1: null };
    const isWritten = new Uint8Array(lengths.length * this.#capacity);
    lengths.forEach((length, row) => {
      isWritten[row * this.#capacity + length] = 1;
    });
    return { start, isWritten_R1C1: ops.tensor(isWritten, [lengths.length, 1, this.#capacity, 1], "bool") };
  }

  /** Row i becomes the present row `sources[i]`, or any, whose content then means nothing. */
  exchange(sources: readonly number[]): void {
    for (const layer of this.#layers) {
      layer.key_RKCH = rearrange(this.ops, layer.key_RKCH, null, sources);
      layer.value_RKCH = rearrange(this.ops, layer.value_RKCH, null, sources);
    }
  }

  [Symbol.dispose](): void {
    for (const { key_RKCH, value_RKCH } of this.#layers) {
      key_RKCH.dispose();
      value_RKCH.dispose();
    }
    this.#layers = [];
  }

  #write(cache_RKCH: Tensor, update_RK1H: Tensor, { start, isWritten_R1C1 }: AppendPlace): Tensor {
    const { ops } = this;
    if (!isWritten_R1C1) {
      ops.writeSlice(cache_RKCH, update_RK1H, { axis: 2, start });
      return cache_RKCH;
    }
    const written = ops.where(isWritten_R1C1, update_RK1H, cache_RKCH);
    cache_RKCH.dispose();
    return written;
  }
}

export interface AppendPlace {
  readonly start: WritePlace["start"];
  /** true at each row's next place; null where tokens are written in place. */
  readonly isWritten_R1C1: Tensor | null;
}
