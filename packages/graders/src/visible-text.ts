/**
 * Text of others (a model, a data row, a grader, a file's name) for a terminal: control characters are shown instead of obeyed, so
 * that nobody's text moves the cursor, sets the title, or reorders what stands there. Line ends and tabs stay.
 */

// C0 without tab and line feed, DEL, C1 (in which a terminal may see 8-bit escapes), and the bidirectional embeddings, overrides
// and isolates (U+202A..202E, U+2066..2069). Marks of direction and joiners belong to honest text of several scripts.
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;

/** ESC becomes the six characters \u001b: JSON's own escape, so that a line of JSON keeps its value. */
export function visibleText(text: string): string {
  return text.replace(CONTROLS, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}

/** The same of text that has to stay on one line. */
export function visibleLine(text: string): string {
  return visibleText(text).replaceAll("\n", "\\n");
}
