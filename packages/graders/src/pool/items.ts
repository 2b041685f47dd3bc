/** Which items a pool takes. */
import type { GradeItem } from "./contract.ts";

/** Why an item is not graded at all, or null. */
export function refusalOf(
  { text, gold, question = "", answer = "" }: GradeItem,
  maxLength: number,
): string | null {
  const golds = typeof gold === "string" ? [gold] : [gold.gold].flat();
  for (const [name, part] of [
    ["text", text],
    ["answer", answer],
    ["question", question],
    ...golds.map((one) => ["gold", one] as const),
  ] as const) {
    if (part.length > maxLength) return `refused: its ${name} is longer than ${maxLength} characters`;
  }
  return null;
}

/** @throws {TypeError} for what is no item: a mistake of the caller, not of an answer. */
export function checkItem({ text, gold }: GradeItem, index: number): void {
  if (typeof text !== "string") throw new TypeError(`item ${index}: "text" is ${typeof text}, wanted text`);
  const golds: readonly unknown[] = typeof gold === "object" && gold !== null ? [gold.gold].flat() : [gold];
  if (golds.length === 0 || golds.some((one) => typeof one !== "string")) {
    throw new TypeError(`item ${index}: "gold" is ${typeof gold}, wanted text or { gold: text }`);
  }
}
