/**
 * The fused operations as the rest of the project calls them: the backend's own form where its capabilities declare one,
 * the reference decomposition elsewhere.
 */

import type { Backend, MatmulOptions, Tensor } from "../contract.ts";
import { TensorError } from "../errors.ts";
import { adamW as referenceAdamW } from "./adamw.ts";
import { attention as referenceAttention } from "./attention.ts";
import type {
  AdamWArguments,
  AttentionArguments,
  FusedOps,
  LogProbResult,
  MixtureArguments,
  MixtureResult,
  ThoughtLogProbArguments,
  TokenChoiceArguments,
  TokenChoiceResult,
  TokenLogProbArguments,
} from "./contract.ts";
import {
  thoughtLogProb as referenceThoughtLogProb,
  tokenLogProb as referenceTokenLogProb,
} from "./log-prob.ts";
import { mixture as referenceMixture } from "./mixture.ts";
import {
  gatedMlp as referenceGatedMlp,
  rmsNorm as referenceRmsNorm,
  rotary as referenceRotary,
} from "./norm.ts";
import { tokenChoice as referenceTokenChoice } from "./token-choice.ts";

/** The decompositions themselves: the oracle of every backend's fused form. */
export const reference = {
  rmsNorm: referenceRmsNorm,
  rotary: referenceRotary,
  attention: referenceAttention,
  gatedMlp: referenceGatedMlp,
  mixture: referenceMixture,
  tokenChoice: referenceTokenChoice,
  thoughtLogProb: referenceThoughtLogProb,
  tokenLogProb: referenceTokenLogProb,
  adamW: referenceAdamW,
} as const;

/** A backend's own form of a fused operation. @throws UNSUPPORTED_OP where its capabilities do not declare it. */
export function requireFused<Name extends keyof FusedOps>(ops: Backend, name: Name): FusedOps[Name] {
  const own = ops.capabilities.fused.has(name) ? ops.fused[name] : undefined;
  if (!own) {
    throw new TensorError(
      "UNSUPPORTED_OP",
      `${ops.name} declares no fused ${name}; use ${name}() for the decomposition`,
    );
  }
  return own as FusedOps[Name];
}

/** RMS norm over the last axis; see {@link FusedOps.rmsNorm}. */
export function rmsNorm(
  ops: Backend,
  x: Tensor,
  weight_D: Tensor,
  options: { readonly epsilon: number },
): Tensor {
  return ops.fused.rmsNorm?.(x, weight_D, options) ?? referenceRmsNorm(ops, x, weight_D, options);
}

/** Rotary position embedding; see {@link FusedOps.rotary}. */
export function rotary(ops: Backend, x_BNTH: Tensor, cos: Tensor, sin: Tensor): Tensor {
  return ops.fused.rotary?.(x_BNTH, cos, sin) ?? referenceRotary(ops, x_BNTH, cos, sin);
}

/** Attention with grouped heads and an optional shared prefix; see {@link FusedOps.attention}. */
export function attention(ops: Backend, options: AttentionArguments): Tensor {
  return ops.fused.attention?.(options) ?? referenceAttention(ops, options);
}

/** SwiGLU feed-forward; see {@link FusedOps.gatedMlp}. */
export function gatedMlp(
  ops: Backend,
  x_RD: Tensor,
  gate_DF: Tensor,
  up_DF: Tensor,
  down_FD: Tensor,
  options: Pick<MatmulOptions, "outputDtype"> = {},
): Tensor {
  return (
    ops.fused.gatedMlp?.(x_RD, gate_DF, up_DF, down_FD, options) ??
    referenceGatedMlp(ops, x_RD, gate_DF, up_DF, down_FD, options)
  );
}

/** One thought step of the head; see {@link FusedOps.mixture}. */
export function mixture(ops: Backend, options: MixtureArguments): MixtureResult {
  return ops.fused.mixture?.(options) ?? referenceMixture(ops, options);
}

/** One hard token per row; see {@link FusedOps.tokenChoice}. */
export function tokenChoice(ops: Backend, options: TokenChoiceArguments): TokenChoiceResult {
  return ops.fused.tokenChoice?.(options) ?? referenceTokenChoice(ops, options);
}

/** Weighted Gaussian log-probabilities of stored thoughts; see {@link FusedOps.thoughtLogProb}. */
export function thoughtLogProb(ops: Backend, options: ThoughtLogProbArguments): LogProbResult {
  return ops.fused.thoughtLogProb?.(options) ?? referenceThoughtLogProb(ops, options);
}

/** Weighted log-probabilities of tokens; see {@link FusedOps.tokenLogProb}. */
export function tokenLogProb(ops: Backend, options: TokenLogProbArguments): LogProbResult {
  return ops.fused.tokenLogProb?.(options) ?? referenceTokenLogProb(ops, options);
}

/** One AdamW step in place; see {@link FusedOps.adamW}. */
export function adamW(ops: Backend, options: AdamWArguments): void {
  if (ops.fused.adamW) ops.fused.adamW(options);
  else referenceAdamW(ops, options);
}
