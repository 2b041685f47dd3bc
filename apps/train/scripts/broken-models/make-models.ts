/** Variants of the demo's model, each with something wrong, or only odd, about its numbers. */

import { cp, mkdir } from "node:fs/promises";
import { join } from "node:path";
import {
  readSafetensors,
  type SafetensorsDType,
  type SafetensorsTensor,
  writeSafetensors,
} from "@soft-tokens/model";

type Edit = (values: Float32Array) => void;

interface Variant {
  readonly dtype?: SafetensorsDType;
  /** By the name of the tensor. */
  readonly edits: Readonly<Record<string, Edit>>;
}

const put =
  (place: number, value: number): Edit =>
  (values) => {
    values[place] = value;
  };
const scale =
  (factor: number): Edit =>
  (values) => {
    for (let at = 0; at < values.length; at++) {
      values[at] = Math.max(-3.3e38, Math.min(3.3e38, (values[at] as number) * factor));
    }
  };

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
const LAST_LAYER = "model.layers.1.mlp.down_proj.weight";

/** Refused when they are read, by the name of this tensor. */
export const BROKEN: Readonly<Record<string, Variant & { readonly parameter: string }>> = {
  "NaN in a layer": { edits: { [LAST_LAYER]: put(5, nan) }, parameter: LAST_LAYER },
  "NaN in a norm": { edits: { "model.norm.weight": put(0, nan) }, parameter: "model.norm.weight" },
  "NaN in the head alone": {
    edits: { "lm_head.weight": put(64 * 20 + 1, nan) },
    parameter: "lm_head.weight",
  },
  "Infinity in the embedding of a token that no text has": {
    edits: { "model.embed_tokens.weight": put(64 * 119 + 3, inf) },
    parameter: "model.embed_tokens.weight",
  },
  "-Infinity in bfloat16": { dtype: "BF16", edits: { [LAST_LAYER]: put(7, -inf) }, parameter: LAST_LAYER },
  "NaN in float16": { dtype: "F16", edits: { [LAST_LAYER]: put(9, nan) }, parameter: LAST_LAYER },
};

/** Every weight is a number, and logits are none. */
export const OVERFLOWING: Readonly<Record<string, Variant>> = {
  "head and norm times 1e38": { edits: { "lm_head.weight": scale(1e38), "model.norm.weight": scale(1e38) } },
};

/** Odd, and right. */
export const FINE: Readonly<Record<string, Variant>> = {
  "all weights zero of either sign": {
    edits: { [LAST_LAYER]: (values) => values.fill(-0), "lm_head.weight": (values) => values.fill(0) },
  },
  "subnormal weights": { edits: { [LAST_LAYER]: scale(1e-40) } },
  "head times 1e30": { edits: { "lm_head.weight": scale(1e30) } },
};

/** Copies the model in `source` to `folder` and edits its weights. */
export async function makeVariant(
  source: string,
  folder: string,
  { dtype = "F32", edits }: Variant,
): Promise<void> {
  await mkdir(folder, { recursive: true });
  await cp(source, folder, { recursive: true });
  const file = join(folder, "model.safetensors");
  const tensors: SafetensorsTensor[] = [];
  {
    await using weights = await readSafetensors(file);
    for (const name of Object.keys(edits)) {
      if (!weights.entries.has(name)) throw new RangeError(`the model has no tensor ${name}`);
    }
    for (const { name, shape } of weights.entries.values()) {
      const values = await weights.readFloat32(name);
      edits[name]?.(values);
      tensors.push({ name, dtype, shape, data: values });
    }
  }
  await writeSafetensors(file, tensors, { format: "pt" });
}
