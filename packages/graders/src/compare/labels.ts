/**
 * Labels before an answer: the letter of a choice before its value, "(C) 18", and those of an answer in parts, "(a) 12, (b) 15".
 * A label names a value and is no factor of it.
 */
import { bareLetter, offersLetter } from "./text.ts";

/** A value after the letter of a choice. */
export interface LabelledValue {
  readonly letter: string;
  /** What comes after the label; never empty. */
  readonly rest: string;
}

const choiceLabel =
  /^[\s"$*~]{0,9}(?:\\(?:text\w{0,6}|mathrm|mathbf|mathsf|mbox|bf|rm)\s{0,2}(\{)?\s{0,3})?(?:[Oo]ption\s{1,3}|[Cc]hoice\s{1,3})?(?:\(([A-J])\)|([A-J])\s{0,2}[).:])[:.]?\s{0,3}(\})?(?:[\s~*:.]|\\[ ,;:!]|\\q?quad\b){0,20}/;

/** "(C) 18", "\textbf{(C)}\ 18", "C. 18", "Option C: 18"; null for a bare letter and for anything else. */
export function labelledValue(text: string): LabelledValue | null {
  const match = choiceLabel.exec(text);
  if (!match || bareLetter(text) !== null) return null;
  const [whole, open, first, second, close] = match;
  // \text{(C) 18}: the rest is still words.
  const rest = (open !== undefined && close === undefined ? "\\text{" : "") + text.slice(whole.length);
  const isEmpty = !/[\p{L}\p{N}]/u.test(rest.replace(/^\\text/, ""));
  // (F), 12 is a list and no label of 12.
  const isJoined = /^(?:\\text\w*\{)?[\s${}]*(?:[,;/&|]|(?:and|or)\b)/.test(rest);
  if (isEmpty || isJoined || choiceLabel.test(rest) || offersLetter(rest)) return null;
  return { letter: (first ?? second) as string, rest };
}

const partLabel =
  /(^|[\s,;.~]|\\\\|\\q?quad|and)\s{0,3}(?:\\(?:text\w{0,6}|mathrm|mbox)\{\s{0,3})?(?:[Pp]art\s{1,3})?\(?([a-h]|[ivx]{1,4}|[1-9])\)\s{0,2}[:.]?\s{0,2}\}?/g;

const sequences = [
  ["a", "b", "c", "d", "e", "f", "g", "h"],
  ["i", "ii", "iii", "iv", "v", "vi", "vii", "viii"],
  [..."123456789"],
];

/** The values of "(a) 12, (b) 15" in the order of their labels; null where the labels are not the first of a sequence. */
export function labelledParts(text: string): readonly string[] | null {
  const marks = [...text.matchAll(partLabel)];
  const labels = marks.map((match) => match[2] as string);
  const sequence = sequences.find(([first]) => first === labels[0]);
  if (labels.length < 2 || !sequence || labels.some((label, index) => label !== sequence[index])) return null;
  if (text.slice(0, marks[0]?.index).replace(/[\s$*]/g, "") !== "") return null;
  const parts = marks.map((match, index) => {
    const start = match.index + match[0].length;
    return text
      .slice(start, marks[index + 1]?.index ?? text.length)
      .replace(/(?:[\s,;.~$*]|\\\\|\\q?quad|\band)+$/, "");
  });
  return parts.some((part) => part.trim() === "") ? null : parts;
}
