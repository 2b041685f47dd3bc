/**
 * Finds \boxed{...} and \fbox{...} in one pass: braces are matched, escaped braces (\{ \}) are not braces.
 * Linear in the length of the text, whatever it holds; unclosed boxes are not boxes.
 */

/** A box in a text. */
export interface Box {
  /** What stands between its braces, untrimmed. */
  readonly content: string;
  /** Position of the backslash. */
  readonly start: number;
  /** Position behind the closing brace. */
  readonly end: number;
  /** False for \boxed 7: TeX boxes the 7, but nothing is closed. */
  readonly isClosed: boolean;
}

/** All outermost closed boxes (and brace-less ones), in the order of their ends. */
export function findBoxes(text: string): readonly Box[] {
  const boxes: Box[] = [];
  /** Depth of every open box, and where it and its content begin. */
  const open: { depth: number; start: number; contentStart: number }[] = [];
  let depth = 0;
  let position = 0;
  while (position < text.length) {
    const character = text.charAt(position);
    if (character === "\\") {
      const nameEnd = boxNameEnd(text, position);
      if (nameEnd === 0) {
        position += 2;
        continue;
      }
      const brace = skipSpaces(text, nameEnd);
      if (text.charAt(brace) === "{") {
        open.push({ depth, start: position, contentStart: brace + 1 });
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
  return boxes;
}

/** Position behind "\boxed" or "\fbox" at `start`, or 0. */
function boxNameEnd(text: string, start: number): number {
  // Behind \\boxed (doubled by JSON) the scan stands on the second backslash only if the first was skipped alone.
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

/** \boxed 7, \boxed{-less}: up to the next space, dollar or brace. */
function bareBox(text: string, start: number, from: number): Box | null {
  let end = from;
  while (end < text.length && !bareBoxEnds.includes(text.charAt(end)) && end - from < 64) end++;
  const content = text.slice(from, end).replace(/[.,;:]+$/, "");
  return content === "" ? null : { content, start, end, isClosed: false };
}
