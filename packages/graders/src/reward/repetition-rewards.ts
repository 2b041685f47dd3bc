/**
 * Penalty for repetition (Yeo et al. 2025, arXiv:2502.03373, appendix): the fraction of n-grams that repeat an earlier one,
 * times a negative maximum.
 */

/** `maxPenalty` (not above 0) times the fraction of repeated n-grams; 0 for fewer than n items. */
export function repetitionPenalty(
  items: readonly (string | number)[],
  ngramSize: number,
  maxPenalty: number,
): number {
  const total = items.length - ngramSize + 1;
  if (total < 1) return 0;
  const distinct = new Set<string>();
  for (let index = 0; index < total; index++)
    distinct.add(JSON.stringify(items.slice(index, index + ngramSize)));
  const scaling = 1 - distinct.size / total;
  return scaling === 0 ? 0 : scaling * maxPenalty;
}

/** The words of a text, lower case; a language without spaces is segmented by the runtime's own tables. */
export function wordsForRepetition(text: string, language = "en"): string[] {
  if (language === "en")
    return text
      .toLowerCase()
      .split(/\s+/)
      .filter((word) => word !== "");
  const segments = new Intl.Segmenter(language, { granularity: "word" }).segment(text);
  return [...segments]
    .filter((segment) => segment.isWordLike)
    .map((segment) => segment.segment.toLowerCase());
}
