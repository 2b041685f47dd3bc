/**
 * Prompts that pass the layers once for all micro-batches of a batch, and their share of the gradient.
 *
 * With s the prompts' states (keys and values of every layer, hidden states of the last tokens) and w the parameters, a loss
 * that is a sum over micro-batches L_m(w, s(w)) has the gradient
 *
 *   dL/dw = sum_m dL_m/dw + (sum_m dL_m/ds) ds/dw
 *
 * Each micro-batch takes s as a leaf and adds dL_m/ds to a sum; at the end one pass over the prompts differentiates the product
 * of s(w) with that sum, a constant (docs/decisions/0502-prompts-once-a-step.md).
 */

import type { LanguageModel, PromptIds, PromptStates } from "@soft-tokens/model";
import type { Tensor } from "@soft-tokens/tensor";
import type { GradientLeaves, GradientSum } from "./gradient-sum.ts";

export class SharedPrompts implements Disposable {
  /** Borrowed by micro-batches, until the gradient is passed on. */
  readonly states: PromptStates;
  #sums: readonly Tensor[] | null = null;

  /** Computes the prompts, without gradient. */
  constructor(
    private readonly model: LanguageModel,
    private readonly promptIds: PromptIds,
  ) {
    this.states = model.computePrompts(promptIds);
  }

  /** The states and what collects their gradients over the micro-batches. Borrowed. */
  get leaves(): GradientLeaves {
    const tensors = tensorsOf(this.states);
    this.#sums ??= tensors.map((tensor) => this.model.backend.zeros(tensor.shape));
    return { tensors, sums: this.#sums };
  }

  /** Adds what the collected gradients mean for the parameters. The states are not needed any more, and freed before. */
  passGradientOn(gradients: GradientSum, options: { readonly checkpointLayers: boolean }): void {
    const { sums } = this.leaves;
    const { backend: ops } = this.model;
    this.states[Symbol.dispose]();
    const product = () =>
      ops.tidy(() => {
        const again = tensorsOf(this.model.computePrompts(this.promptIds, options));
        const terms = again.map((state, at) => {
          const weighted = ops.multiply(ops.cast(state, "float32"), sums[at] as Tensor);
          return ops.sum(weighted);
        });
        return terms.reduce((total, term) => ops.add(total, term));
      });
    gradients.add(product).value.dispose();
  }

  [Symbol.dispose](): void {
    this.states[Symbol.dispose]();
    for (const sum of this.#sums ?? []) sum.dispose();
    this.#sums = null;
  }
}

function tensorsOf({ layers, lastHidden_PD }: PromptStates): Tensor[] {
  return [...layers.flatMap(({ key_PKSH, value_PKSH }) => [key_PKSH, value_PKSH]), lastHidden_PD];
}
