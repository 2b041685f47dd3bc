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

/** `str.capitalize()`: the first character in upper case, all others in lower case. */
export function capitalize(text: string): string {
  const [first = "", ...rest] = text;
  return first.toUpperCase() + rest.join("").toLowerCase();
}

/** `len(str)`: code points. */
export function codePoints(text: string): number {
  return [...text].length;
}
