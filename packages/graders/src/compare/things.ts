/**
 * Words for things that are counted: 5 apples are 5 apple, 5 red apples and 5, but neither 5 oranges nor 5 boxes.
 */

/** Words that say nothing about which things are counted. */
const fillers: ReadonlySet<string> = new Set(
  (
    "of the a an in at on and per for each every total altogether all different distinct possible more extra additional left " +
    "remaining whole full new such item items thing things piece pieces one ones object objects number numbers value due exactly " +
    "is are was were be to it there have has had will would can she he they we i you his her their our"
  ).split(" "),
);

/** Fillers that say something beside a word against them: 6 more are 6, but not 6 fewer. */
const opposites: ReadonlyMap<string, string> = new Map([
  ["more", "fewer less decrease drop"],
  ["extra", "off fewer less missing discount"],
  ["additional", "off fewer less missing"],
  ["left", "right gone used eaten sold spent"],
  ["remaining", "gone used eaten sold spent"],
  ["in", "out"],
  ["on", "off"],
  ["for", "against"],
  ["each", "total altogether all"],
  ["every", "total altogether"],
  ["total", "each every"],
  ["altogether", "each every"],
  ["all", "none"],
  ["possible", "impossible"],
  ["different", "same identical equal alike"],
  ["distinct", "same identical equal alike"],
  ["whole", "half partial"],
  ["full", "empty"],
  ["new", "old used"],
]);

/**
 * Whether two phrases in words that measure nothing may mean the same: the words of the one are among those of the other. What
 * is not plain words ("mmHg^2", "g/mol") may mean anything.
 */
export function mayBeSameThings(gold: string, answer: string): boolean {
  const [g, a] = [wordsIn(gold), wordsIn(answer)];
  if (!g || !a) return true;
  if (areOpposite(g, a) || areOpposite(a, g)) return false;
  // An article is never last: the A of "player A" is a name.
  const [goldThings, answerThings] = [g, a].map((words) =>
    words.filter((word, index) => !fillers.has(word) || (word === "a" && index === words.length - 1)),
  );
  return isAmong(goldThings ?? [], answerThings ?? []) || isAmong(answerThings ?? [], goldThings ?? []);
}

/** Whether a filler of the one has its opposite in the other, and not in both. */
function areOpposite(words: readonly string[], others: readonly string[]): boolean {
  return words.some((word) => {
    const against = opposites.get(word)?.split(" ") ?? [];
    return (
      !others.includes(word) && others.some((other) => against.includes(other) && !words.includes(other))
    );
  });
}

function isAmong(words: readonly string[], others: readonly string[]): boolean {
  return words.every((word) => others.some((other) => isSameWord(word, other)));
}

/** The plain words and numerals ("Team 1") of a phrase, or null where there is more. */
function wordsIn(phrase: string): readonly string[] | null {
  const words = phrase
    .toLowerCase()
    .split(/[\s.,;:!()"“”]+/)
    .filter((word) => word !== "")
    .map((word) => (/^(?:anti|counter)-?clockwise$/.test(word) ? "counterclockwise" : word));
  return words.every((word) => /^(?:[a-z][a-z'’-]*|\d{1,4})$/.test(word)) ? words : null;
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
  // A verb as well: increase, increases, increased, increasing.
  const plurals = [`${word}s`, `${word}es`, `${word}d`, `${word}ed`, `${word.replace(/e$/, "")}ing`];
  if (word.endsWith("y")) plurals.push(`${word.slice(0, -1)}ies`);
  if (word.endsWith("f")) plurals.push(`${word.slice(0, -1)}ves`);
  if (word.endsWith("fe")) plurals.push(`${word.slice(0, -2)}ves`);
  if (word.endsWith("man")) plurals.push(`${word.slice(0, -2)}en`);
  const irregular = irregularPlurals.get(word);
  return irregular === undefined ? plurals : [...plurals, irregular];
}
