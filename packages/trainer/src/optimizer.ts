/**
 * AdamW over all parameters of a model. Parameters of a narrower dtype keep a float32 master copy, or a learning rate of
 * 1e-6 would be rounded away; the model's handles are updated in place, so the sampler sees each step.
 */

import { adamW, type Backend, type FloatDType, type RandomKey, type Tensor } from "@soft-tokens/tensor";

interface AdamWSettings {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
}

export interface AdamWOptions extends AdamWSettings {
  readonly backend: Backend;
  readonly parameters: ReadonlyMap<string, Tensor>;
  /** Learning rate of a parameter in units of the step's. Defaults to 1 for all. */
  readonly learningRateFactor?: (parameter: Tensor) => number;
  /** Defaults to `true` for parameters that are not float32; for these it cannot be switched off. */
  readonly masterWeights?: boolean;
  /** How both moments are stored; bfloat16 halves them. Defaults to `float32`. */
  readonly optimizerMoments?: FloatDType;
  /** Of the unbiased rounding of a second moment in bfloat16; without it such a moment never falls. */
  readonly roundingKey?: RandomKey;
}

/** Owns the moments and master copies, borrows the parameters. */
export interface AdamW extends Disposable {
  /** Updates made so far, for the bias correction. */
  readonly updates: number;
  /** One update with gradients in the order of the parameters, each times `gradientScale`. */
  update(
    gradients: readonly Tensor[],
    step: { readonly learningRate: number; readonly gradientScale: number },
  ): void;
  /** `first.NAME`, `second.NAME` and where kept `master.NAME`; borrowed. Shapes are those of the parameters in memory. */
  readonly state: ReadonlyMap<string, Tensor>;
  /** Continues a stored state after its tensors were assigned to `state`. */
  setUpdates(updates: number): void;
  dispose(): void;
}

export function createAdamW(options: AdamWOptions): AdamW {
  const { backend: ops, parameters, beta1, beta2, epsilon, weightDecay, roundingKey } = options;
  const moments = options.optimizerMoments ?? "float32";
  const slots = [...parameters].map(([name, parameter]) => {
    const needsMaster = parameter.dtype !== "float32" || (options.masterWeights ?? false);
    return {
      name,
      parameter,
      factor: options.learningRateFactor?.(parameter) ?? 1,
      firstMoment: ops.zeros(parameter.shape, moments),
      secondMoment: ops.zeros(parameter.shape, moments),
      master: needsMaster
        ? parameter.dtype === "float32"
          ? ops.clone(parameter)
          : ops.cast(parameter, "float32")
        : null,
    };
  });
  const state = new Map<string, Tensor>();
  for (const { name, firstMoment, secondMoment, master } of slots) {
    state.set(`first.${name}`, firstMoment);
    state.set(`second.${name}`, secondMoment);
    if (master) state.set(`master.${name}`, master);
  }
  let updates = 0;

  const dispose = () => {
    for (const tensor of state.values()) tensor.dispose();
  };
  return {
    get updates() {
      return updates;
    },
    state,
    update(gradients, { learningRate, gradientScale }) {
      updates++;
      for (const [index, { name, parameter, factor, firstMoment, secondMoment, master }] of slots.entries()) {
        adamW(ops, {
          parameter,
          ...(master && { master }),
          gradient: gradients[index] as Tensor,
          firstMoment,
          secondMoment,
          ...(roundingKey && { roundingKey: roundingKey.fold(updates, name) }),
          step: updates,
          learningRate: factor * learningRate,
          beta1,
          beta2,
          epsilon,
          weightDecay,
          gradientScale,
        });
      }
    },
    setUpdates(value) {
      updates = value;
    },
    dispose,
    [Symbol.dispose]: dispose,
  };
}
