/**
 * Words around a value in prose that take it back, or leave it open: "it cannot be 7", "7 is wrong", "at least 7", "probably 7".
 * Only the clause counts in which the value stands.
 */

/** "5, not 7": whether the words between two values tell the second apart from the first. */
export function isContrast(gap: string): boolean {
  return (
    gap.length <= 120 &&
    /^[^.!?\n]{0,60}?(?:[,;(–—-]|\b(?:and|but))?\s*\b(?:not|rather than|instead of|as opposed to)\s+(?:the\s+)?[\s$*(]*$/i.test(
      gap,
    )
  );
}

/** Whether a value is denied, bounded or guessed by the words before and behind it. */
export function isTakenBack(before: string, behind: string): boolean {
  return isTakenBackBefore(clauseBefore(before)) || isTakenBackBehind(behind);
}

/** The words since the last clause began. */
function clauseBefore(before: string): string {
  return before
    .slice(-160)
    .split(/[.;:!?\n]|, |\b(?:so|but|hence|therefore|thus|then|because|since|and)\b/i)
    .at(-1) as string;
}

const negation =
  /\b(?:not|cannot|never|neither|nor|except|excluding|other than|anything but|rules? out|ruled out)\b|n['’]t\b/gi;

function isTakenBackBefore(clause: string): boolean {
  const denied = [...clause.matchAll(negation)].at(-1);
  if (denied) {
    const words = clause.slice(denied.index + denied[0].length).match(/[a-z]+/gi) ?? [];
    // "What is not sold is 12."
    if (
      words.length <= 5 &&
      !words.some((word) => /^(?:is|are|was|were|equals|leaves|gives|makes|totals)$/i.test(word))
    )
      return true;
  }
  return (
    /(?<![<>=-])[<>≤≥≠][\s$]*$/.test(clause) ||
    /\b(?:at (?:least|most)|(?:less|more|greater|fewer|higher|lower|larger|smaller|bigger) than|up to|under|below|above|over|exceed(?:s|ed|ing)?|beyond|no more)(?: or equal to| equal to| be)?[\s$*]*$/i.test(
      clause,
    ) ||
    /\b(?:maybe|perhaps|possibly|probably|presumably|guess(?:es|ing)?|(?:might|may|could) be)\b[^,]{0,24}$/i.test(
      clause,
    )
  );
}

function isTakenBackBehind(behind: string): boolean {
  const [sentence = ""] = /^[^.!?\n]*/.exec(behind) ?? [];
  return (
    /^[\s$*,)"']*(?:(?:is|was|are|were|would|be|seems?|which|that|it|clearly|obviously|definitely|the|this|answer|does|can|could|must)\s+)*(?:\w+n['’]t|not|never|cannot|wrong|incorrect|false|impossible|invalid|excluded|ruled out|rejected|extraneous|too (?:big|small|large|low|high|many|few))\b/i.test(
      sentence,
    ) ||
    /^[\s$*]*(?:[a-z]+\s+){0,2}(?:at (?:most|least)|(?:or|and) (?:more|less|fewer|so|greater|above|below|higher|lower|up|over)|(?:or|maybe|perhaps) (?:maybe |perhaps |possibly )?(?:zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty))\b/i.test(
      sentence,
    ) ||
    /^\+(?!\d)/.test(sentence)
  );
}
