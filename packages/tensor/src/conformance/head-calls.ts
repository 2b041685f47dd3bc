/** Calls the head operations in each form that a backend has, with the arguments of a stored case. */

import type { Backend, Tensor } from "../contract.ts";
import type {
  FusedOps,
  LogProbResult,
  MixtureResult,
  TokenChoiceArguments,
  TokenChoiceResult,
} from "../fused/contract.ts";
import {
  mixture,
  reference,
  requireFused,
  thoughtLogProb,
  tokenChoice,
  tokenLogProb,
} from "../fused/index.ts";
import { type Form, layerForms } from "./fused-calls.ts";

/** hidden, weight, embedding (absent: tied), thought, ids, coefficient. */
export type HeadInputs = Readonly<Record<string, Tensor>>;

export function headForms(
  ops: Backend,
  name: "mixture" | "tokenChoice" | "thoughtLogProb" | "tokenLogProb",
): Form[] {
  return layerForms(ops, name);
}

export function callMixture(
  ops: Backend,
  form: Form,
  x: HeadInputs,
  args: Readonly<Record<string, unknown>>,
  maxElements?: number,
): MixtureResult {
  const call = pick(ops, form, "mixture", mixture, reference.mixture);
  const weight_VD = x.weight as Tensor;
  return call({
    hidden_RD: x.hidden as Tensor,
    weight_VD,
    embedding_VD: x.embedding ?? weight_VD,
    temperature: args.temperature as number,
    ...(args.topK !== undefined && { topK: args.topK as number }),
    ...(maxElements !== undefined && { maxElements }),
  });
}

export function callTokenChoice(ops: Backend, form: Form, args: TokenChoiceArguments): TokenChoiceResult {
  return pick(ops, form, "tokenChoice", tokenChoice, reference.tokenChoice)(args);
}

export function callLogProb(
  ops: Backend,
  name: string,
  form: Form,
  x: HeadInputs,
  args: Readonly<Record<string, unknown>>,
  maxElements?: number,
): LogProbResult {
  const weight_VD = x.weight as Tensor;
  const shared = {
    hidden_RD: x.hidden as Tensor,
    weight_VD,
    coefficient_R: x.coefficient as Tensor,
    temperature: args.temperature as number,
    ...(maxElements !== undefined && { maxElements }),
  };
  if (name === "tokenLogProb") {
    const call = pick(ops, form, "tokenLogProb", tokenLogProb, reference.tokenLogProb);
    return call({ ...shared, ids_R: x.ids as Tensor });
  }
  const call = pick(ops, form, "thoughtLogProb", thoughtLogProb, reference.thoughtLogProb);
  return call({
    ...shared,
    embedding_VD: x.embedding ?? weight_VD,
    thought_RD: x.thought as Tensor,
    sigma: args.sigma as number,
    ...(args.embeddingGradient !== undefined && { embeddingGradient: args.embeddingGradient as boolean }),
  });
}

/** One form of a head operation as a function of its arguments alone. */
function pick<Arguments, Result>(
  ops: Backend,
  form: Form,
  name: keyof FusedOps,
  publicForm: (ops: Backend, args: Arguments) => Result,
  referenceForm: (ops: Backend, args: Arguments) => Result,
): (args: Arguments) => Result {
  if (form === "public") return (args) => publicForm(ops, args);
  if (form === "reference") return (args) => referenceForm(ops, args);
  return requireFused(ops, name) as unknown as (args: Arguments) => Result;
}
