/** Calls the fused layer operations by name with the arguments of a stored case, in each form that a backend has. */

import type { Backend, Tensor } from "../contract.ts";
import type { FusedOps } from "../fused/contract.ts";
import { attention, gatedMlp, reference, requireFused, rmsNorm, rotary } from "../fused/index.ts";

/** The public function, the decomposition, or the backend's own form. */
export type Form = "public" | "reference" | "own";

export function layerForms(ops: Backend, name: keyof FusedOps): Form[] {
  return ops.capabilities.fused.has(name) ? ["public", "reference", "own"] : ["public", "reference"];
}

export function callLayer(
  ops: Backend,
  name: string,
  form: Form,
  x: Readonly<Record<string, Tensor>>,
  args: Readonly<Record<string, unknown>>,
): Tensor {
  const forms = implementations(ops, form);
  const get = (key: string) => x[key] as Tensor;
  switch (name) {
    case "rmsNorm":
      return forms.rmsNorm(get("x"), get("weight"), { epsilon: args.epsilon as number });
    case "rotary":
      return forms.rotary(get("x"), get("cos"), get("sin"));
    case "gatedMlp":
      return forms.gatedMlp(get("x"), get("gate"), get("up"), get("down"));
    case "attention":
      return forms.attention({
        query_BNTH: get("query"),
        key_BKSH: get("key"),
        value_BKSH: get("value"),
        scale: args.scale as number,
        ...(x.mask && { mask: x.mask }),
        ...(x.prefix_key &&
          x.prefix_value && {
            prefix: {
              key_PKSH: x.prefix_key,
              value_PKSH: x.prefix_value,
              rowsPerPrompt: args.rowsPerPrompt as number[],
              ...(x.prefix_mask && { mask_PS: x.prefix_mask }),
            },
          }),
      });
    default:
      throw new RangeError(`fixture: no layer named ${name}`);
  }
}

type Layers = Pick<FusedOps, "rmsNorm" | "rotary" | "gatedMlp" | "attention">;

function implementations(ops: Backend, form: Form): Layers {
  if (form === "own") {
    return {
      rmsNorm: (...args) => requireFused(ops, "rmsNorm").apply(ops.fused, args),
      rotary: (...args) => requireFused(ops, "rotary").apply(ops.fused, args),
      gatedMlp: (...args) => requireFused(ops, "gatedMlp").apply(ops.fused, args),
      attention: (...args) => requireFused(ops, "attention").apply(ops.fused, args),
    };
  }
  const from = form === "reference" ? reference : { rmsNorm, rotary, gatedMlp, attention };
  return {
    rmsNorm: (...args) => from.rmsNorm(ops, ...args),
    rotary: (...args) => from.rotary(ops, ...args),
    gatedMlp: (...args) => from.gatedMlp(ops, ...args),
    attention: (...args) => from.attention(ops, ...args),
  };
}
