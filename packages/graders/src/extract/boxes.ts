/**
 * Finds \boxed{...} and \fbox{...} in one pass: braces are matched, escaped braces (\{ \}) are not braces.
 * Linear in the length of the text, whatever it holds; unclosed boxes are not boxes, nor is what is inside of them.
 */

/** A box in a text. */
export interface Box {
  /** What is between its braces, untrimmed. */
  readonly content: string;
  /** Position of the backslash. */
  readonly start: number;
  /** Position after the closing brace. */
  readonly end: number;
  /** False for \boxed 7: TeX boxes the 7, but nothing is closed. */
  readonly isClosed: boolean;
}

/** The boxes of a text. */
interface FoundBoxes {
  /** All outermost closed boxes (and brace-less ones), in the order of their ends. */
  readonly boxes: readonly Box[];
  /** Where the boxes begin that nothing closes. */
  readonly unclosed: readonly number[];
}

/** The text without the boxes that nothing closes, each up to the end of its paragraph. */
export function outsideUnclosed(text: string): string {
  let result = "";
  let end = 0;
  for (const start of scanBoxes(text).unclosed) {
    if (start < end) continue;
    result += text.slice(end, start);
    end = paragraphEnd(text, start);
  }
  return end === 0 ? text : result + text.slice(end);
}

/** All outermost closed boxes (and brace-less ones), in the order of their ends. */
export function findBoxes(text: string): readonly Box[] {
  return scanBoxes(text).boxes;
}

/** The box that a text opens first, or null where nothing closes it or there is none. What is boxed inside of it is its content. */
export function firstBox(text: string): Box | null {
  const { boxes, unclosed } = scanBoxes(text);
  const first = boxes.find(({ isClosed }) => isClosed) ?? null;
  const lost = unclosed[0];
  return first !== null && lost !== undefined && lost < first.start ? null : first;
}

/** The boxes, and the places where one was opened and never closed. */
function scanBoxes(text: string): FoundBoxes {
  const boxes: Box[] = [];
  /** Depth of every open box, where it and its content begin, and whether its backslash is doubled. */
  const open: { depth: number; start: number; contentStart: number; isDoubled: boolean }[] = [];
  let depth = 0;
  let position = 0;
  while (position < text.length) {
    const character = text.charAt(position);
    if (character === "\\") {
      const nameEnd = boxNameEnd(text, position);
      if (nameEnd === 0) {
        position += open.at(-1)?.isDoubled && /^\\\\[{}]/.test(text.slice(position, position + 3)) ? 3 : 2;
        continue;
      }
      const brace = skipSpaces(text, nameEnd);
      if (text.charAt(brace) === "{") {
        const isDoubled = text.charAt(position + 1) === "\\";
        open.push({ depth, start: position, contentStart: brace + 1, isDoubled });
        depth++;
        position = brace + 1;
      } else {
        const bare = bareBox(text, position, brace);
        if (bare && open.length === 0) boxes.push(bare);
        position = nameEnd;
      }
      continue;
    }
    if (character === "{") depth++;
    else if (character === "}") {
      depth = Math.max(0, depth - 1);
      const last = open.at(-1);
      if (last && last.depth === depth) {
        open.pop();
        const box = {
          content: text.slice(last.contentStart, position),
          start: last.start,
          end: position + 1,
          isClosed: true,
        };
        // A box around boxes takes their place.
        while ((boxes.at(-1)?.start ?? -1) > last.start) boxes.pop();
        boxes.push(box);
      }
    }
    position++;
  }
  const unclosed = open.map(({ start }) => start);
  return { boxes: outsideOf(unclosed, boxes, text), unclosed };
}

/**
 * The boxes that no unclosed one holds: TeX reads on to the end of the paragraph for the brace that is missing, so
 * \boxed{7 is \boxed{7} answers nothing. An empty line ends what was begun.
 */
function outsideOf(unclosed: readonly number[], boxes: readonly Box[], text: string): readonly Box[] {
  if (unclosed.length === 0) return boxes;
  let next = 0;
  let lostUntil = -1;
  return boxes.filter((box) => {
    // Starts come in order in both lists: every place is looked at once.
    for (let start = unclosed[next]; start !== undefined && start < box.start; start = unclosed[++next]) {
      if (start >= lostUntil) lostUntil = paragraphEnd(text, start);
    }
    return box.start >= lostUntil;
  });
}

/** Position of the next empty line, or the end of the text. */
function paragraphEnd(text: string, from: number): number {
  const gap = /\n[ \t\r]*\n/g;
  gap.lastIndex = from;
  return gap.exec(text)?.index ?? text.length;
}

/** Position after "\boxed" or "\fbox" at `start`, or 0. */
function boxNameEnd(text: string, start: number): number {
  // At \\boxed (doubled by JSON) the scan is on the second backslash only if the first was skipped alone.
  const offset = text.charAt(start + 1) === "\\" ? 1 : 0;
  for (const name of ["\\boxed", "\\fbox", "\\framebox"]) {
    if (text.startsWith(name, start + offset)) {
      const end = start + offset + name.length;
      return /[a-zA-Z]/.test(text.charAt(end)) && name !== "\\boxed" ? 0 : end;
    }
  }
  return 0;
}

function skipSpaces(text: string, from: number): number {
  let index = from;
  while (text.charAt(index) === " " || text.charAt(index) === "\n") index++;
  return index;
}

const bareBoxEnds = [" ", "\n", "\t", "$", "{", "}", "\\"];

/** \boxed 7, \boxed{-less}: up to the next space, dollar or brace; none for a word: "put it in \boxed and stop". */
function bareBox(text: string, start: number, from: number): Box | null {
  let end = from;
  while (end < text.length && !bareBoxEnds.includes(text.charAt(end)) && end - from < 64) end++;
  const content = text.slice(from, end).replace(/[.,;:]+$/, "");
  return isBareValue(content) ? { content, start, end, isClosed: false } : null;
}

/** A numeral, a letter or a formula; neither a word nor mere punctuation. */
function isBareValue(content: string): boolean {
  return /[\p{L}\p{N}]/u.test(content) && !/^[^\p{N}]*\p{L}{2}/u.test(content);
}
