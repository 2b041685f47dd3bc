/**
 * The reference streams of a key: what "same key, same shape: same bits" means. Element i depends on the key and i only,
 * so a longer array begins with the shorter one. Backends that declare `portableRandom` produce exactly these numbers.
 */

import type { RandomKey } from "./key.ts";
import { philox } from "./philox.ts";

/** Last counter word of each stream. */
const USE_UNIFORM = 0;
const USE_NORMAL = 1;

/** Uniform in [0, 1) with 24 random bits, in place. */
export function fillUniform(key: RandomKey, out: Float32Array): void {
  const block = new Uint32Array(4);
  for (let at = 0; at < out.length; at += 4) {
    draw(block, key, at / 4, USE_UNIFORM);
    const end = Math.min(4, out.length - at);
    for (let lane = 0; lane < end; lane++) out[at + lane] = ((block[lane] as number) >>> 8) * 2 ** -24;
  }
}

/** Standard normal by Box-Muller on 32-bit uniforms in (0, 1] and [0, 1), in place. */
export function fillNormal(key: RandomKey, out: Float32Array): void {
  const block = new Uint32Array(4);
  for (let at = 0; at < out.length; at += 4) {
    draw(block, key, at / 4, USE_NORMAL);
    for (let pair = 0; pair < 4 && at + pair < out.length; pair += 2) {
      const radius = Math.sqrt(-2 * Math.log(((block[pair] as number) + 1) * 2 ** -32));
      const angle = 2 * Math.PI * ((block[pair + 1] as number) * 2 ** -32);
      out[at + pair] = radius * Math.cos(angle);
      if (at + pair + 1 < out.length) out[at + pair + 1] = radius * Math.sin(angle);
    }
  }
}

function draw(block: Uint32Array, key: RandomKey, index: number, use: number): void {
  block[0] = index;
  block[1] = Math.floor(index / 2 ** 32);
  block[2] = 0;
  block[3] = use;
  philox(block, key.words[0], key.words[1]);
}
