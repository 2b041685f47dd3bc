/**
 * Follows braces through text that arrives token by token and says when the box is closed. `\{` and `\}` are printed
 * braces of LaTeX and do not count; `\\` is a line break, so a brace after it does. All three are ASCII and never occur
 * inside a multi-byte UTF-8 character, so bytes suffice.
 */

const BACKSLASH = 0x5c;
const OPEN = 0x7b;
const CLOSE = 0x7d;

export class BoxScanner {
  #depth = 0;
  #isEscaped = false;
  #isClosed = false;

  /** `prefix` is the text that opens the box, `\boxed{`. Where it opens nothing, the first box of the answer counts. */
  constructor(prefix: Uint8Array) {
    this.push(prefix);
    this.#isClosed = false;
  }

  /** Takes the next token's bytes; true once the brace that closes the box has been seen. */
  push(token: Uint8Array): boolean {
    for (const byte of token) {
      if (this.#isEscaped) this.#isEscaped = false;
      else if (byte === BACKSLASH) this.#isEscaped = true;
      else if (byte === OPEN) this.#depth++;
      else if (byte === CLOSE && this.#depth > 0) {
        this.#depth--;
        if (this.#depth === 0) this.#isClosed = true;
      }
    }
    return this.#isClosed;
  }
}
