/**
 * Soft and fuzzy thoughts, which differ in temperature only: h = softmax(z / tau) E, next input h~ = h + sigma N(0, I),
 * log pi(h~) = -||h~ - h||^2 / (2 sigma^2) with the constant dropped (method.md sections 1 and 2). The shadow is the argmax.
 * Without noise the step is deterministic and has no density.
 *
 * Axes: R rows, D hidden.
 */

import { mixture, type Tensor, thoughtLogProb } from "@soft-tokens/tensor";
import type { ThinkContext, ThoughtPolicy, ThoughtSettings, ThoughtStep } from "../contract.ts";
import { SamplerError } from "../errors.ts";

export function noisyMixturePolicy(name: string, settings: ThoughtSettings): ThoughtPolicy {
  const { temperature, sigma } = settings;
  return {
    name,
    settings,
    storesThoughts: true,
    think: (hidden_RD, context) => think(hidden_RD, context, settings),
    score(hidden_RD, { thought_ND }, coefficient_R, { backend, head, chunk, embeddingGradient }) {
      if (sigma === 0) {
        throw new SamplerError(
          "NO_DENSITY",
          `score: a ${name} thought without noise has no log-probability; use a noise scale above 0`,
        );
      }
      if (!thought_ND) {
        throw new TypeError(`score: ${name} thoughts are scored from their stored embeddings, thought_ND`);
      }
      return thoughtLogProb(backend, {
        hidden_RD,
        weight_VD: head.weight_VD,
        embedding_VD: head.embedding_VD,
        thought_RD: thought_ND,
        temperature,
        sigma,
        coefficient_R,
        ...(embeddingGradient !== undefined && { embeddingGradient }),
        ...chunk,
      });
    },
  };
}

function think(hidden_RD: Tensor, context: ThinkContext, settings: ThoughtSettings): ThoughtStep {
  const { backend: ops, head, keys, chunk, topK } = context;
  const { temperature, sigma } = settings;
  return ops.tidy(() => {
    const { mixture_RD, argmax_R, entropy_R, ...top } = mixture(ops, {
      hidden_RD,
      weight_VD: head.weight_VD,
      embedding_VD: head.embedding_VD,
      temperature,
      ...(topK !== undefined && { topK }),
      ...chunk,
    });
    if (sigma === 0) {
      return { next_RD: mixture_RD, shadow_R: argmax_R, logProb_R: null, entropy_R, ...top };
    }
    const noise_RD = ops.randomNormal(mixture_RD.shape, { key: keys });
    return {
      next_RD: ops.add(mixture_RD, ops.affine(noise_RD, { scale: sigma })),
      shadow_R: argmax_R,
      // -||h~ - h||^2 / (2 sigma^2) = -||eps||^2 / 2, without a second product (method.md section 12)
      logProb_R: ops.affine(ops.sum(ops.square(noise_RD), { axis: -1 }), { scale: -0.5 }),
      entropy_R,
      ...top,
    };
  });
}
