/**
 * Text of others (a model, a data row, a grader, a file's name) for a terminal: control characters are shown instead of obeyed, so
 * that nobody's text moves the cursor, sets the title, or reorders what stands there. Line ends and tabs stay.
 */

// C0 without tab and line feed, DEL, C1 (in which a terminal may see 8-bit escapes), and the bidirectional embeddings, overrides
// and isolates (U+202A..202E, U+2066..2069). Marks of direction and joiners belong to honest text of several scripts.
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;
// What JSON.stringify leaves as it is. The line separators are line ends to some readers.
const LEFT_BY_JSON = /[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/** "\x1b[31m" -> "\\x1b[31m", "\u202e" -> "\\u202e": as a string literal writes them. */
export function visibleText(text: string): string {
  return text.replace(CONTROLS, (character) => {
    const code = character.charCodeAt(0);
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16)}`;
  });
}

/** The same of text that has to stay on one line. */
export function visibleLine(text: string): string {
  return visibleText(text).replaceAll("\n", "\\n");
}

/** A line of JSON with the same value and no character that a terminal obeys. Not for JSON of several lines. */
export function visibleJson(json: string): string {
  return json.replace(
    LEFT_BY_JSON,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
