/**
 * Counter-based random keys. A key is an immutable value; children are derived by meaning, not by order, so resuming,
 * rebatching and sharding give the same numbers.
 */

/** What a key may be folded with. */
export type KeyPart = string | number;

export class RandomKey {
  private constructor(
    /** The 64 bits of a Philox4x32-10 key, two unsigned 32-bit words. */
    readonly words: readonly [number, number],
  ) {}

  /** The root of a run. `seed` is a safe integer. */
  static fromSeed(_seed: number): RandomKey {
    throw new Error("not written yet");
  }

  /** A child: `key.fold("rollout", step, promptIndex, sampleIndex)`. Numbers are safe integers. */
  fold(..._parts: KeyPart[]): RandomKey {
    throw new Error("not written yet");
  }
}
