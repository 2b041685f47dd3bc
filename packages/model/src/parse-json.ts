/**
 * `JSON.parse` for files from strangers. V8 parses any depth, but what comes after it (schemas, `JSON.stringify`, pages) calls
 * itself once per level and runs out of stack. So depth is refused here, where the caller already expects a SyntaxError.
 */

/** More than any file of ours has; Python's own parser gives up near 1,000. */
const MAX_JSON_DEPTH = 256;

/** @throws SyntaxError for what is not JSON, and for JSON nested deeper than {@link MAX_JSON_DEPTH} */
export function parseJson(text: string): unknown {
  const at = firstTooDeep(text);
  if (at !== -1) {
    throw new SyntaxError(`nested more than ${MAX_JSON_DEPTH} levels deep at position ${at}`);
  }
  return JSON.parse(text);
}

/** Position of the first bracket beyond the limit; -1 where there is none. */
function firstTooDeep(text: string): number {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case 0x22: // a string: brackets inside it are text
        at = endOfString(text, at);
        break;
      case 0x5b:
      case 0x7b:
        depth += 1;
        if (depth > MAX_JSON_DEPTH) return at;
        break;
      case 0x5d:
      case 0x7d:
        depth -= 1;
        break;
    }
  }
  return -1;
}

/** Position of the quote that ends the string which begins at `start`; the text's end where none does. */
function endOfString(text: string, start: number): number {
  for (let at = text.indexOf('"', start + 1); at !== -1; at = text.indexOf('"', at + 1)) {
    let backslashes = 0;
    while (text.charCodeAt(at - 1 - backslashes) === 0x5c) backslashes += 1;
    if (backslashes % 2 === 0) return at;
  }
  return text.length;
}

/** The first `NaN`, `Infinity` or `-Infinity` outside of strings: Python's json module writes and reads them. */
export function findPythonNumber(text: string): { readonly text: string; readonly line: number } | null {
  for (let at = 0; at < text.length; at++) {
    if (text.charCodeAt(at) === 0x22) at = endOfString(text, at);
    const found = "NI-".includes(text.charAt(at)) && /^(?:NaN|-?Infinity)\b/.exec(text.slice(at, at + 10));
    if (found) return { text: found[0], line: text.slice(0, at).split("\n").length };
  }
  return null;
}
