/**
 * Cuts a text at its added tokens, before anything else is done to it, as the Rust library does (tokenizers,
 * `AddedVocabulary::find_matches`): leftmost and longest, `lstrip` and `rstrip` take the white space at their side.
 * White space is Unicode's, which has U+0085 and lacks U+FEFF; JavaScript's `trim` has it the other way round.
 */

import type { AddedToken } from "./added-tokens.ts";

/** A piece of text with its place in the whole, or an added token. */
type Section = { readonly text: string; readonly start: number } | { readonly id: number };

export type SectionSplitter = (text: string) => Section[];

export function createSectionSplitter(tokens: readonly AddedToken[]): SectionSplitter {
  const byContent = new Map(tokens.map((token) => [token.content, token]));
  const byFirstUnit = groupByFirstUnit([...byContent.keys()]);
  return (text) => {
    const sections: Section[] = [];
    let done = 0;
    for (let at = 0; at < text.length; ) {
      const content = byFirstUnit.get(text.charCodeAt(at))?.find((known) => text.startsWith(known, at));
      const token = content === undefined ? undefined : byContent.get(content);
      const end = at + (token?.content.length ?? 1);
      if (!token || (token.singleWord && isInWord(text, at, end))) {
        at = end;
        continue;
      }
      const start = token.lstrip ? Math.max(done, spaceBefore(text, at)) : at;
      if (start > done) sections.push({ text: text.slice(done, start), start: done });
      sections.push({ id: token.id });
      done = token.rstrip ? spaceAfter(text, end) : end;
      at = done;
    }
    if (done < text.length) sections.push({ text: text.slice(done), start: done });
    return sections;
  };
}

/** Longest first, so that the first match is the one wanted. */
function groupByFirstUnit(contents: readonly string[]): Map<number, string[]> {
  const groups = new Map<number, string[]>();
  for (const content of contents.toSorted((a, b) => b.length - a.length)) {
    const unit = content.charCodeAt(0);
    const group = groups.get(unit);
    if (group) group.push(content);
    else groups.set(unit, [content]);
  }
  return groups;
}

/** Whether a word goes on at either side. */
function isInWord(text: string, start: number, end: number): boolean {
  return (
    /[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]$/u.test(text.slice(Math.max(0, start - 2), start)) ||
    /^[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]/u.test(text.slice(end, end + 2))
  );
}

// All white space of Unicode is one UTF-16 unit long.
const isSpace = (text: string, at: number) => /^\p{White_Space}$/u.test(text[at] ?? "");

function spaceBefore(text: string, end: number): number {
  let start = end;
  while (start > 0 && isSpace(text, start - 1)) start--;
  return start;
}

function spaceAfter(text: string, start: number): number {
  let end = start;
  while (end < text.length && isSpace(text, end)) end++;
  return end;
}
