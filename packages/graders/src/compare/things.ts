/**
 * Words for things that are counted: 5 apples are 5 apple, 5 red apples and 5, but neither 5 oranges nor 5 boxes.
 */

/** Words that say nothing about which things are counted. */
const fillers: ReadonlySet<string> = new Set(
  (
    "of the a an in at on and per for each every total altogether all different distinct possible more extra additional left " +
    "remaining whole full new such item items thing things piece pieces one ones object objects number numbers value"
  ).split(" "),
);

/**
 * Whether two units in unknown words may mean the same things: the words of the one are among those of the other. What is
 * not plain words ("mmHg^2", "g/mol") may mean anything.
 */
export function mayBeSameThings(gold: string, answer: string): boolean {
  const [g, a] = [thingsIn(gold), thingsIn(answer)];
  if (!g || !a) return true;
  return isAmong(g, a) || isAmong(a, g);
}

function isAmong(words: readonly string[], others: readonly string[]): boolean {
  return words.every((word) => others.some((other) => isSameWord(word, other)));
}

/** The words without fillers, or null where there is more than plain words. */
function thingsIn(unit: string): readonly string[] | null {
  const words = unit
    .toLowerCase()
    .split(/[\s.,]+/)
    .filter((word) => word !== "");
  if (!words.every((word) => /^[a-z][a-z'’-]*$/.test(word))) return null;
  return words.filter((word) => !fillers.has(word));
}

function isSameWord(a: string, b: string): boolean {
  return a === b || pluralsOf(a).includes(b) || pluralsOf(b).includes(a);
}

const irregularPlurals = new Map([
  ["child", "children"],
  ["person", "people"],
  ["persons", "people"],
  ["mouse", "mice"],
  ["goose", "geese"],
  ["tooth", "teeth"],
  ["foot", "feet"],
  ["die", "dice"],
]);

function pluralsOf(word: string): readonly string[] {
  const plurals = [`${word}s`, `${word}es`];
  if (word.endsWith("y")) plurals.push(`${word.slice(0, -1)}ies`);
  if (word.endsWith("f")) plurals.push(`${word.slice(0, -1)}ves`);
  if (word.endsWith("fe")) plurals.push(`${word.slice(0, -2)}ves`);
  if (word.endsWith("man")) plurals.push(`${word.slice(0, -2)}en`);
  const irregular = irregularPlurals.get(word);
  return irregular === undefined ? plurals : [...plurals, irregular];
}
