/**
 * Sentences with the word "answer" that give none: "I hope this answer is helpful", "The final answer is in the box above", "if the
 * answer is 5". They come after the real answer, which then counts.
 */
import { meaningOf } from "../compare/text.ts";

/** What is said of an answer rather than as one, by the first word that matters. */
const remarks: ReadonlySet<string> = new Set(
  (
    "correct right wrong incorrect clear helpful useful reasonable sensible plausible consistent valid verified confirmed checked " +
    "complete satisfactory satisfying understandable understood acceptable accurate precise exact unique above below here boxed written stated " +
    "shown given highlighted provided presented found obtained derived rounded simplified expressed supported justified expected " +
    "close near " +
    "obvious straightforward easy simple fine good great ok okay nice perfect ready done final sound logical included contained"
  ).split(" "),
);

const fillers =
  /^(?:[\s*_"'“(:]|(?:indeed|also|now|then|quite|very|really|clearly|both|well|most|likely|already|a|an|the|to be|hopefully|all|as)\s)+/i;

/** "given by 14", "as follows: 14", "shown below: 14": a value comes after all. */
const leadsOn = /^[^.\n]{0,40}(?:\b(?:by|as|namely)\b|:|=)[^.\n]*[\d\\$]/;

/** What is before the word "answer" in its sentence, where the sentence only supposes, doubts or hopes it. */
const supposing = /\b(?:if|whether|suppose|supposing|assume|assuming|unless)\b[^.,;:\n]{0,24}$/i;
const doubting =
  /(?:\bnot|n['’]t|\bnever|\bhardly) (?:think|believe|say|agree|feel|claim|expect|mean|convinced)\b[^.,;:\n]{0,24}$|\b(?:(?<!\b(?:no|a|any|beyond|without) )doubt|den(?:y|ies|ied)|(?:false|untrue|not true|unlikely|no way) that)\b[^.,;:\n]{0,24}$|\b(?:wrong|incorrect|mistaken)\s*$/i;
const hoping =
  /\b(?:hope|hopefully|know|why|how|that|sure|see|believe|think|explain\w*|check|verify)\b[^.;:\n]{0,32}$/i;

/**
 * Whether what follows "the answer is" is a remark. `before` is the text up to the word "answer"; `isAnswered` says that a value
 * was given before it.
 */
export function isClosingRemark(before: string, candidate: string, isAnswered: boolean): boolean {
  if (supposing.test(before.slice(-80)) || doubting.test(before.slice(-80))) return true;
  const words = candidate.replace(fillers, "");
  const first = /^[a-z]+/i.exec(words)?.[0].toLowerCase() ?? "";
  const isOfPlace =
    /^(?:in|inside|within) (?:the |its |a |an )?(?:box|boxed|simplest|lowest|terms|form|reduced|exact|units?|line|with)\b/i;
  if (remarks.has(first) || isOfPlace.test(words)) return !leadsOn.test(candidate);
  if (hasValue(candidate) || meaningOf(candidate) !== null || /^(?:yes|no|true|false)\b/i.test(words))
    return false;
  if (hoping.test(before.slice(-80))) return true;
  return isAnswered && /^[a-z]+(?:,? [a-z]+(?:-[a-z]+)*){2}/.test(candidate);
}

/** Whether a text holds mathematics or the letter of a choice. */
export function hasValue(text: string): boolean {
  return /[\d\\$=]|^[\s*_("'[]*(?:[B-Zb-z](?![A-Za-z])|[Aa](?![A-Za-z]| [a-z]))/.test(text);
}

const closings =
  /(?:^|[.!\n])\s*(?:(?:i |we )?hope\b|let me know\b|please\b|feel free\b|thanks?\b|thank you\b|if you (?:have|need|want|would)\b|do you\b|is there anything\b|good luck\b|have a (?:nice|good|great)\b|happy to\b|don['’]t hesitate\b)[^\n]*$/i;

/** A text without the sentences of politeness at its end. */
export function withoutClosing(text: string): string {
  let rest = text.trimEnd();
  for (let count = 0; count < 4; count++) {
    const end = Math.max(0, rest.length - 300);
    const match = closings.exec(rest.slice(end));
    if (!match || end + match.index === 0) return rest;
    rest = rest.slice(0, end + match.index + 1).trimEnd();
  }
  return rest;
}
