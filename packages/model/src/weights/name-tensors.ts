/**
 * Tensors of a folder under the names that the model has for them. Two kinds of files use others, and transformers loads both:
 * weights of the bare model have no `model.` in front (Qwen3-Embedding), and a tied model may hold its one matrix as
 * `lm_head.weight` alone.
 */

import { EMBEDDING, HEAD } from "../architecture/parameters.ts";
import type { ModelConfig } from "../config/config.ts";
import type { LocatedTensor } from "./shards.ts";

const PREFIX = "model.";

/** By the model's name; `entry.name` is the file's. */
export function nameTensors(
  tensors: ReadonlyMap<string, LocatedTensor>,
  config: Pick<ModelConfig, "tiedHead">,
): ReadonlyMap<string, LocatedTensor> {
  const isBare = ![...tensors.keys()].some((name) => name.startsWith(PREFIX));
  const nameOf = (name: string) => (isBare && name !== HEAD ? PREFIX + name : name);
  const named = new Map([...tensors].map(([name, tensor]) => [nameOf(name), tensor]));
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
