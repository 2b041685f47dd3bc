/**
 * A decode step as a captured function, for as long as the tensors and the rows that it was captured with are the batch's. What
 * changes from step to step travels as inputs; caches and weights are seen by closure, as they are at each step.
 */

import type { Backend, Captured, Tensor } from "@soft-tokens/tensor";

type StepFunction = (inputs: readonly Tensor[]) => Tensor;

export class StepCapture implements Disposable {
  #captured: Captured | null = null;
  #basis: readonly unknown[] = [];

  constructor(
    private readonly ops: Backend,
    private readonly step: StepFunction,
  ) {}

  /** `basis`: all that the step reads by closure and that may be replaced; where any of it was, the step is captured anew. */
  run(inputs: readonly Tensor[], basis: readonly unknown[]): Tensor {
    const isSame = basis.length === this.#basis.length && basis.every((part, at) => part === this.#basis[at]);
    if (!isSame) this[Symbol.dispose]();
    this.#captured ??= this.ops.capture((given) => [this.step(given)]);
    this.#basis = basis;
    const [result] = this.#captured.run(inputs);
    return result as Tensor;
  }

  [Symbol.dispose](): void {
    this.#captured?.[Symbol.dispose]();
    this.#captured = null;
  }
}
