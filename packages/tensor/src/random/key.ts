/**
 * Counter-based random keys. A key is an immutable value; children are derived by meaning, not by order, so resuming,
 * rebatching and sharding give the same numbers. Folding is one Philox evaluation per 64 bits of the part, with the
 * running key as key and the part as counter; the counters of folds and of draws never meet (last word).
 */

import { philox } from "./philox.ts";

/** What a key may be folded with. Numbers are safe integers. */
export type KeyPart = string | number;

/** Last counter word of each use, so that no two uses of one key share a counter. */
const USE_NUMBER = 0x80000000;
const USE_STRING = 0x80000001;

export class RandomKey {
  private constructor(
    /** The 64 bits of a Philox4x32-10 key, two unsigned 32-bit words. */
    readonly words: readonly [number, number],
  ) {}

  /** The root of a run. @throws RangeError when `seed` is not a safe integer. */
  static fromSeed(seed: number): RandomKey {
    return new RandomKey([0, 0]).fold(seed);
  }

  /** A key that was stored as its two words (`words` of a checkpoint). */
  static fromWords(words: readonly [number, number]): RandomKey {
    const [low, high] = words;
    if (low >>> 0 !== low || high >>> 0 !== high) {
      throw new RangeError(
        `RandomKey.fromWords: wanted two unsigned 32-bit words, got ${JSON.stringify(words)}`,
      );
    }
    return new RandomKey([low, high]);
  }

  /** A child key: `key.fold("rollout", step, promptIndex, sampleIndex)`. @throws RangeError for unsafe integers. */
  fold(...parts: KeyPart[]): RandomKey {
    let words = this.words;
    for (const part of parts)
      words = typeof part === "string" ? foldString(words, part) : foldNumber(words, part);
    return new RandomKey(words);
  }
}

function foldNumber(words: readonly [number, number], part: number): [number, number] {
  if (!Number.isSafeInteger(part)) {
    throw new RangeError(`RandomKey.fold: a number must be a safe integer, got ${part}`);
  }
  const magnitude = Math.abs(part);
  const high = Math.floor(magnitude / 2 ** 32);
  return absorb(words, magnitude % 2 ** 32, high, part < 0 ? 1 : 0, USE_NUMBER);
}

/** UTF-8 bytes, eight per block; the byte length in every block keeps "a" and "a\0" apart. */
function foldString(words: readonly [number, number], part: string): [number, number] {
  const bytes = new TextEncoder().encode(part);
  const padded = new Uint8Array(Math.max(8, Math.ceil(bytes.length / 8) * 8));
  padded.set(bytes);
  const view = new DataView(padded.buffer);
  let folded: readonly [number, number] = words;
  for (let at = 0; at < padded.length; at += 8) {
    folded = absorb(folded, view.getUint32(at, true), view.getUint32(at + 4, true), bytes.length, USE_STRING);
  }
  return [folded[0], folded[1]];
}

function absorb(
  words: readonly [number, number],
  c0: number,
  c1: number,
  c2: number,
  use: number,
): [number, number] {
  const block = Uint32Array.of(c0, c1, c2, use);
  philox(block, words[0], words[1]);
  return [block[0] as number, block[1] as number];
}
