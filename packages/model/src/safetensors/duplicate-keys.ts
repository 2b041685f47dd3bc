/**
 * JSON.parse keeps the last of two equal keys in silence, and two readers that keep different ones see different
 * tensors in one file. This walks over JSON that has already been parsed once, so it is known to be well-formed.
 * A scanner by hand: a regular expression runs out of stack on a string of many megabytes.
 */

/** The first key that occurs twice in one object, at any depth; null where there is none. */
export function findDuplicateKey(json: string): string | null {
  /** Keys seen in each open object; null for an open array. */
  const open: (Set<string> | null)[] = [];
  for (let at = 0; at < json.length; at++) {
    const character = json[at];
    if (character === "{") open.push(new Set());
    else if (character === "[") open.push(null);
    else if (character === "}" || character === "]") open.pop();
    else if (character === '"') {
      const end = closingQuote(json, at);
      const keys = open.at(-1);
      if (keys && isKey(json, end)) {
        const key = JSON.parse(json.slice(at, end + 1)) as string;
        if (keys.has(key)) return key;
        keys.add(key);
      }
      at = end;
    }
  }
  return null;
}

/** Position of the quote that ends the string which begins at `start`: one with an even number of backslashes before it. */
function closingQuote(json: string, start: number): number {
  for (let at = json.indexOf('"', start + 1); ; at = json.indexOf('"', at + 1)) {
    let backslashes = 0;
    while (json[at - 1 - backslashes] === "\\") backslashes++;
    if (backslashes % 2 === 0) return at;
  }
}

/** True where the string that ends at `end` is followed by a colon. */
function isKey(json: string, end: number): boolean {
  let at = end + 1;
  while (json[at] === " " || json[at] === "\n" || json[at] === "\r" || json[at] === "\t") at++;
  return json[at] === ":";
}
