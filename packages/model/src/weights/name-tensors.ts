/**
 * Tensors of a folder under the names that the model has for them. Two kinds of files use others, and transformers loads both:
 * weights of the bare model lack the `model.` in front (Qwen3-Embedding), those of a wrapped one have it twice; and a tied
 * model may hold its one matrix as `lm_head.weight` alone.
 */

import { EMBEDDING, HEAD, parameterSpecs } from "../architecture/parameters.ts";
import type { ModelConfig } from "../config/config.ts";
import type { LocatedTensor } from "./shards.ts";

const PREFIX = "model.";

/** By the model's name; `entry.name` is the file's. */
export function nameTensors(
  tensors: ReadonlyMap<string, LocatedTensor>,
  config: ModelConfig,
): ReadonlyMap<string, LocatedTensor> {
  const known = new Set([...parameterSpecs(config).map(({ name }) => name), HEAD]);
  const otherName = (name: string) =>
    [PREFIX + name, name.startsWith(PREFIX) ? name.slice(PREFIX.length) : ""].find((other) =>
      known.has(other),
    );
  const named = new Map([...tensors].filter(([name]) => known.has(name)));
  for (const [name, tensor] of tensors) {
    if (known.has(name)) continue;
    const other = otherName(name);
    // A second tensor of one name stays what it is: one that the model has no place for.
    named.set(other === undefined || named.has(other) ? name : other, tensor);
  }
  const head = named.get(HEAD);
  if (config.tiedHead && head && !named.has(EMBEDDING)) {
    named.set(EMBEDDING, head);
    named.delete(HEAD);
  }
  return named;
}

/** What old versions stored and every version computes anew: rotary tables. */
export function isBuffer(name: string): boolean {
  return /(?:^|\.)rotary_emb\.(?:inv_freq|original_inv_freq|cos_cached|sin_cached)$/.test(name);
}
