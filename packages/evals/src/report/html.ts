/**
 * HTML from templates in which everything is text unless it was made here: `html` escapes what it is given, so that a
 * model's output cannot become markup. The only ways around it are {@link trustedHtml} and {@link jsonBlock}.
 */

/** Markup that may be put into a page as it is. */
export class Html {
  constructor(readonly text: string) {}
  toString(): string {
    return this.text;
  }
}

type Part = Html | string | number | null | undefined | false | readonly Part[];

/** Tagged template: parts are escaped unless they are {@link Html}; lists are joined; null, undefined and false vanish. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return new Html(strings.map((text, index) => text + renderPart(parts[index])).join(""));
}

/** Marks markup of our own making. Never for anything that came from a file or a model. */
export function trustedHtml(text: string): Html {
  return new Html(text);
}

/** Data for scripts, in a block that is never executed. */
export function jsonBlock(id: string, data: unknown): Html {
  // `<` cannot end the block or open a comment; U+2028 and U+2029 are harmless in JSON but not everywhere.
  const json = JSON.stringify(data).replace(
    /[<>&\u2028\u2029]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return new Html(`<script type="application/json" id="${escapeText(id)}">${json}</script>`);
}

/** Text for element content and quoted attributes. */
function escapeText(text: string): string {
  return cleanText(text).replace(/[&<>"'`]/gu, (character) => `&#${character.charCodeAt(0)};`);
}

/** Replaces characters that HTML cannot hold by U+FFFD. */
export function cleanText(text: string): string {
  return text.replace(FORBIDDEN, "\uFFFD");
}

/** C0 controls except tab and line feed, DEL to C1, lone surrogates, noncharacters. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not get through
const FORBIDDEN = /[\0-\x08\x0B-\x1F\x7F-\x9F\uD800-\uDFFF\uFFFE\uFFFF]/gu;

function renderPart(part: Part): string {
  if (part === undefined || part === null || part === false) return "";
  if (part instanceof Html) return part.text;
  if (typeof part === "object") return part.map(renderPart).join("");
  return escapeText(String(part));
}
