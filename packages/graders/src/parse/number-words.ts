/** Numbers in English words, and the parts of a whole: what both the parser and the comparison of words know by name. */

/** Zero to nineteen, by their places. */
export const smallNumbers: readonly string[] = (
  "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen " +
  "nineteen"
).split(" ");

/** Twenty to ninety, in order. */
export const tens: readonly string[] = "twenty thirty forty fifty sixty seventy eighty ninety".split(" ");

/** Words that multiply the number before them. */
export const scaleWords: ReadonlyMap<string, number> = new Map([
  ["dozen", 12],
  ["hundred", 100],
  ["thousand", 1000],
  ["million", 1_000_000],
  ["billion", 1_000_000_000],
  ["trillion", 1_000_000_000_000],
]);

/** What one part is called where the whole has so many: third, tenth, hundredth. */
export const partNames: ReadonlyMap<string, number> = new Map([
  ["half", 2],
  ["third", 3],
  ["quarter", 4],
  ["fourth", 4],
  ["fifth", 5],
  ["sixth", 6],
  ["seventh", 7],
  ["eighth", 8],
  ["ninth", 9],
  ["tenth", 10],
  ["eleventh", 11],
  ["twelfth", 12],
  ["thirteenth", 13],
  ["fourteenth", 14],
  ["fifteenth", 15],
  ["sixteenth", 16],
  ["seventeenth", 17],
  ["eighteenth", 18],
  ["nineteenth", 19],
  ["twentieth", 20],
  ["thirtieth", 30],
  ["fortieth", 40],
  ["fiftieth", 50],
  ["sixtieth", 60],
  ["seventieth", 70],
  ["eightieth", 80],
  ["ninetieth", 90],
  ["hundredth", 100],
  ["thousandth", 1000],
  ["millionth", 1_000_000],
]);

/** The number that a single word is, "seven" or "forty", or null. */
export function numberOfWord(word: string): number | null {
  const small = smallNumbers.indexOf(word);
  if (small >= 0) return small;
  const ten = tens.indexOf(word);
  return ten >= 0 ? (ten + 2) * 10 : (scaleWords.get(word) ?? null);
}

/** How many of the parts named by a plural ("thirds", "halves") make a whole, or null for another word. */
export function partsNamed(plural: string): number | null {
  if (plural === "halves") return 2;
  return plural.endsWith("s") ? (partNames.get(plural.slice(0, -1)) ?? null) : null;
}
