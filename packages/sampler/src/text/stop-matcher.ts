/**
 * Finds a string in text that arrives token by token, on UTF-8 bytes: tokens may cut a character in half and the string
 * may begin and end anywhere inside tokens. Knuth, Morris and Pratt's automaton, so a byte costs amortised O(1) and
 * nothing is ever decoded or searched twice.
 */

/** The string to look for, prepared once and shared by all rows. */
export interface StopPattern {
  readonly bytes: Uint8Array;
  /** Longest proper border of each prefix: where to go on after a mismatch. */
  readonly borders: Int32Array;
}

/** @throws RangeError for an empty string, which every text contains. */
export function compileStopPattern(text: string): StopPattern {
  const bytes = new TextEncoder().encode(text);
  if (bytes.length === 0) throw new RangeError("compileStopPattern: the stop string is empty");
  const borders = new Int32Array(bytes.length);
  for (let at = 1, length = 0; at < bytes.length; at++) {
    while (length > 0 && bytes[at] !== bytes[length]) length = borders[length - 1] as number;
    if (bytes[at] === bytes[length]) length++;
    borders[at] = length;
  }
  return { bytes, borders };
}

/** One text's position in the automaton. */
export class StopMatcher {
  #matched = 0;

  constructor(private readonly pattern: StopPattern) {}

  /**
   * Takes the next token's bytes. Returns -1, or, when the pattern is completed inside this token, how many of the
   * token's bytes lie behind it (the overhang). Not to be called again after a match.
   */
  push(token: Uint8Array): number {
    const { bytes, borders } = this.pattern;
    for (let at = 0; at < token.length; at++) {
      while (this.#matched > 0 && token[at] !== bytes[this.#matched]) {
        this.#matched = borders[this.#matched - 1] as number;
      }
      if (token[at] === bytes[this.#matched]) this.#matched++;
      if (this.#matched === bytes.length) return token.length - at - 1;
    }
    return -1;
  }
}
