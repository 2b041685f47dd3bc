/** Capital letters that may be options: those that name something, and not those of formulas, articles or of options ruled out. */

/**
 * Whether the letter at `index` is part of a formula: after a command or a relation sign, before one, or an argument: the E of
 * \Delta E \approx 3kT, the A of P(A).
 */
export function isInFormula(text: string, index: number): boolean {
  const before = text.slice(Math.max(0, index - 24), index);
  const after = text.slice(index + 1, index + 12);
  return (
    /(?:\\(?!text|mathrm|mathbf|boxed|quad|qquad|left|big|Large|large|bf|rm)[A-Za-z]+\s*|[=+^_<>≈≤≥·×]\s*|[A-Za-z}]\()$/.test(
      before,
    ) ||
    /^[\d(]|^\)?\s*(?:[=+^_<>≈≤≥·×]|\\(?:approx|cdot|times|cap|cup|to|le|ge|in|ne|sim|equiv|frac|sqrt))/.test(
      after,
    )
  );
}

const wrong =
  "(?:wrong|incorrect|false|invalid|impossible|out|eliminated|excluded|ruled out|too (?:large|small|big|high|low)|not (?!wrong|incorrect|false))";
const letter = "\\(?[A-J]\\)?(?![A-Za-z])";
const several = `${letter}(?:\\s*(?:,|and|or|nor|、|和)\\s*(?:and\\s+|or\\s+)?(?:options?\\s+)?${letter})*`;

const denied = [
  new RegExp(
    `(?<![A-Za-z])(?:options?\\s+|choices?\\s+)?${several}\\s+(?:is|are|was|were|can be|seems?)\\s+(?:both |all |clearly |also )?${wrong}\\w*`,
    "g",
  ),
  new RegExp(
    `\\b(?:[Nn]ot|[Nn]either|[Rr]ul(?:e|es|ed|ing) out|[Ee]liminat(?:e|es|ed|ing)|[Ee]xclud(?:e|es|ed|ing)|rather than|instead of)\\s+(?:options?\\s+|choices?\\s+)?${several}`,
    "g",
  ),
  new RegExp(`(?:不选|不是|排除|不選)\\s*${several}`, "g"),
];

/** A text without the options that it says are wrong: "A is wrong, B is wrong, so C" is "so C". */
export function withoutDeniedOptions(text: string): string {
  return denied.reduce((rest, pattern) => rest.replace(pattern, " "), text);
}
