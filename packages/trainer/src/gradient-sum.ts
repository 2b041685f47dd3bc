/** Running sum of gradients over the micro-batches of one step, in float32, and its global norm. */

import type { Backend, Differentiated, Tensor } from "@soft-tokens/tensor";

/** Constants of a pass whose gradients are wanted too, and a float32 sum for each. */
export interface GradientLeaves {
  readonly tensors: readonly Tensor[];
  readonly sums: readonly Tensor[];
}

/** One tensor per parameter, in the order of the parameters. Owns them. */
export class GradientSum implements Disposable {
  #sums: Tensor[] | null = null;
  #norm: Promise<number> | null = null;

  constructor(
    private readonly ops: Backend,
    private readonly parameters: readonly Tensor[],
  ) {}

  /**
   * Adds the gradient of what `fn` gives, and that by `leaves` to their own sums; the backend may do so while it makes it.
   * The caller owns value and aux.
   */
  add(
    fn: Parameters<Backend["valueAndGrad"]>[0],
    leaves: GradientLeaves = { tensors: [], sums: [] },
  ): Pick<Differentiated, "value" | "aux"> {
    this.#norm = null;
    return this.ops.valueAndGrad(fn, [...this.parameters, ...leaves.tensors], {
      addTo: [...this.tensors, ...leaves.sums],
    });
  }

  /** Borrowed; zeros where nothing was added: a batch in which no sample has an advantage. */
  get tensors(): readonly Tensor[] {
    this.#sums ??= this.parameters.map((parameter) => this.ops.zeros(parameter.shape));
    return this.#sums;
  }

  /**
   * sqrt of the sum of all squares: squares in float32 on the backend, their sum over parameters in float64. Computed once.
   */
  norm(): Promise<number> {
    this.#norm ??= globalNorm(this.ops, this.tensors);
    return this.#norm;
  }

  dispose(): void {
    for (const sum of this.#sums ?? []) sum.dispose();
    this.#sums = null;
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** NaN or infinite where any element is, and where a square leaves float32. */
export async function globalNorm(ops: Backend, tensors: readonly Tensor[]): Promise<number> {
  return Math.sqrt(await sumOfSquares(ops, tensors));
}

async function sumOfSquares(ops: Backend, tensors: readonly Tensor[]): Promise<number> {
  using squares = ops.tidy(() =>
    ops.concat(
      tensors.map((tensor) => ops.tidy(() => ops.reshape(ops.sum(ops.square(tensor)), [1]))),
      0,
    ),
  );
  return Array.from(await ops.read(squares)).reduce((total, part) => total + part, 0);
}

/**
 * Norm of the difference of two gradients, parameter by parameter: the part of the total that the other term contributes.
 */
export async function differenceNorm(
  ops: Backend,
  total: readonly Tensor[],
  part: readonly Tensor[],
): Promise<number> {
  using squares = ops.tidy(() =>
    ops.concat(
      total.map((tensor, index) =>
        ops.tidy(() => ops.reshape(ops.sum(ops.square(ops.subtract(tensor, part[index] as Tensor))), [1])),
      ),
      0,
    ),
  );
  return Math.sqrt(Array.from(await ops.read(squares)).reduce((sum, value) => sum + value, 0));
}

/**
 * Factor that brings a norm down to `limit`, 1 where it is below. The 1e-6 is that of PyTorch's `clip_grad_norm_`.
 * `limit` 0 means no clip.
 */
export function clipScale(norm: number, limit: number): number {
  return limit === 0 ? 1 : Math.min(1, limit / (norm + 1e-6));
}
