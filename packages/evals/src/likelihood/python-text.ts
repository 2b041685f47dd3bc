/** The few functions of Python's `str` by which lm-evaluation-harness makes its prompts; JavaScript's differ in small print. */

/** What `str.isspace` takes for white space. */
const SPACE = "[\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]";
const LEADING = new RegExp(`^${SPACE}+`, "u");
const TRAILING = new RegExp(`${SPACE}+$`, "u");

/** `str.rstrip()` */
export function stripEnd(text: string): string {
  return text.replace(TRAILING, "");
}

/** `str.strip()` */
export function strip(text: string): string {
  return stripEnd(text.replace(LEADING, ""));
}

/** `str.capitalize()`: the first character in title case, all others in lower case. */
export function capitalize(text: string): string {
  const [first = "", ...rest] = text;
  return titleCase(first) + rest.join("").toLowerCase();
}

/** Letters of one sign whose title case is neither their upper case nor a capital with small letters after it. */
const TITLES: readonly (readonly [letters: string, title: string])[] = [
  ["ǄǅǆǇǈǉ", "ǅǅǅǈǈǈ"],
  ["ǊǋǌǱǲǳ", "ǋǋǋǲǲǲ"],
  ["ŉ", "ŉ"],
  ["ᾳῃῳᾼῌῼ", "ᾼῌῼᾼῌῼ"],
];

/** Of one character: a ligature and a digraph have a capital and small letters (`ﬁ` is `Fi`, not `FI`). */
export function titleCase(character: string): string {
  for (const [letters, title] of TITLES) {
    const index = letters.indexOf(character);
    if (character !== "" && index >= 0) return title.charAt(index) === "ŉ" ? "ʼN" : title.charAt(index);
  }
  const code = character.codePointAt(0) ?? 0;
  // Greek vowels with a small iota below have their capitals eight places on; Georgian has no capitals within words.
  if (code >= 0x1f80 && code <= 0x1faf) return String.fromCodePoint(code | 8);
  if (code >= 0x10d0 && code <= 0x10ff) return character;
  const [first = "", ...rest] = character.toUpperCase();
  return first + rest.join("").toLowerCase();
}

/** `len(str)`: code points. */
export function codePoints(text: string): number {
  return [...text].length;
}
