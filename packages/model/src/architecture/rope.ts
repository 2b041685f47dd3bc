/**
 * Rotary tables: cos and sin of position * frequency, in the half-split layout of Hugging Face (Su et al. 2021,
 * arXiv 2104.09864; llama3 scaling as in transformers 5.23 `_compute_llama3_parameters`).
 *
 * The trained models saw frequencies and angles rounded to float32, and at long positions that rounding is larger than
 * any tolerance of ours. So every intermediate result here is rounded to float32 where PyTorch rounds it.
 * Axes: H head size, M tokens.
 */

import type { Backend, Tensor } from "@soft-tokens/tensor";
import type { ModelConfig, RopeScaling } from "../config/config.ts";

const f32 = Math.fround;

/** Rows of cos and sin by position, made as far as they are asked for. */
export class RopeTable {
  readonly #frequencies: Float32Array;
  readonly #headSize: number;
  #cos = new Float32Array(0);
  #sin = new Float32Array(0);
  #positions = 0;

  constructor(config: ModelConfig) {
    this.#headSize = config.headSize;
    this.#frequencies = inverseFrequencies(config);
  }

  /** cos and sin at the given positions, float32 [M, 1, 1, H]. The caller owns them. */
  tensors(ops: Backend, positions: readonly number[]): { cos: Tensor; sin: Tensor } {
    this.#grow(positions.reduce((largest, position) => Math.max(largest, position), 0) + 1);
    const H = this.#headSize;
    const cos = new Float32Array(positions.length * H);
    const sin = new Float32Array(positions.length * H);
    positions.forEach((position, row) => {
      cos.set(this.#cos.subarray(position * H, (position + 1) * H), row * H);
      sin.set(this.#sin.subarray(position * H, (position + 1) * H), row * H);
    });
    const shape = [positions.length, 1, 1, H];
    return { cos: ops.tensor(cos, shape), sin: ops.tensor(sin, shape) };
  }

  #grow(positions: number): void {
    if (positions <= this.#positions) return;
    const H = this.#headSize;
    const half = H / 2;
    const length = Math.max(positions, 2 * this.#positions, 256);
    const cos = new Float32Array(length * H);
    const sin = new Float32Array(length * H);
    cos.set(this.#cos);
    sin.set(this.#sin);
    for (let position = this.#positions; position < length; position++) {
      for (let i = 0; i < half; i++) {
        const angle = f32(position * (this.#frequencies[i] as number));
        const at = position * H + i;
        cos[at] = cos[at + half] = Math.cos(angle);
        sin[at] = sin[at + half] = Math.sin(angle);
      }
    }
    this.#cos = cos;
    this.#sin = sin;
    this.#positions = length;
  }
}

/** theta^(-2i/H) for i < H / 2, scaled. */
export function inverseFrequencies(
  config: Pick<ModelConfig, "headSize" | "ropeTheta" | "ropeScaling">,
): Float32Array {
  const frequencies = new Float32Array(config.headSize / 2);
  for (let i = 0; i < frequencies.length; i++) {
    const power = f32(config.ropeTheta ** f32((2 * i) / config.headSize));
    frequencies[i] = scaleFrequency(f32(1 / power), config.ropeScaling);
  }
  return frequencies;
}

function scaleFrequency(frequency: number, scaling: RopeScaling): number {
  switch (scaling.type) {
    case "default":
      return frequency;
    case "linear":
      return f32(frequency / scaling.factor);
    case "llama3":
      return scaleLlama3(frequency, scaling);
    default:
      return scaling satisfies never;
  }
}

/** Long wavelengths are stretched by the factor, short ones kept, those between interpolated. */
function scaleLlama3(frequency: number, scaling: Extract<RopeScaling, { type: "llama3" }>): number {
  const { factor, lowFrequencyFactor: low, highFrequencyFactor: high, originalMaxPositions } = scaling;
  const wavelength = f32(f32(2 * Math.PI) / frequency);
  if (wavelength < originalMaxPositions / high) return frequency;
  if (wavelength > originalMaxPositions / low) return f32(frequency / factor);
  const smooth = f32(f32(f32(originalMaxPositions / wavelength) - low) / f32(high - low));
  return f32(f32(f32(f32(1 - smooth) * frequency) / factor) + f32(smooth * frequency));
}
