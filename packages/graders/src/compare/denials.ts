/**
 * Words around a value in prose that take it back, or leave it open: "it cannot be 7", "7 is wrong", "at least 7", "probably 7".
 * Only the clause with the value counts.
 */
import { numberOfWord, smallNumbers, tens } from "../parse/number-words.ts";
import { changeBy, isCounterfactual } from "../parse/value-words.ts";

/** "5, not 7": whether the words between two values tell the second apart from the first. */
export function isContrast(gap: string): boolean {
  return (
    gap.length <= 120 &&
    /^[^.!?\n]{0,60}?(?:[,;(–—-]|\b(?:and|but))?\s*\b(?:not|rather than|instead of|as opposed to)\s+(?:the\s+)?[\s$*(]*$/i.test(
      gap,
    )
  );
}

const disbelief =
  /\b(?:(?:wrong|incorrect) (?:answer|value|result) (?:is|was)|(?:deny|denies|(?<!\b(?:no|a|any|beyond|without) )doubt)(?: that)?(?: it is)?)[\s$:*(\\[]*$/i;

/**
 * Whether a box is denied by the words right around it: "it is not \boxed{7}", "\boxed{7} is wrong". Bounds are none here: "at
 * least \boxed{7}" answers what the least is.
 */
export function isDenied(before: string, after: string): boolean {
  const isBefore =
    /(?:\b(?:not|never|cannot)|n['’]t)(?: be| equal(?: to)?| the answer| the (?:right|correct) (?:answer|value))?[\s$:*(\\[]*$/i.test(
      before.slice(-60),
    );
  return (
    isBefore ||
    disbelief.test(before.slice(-60)) ||
    /^[\s$*)\]\\]*(?:is|was) (?:clearly |obviously )?(?:wrong|incorrect|false|impossible|not (?:the|a|right|correct|possible|valid)\b(?! only))/i.test(
      after.slice(0, 60),
    )
  );
}

/** Whether a value is denied, bounded or guessed by the words before and after it. */
export function isTakenBack(before: string, after: string): boolean {
  const near = before.slice(-160);
  if (orNumber.test(near) || /\b(?:anything|everything|all) but[\s$*]*$/i.test(near)) return true;
  const clause = lastClause(near);
  const [sentence = ""] = /^[^.!?\n]*/.exec(after) ?? [];
  return isTakenBackBefore(clause) || isTakenBackAfter(sentence);
}

/** The words since the last clause began. */
function lastClause(before: string): string {
  return before
    .split(/[.;:!?\n]|, |\b(?:so|but|hence|therefore|thus|then|because|since|and)\b/i)
    .at(-1) as string;
}

/** "not equal to", "does not have", "rules out": a negation, at most one verb of its auxiliary, and words that say nothing more. */
const denial =
  /(?:(?:\b(?:do|does|did|can|could|will|would|should|must|may|might|has|have|had)(?: not|n['’]t)|\bcannot|\bcan['’]t|\bwon['’]t)(?: [a-z]+)?|\bnot|n['’]t|\bnever(?: [a-z]+)?|\b(?<!\b(?:no|a|any|beyond|without) )(?:doubt(?:s|ed)?|den(?:y|ies|ied))|\b(?:false|untrue|not true|unlikely|no way)|不|非|没有|\bneither|\bnor|\bexcept|\bexcluding|\bother than|\brul(?:es?|ed|ing) out)(?: (?:that|it|this|answer)(?: is| was| equals)?| (?:be|been|equals?|to|for|the|a|an|answer|value|number|any|exactly|necessarily|simply|just|really|actually|always|right|correct|of)|[是为為等于]+)*[\s$*]*$/i;

const bound =
  /\b(?:at (?:least|most)|(?:less|more|greater|fewer|higher|lower|larger|smaller|bigger) than|(?<!(?:add|sum|com|mak|total|end|round)[a-z]* )up to|under|below|above|over|exceed(?:s|ed|ing)?|beyond|no more)(?: or equal to| equal to| be)?[\s$*]*$/i;

const guess =
  /\b(?:(?:maybe|perhaps|possibly|probably|presumably|guess(?:es|ing)?)\b[^,]{0,24}|(?:might|may|could) be(?: (?:about|around|the|as))?)[\s$*]*$/i;

/** "the wrong answer is", "a multiple of", "far from": nouns that call the value wrong, or make another one of it. */
const otherValue =
  /\b(?:(?:wrong|incorrect|false|mistaken|erroneous) (?:answer|value|result|guess|solution)(?: (?:is|was|would be))?|common mistake (?:is|was)|(?:multiple|(?<!\bby an? )factor|divisor|square|cube|reciprocal|inverse|logarithm|log|factorial|complement|fraction) of|(?:far|away) from|other than)[\s$*:]*$/i;

function isTakenBackBefore(clause: string): boolean {
  return (
    otherValue.test(clause) ||
    denial.test(clause) ||
    bound.test(clause) ||
    guess.test(clause) ||
    /(?<![<>=-])[<>≤≥≠][\s$]*$/.test(clause)
  );
}

/** "is not the answer", "which is wrong", "cannot be right". */
const denialAfter =
  /^[\s$*,)"']*(?:(?:which|that|it|this) )?(?:(?:cannot|can['’]t|(?:can|could|would|will) not|(?:could|would)n['’]t|won['’]t) be|(?:does|do|did)(?: not|n['’]t) (?:work|fit|satisfy|hold|check)|(?:is|was|are|were|would be|must be|seems)(?:n['’]t| (?:clearly |obviously |definitely )?(?:not|never|wrong|incorrect|false|impossible|invalid|excluded|ruled out|rejected|extraneous|too (?:big|small|large|low|high|many|few))))\b/i;

/** "9 (wrong)", "9, incorrectly". */
const remarkedWrong =
  /^[\s$*]*[(,]\s*(?:clearly |obviously )?(?:wrong|incorrect|wrongly|incorrectly|mistakenly|invalid|rejected)\s*(?:[).!]|$)/i;

const boundAfter =
  /^[\s$*]*(?:[a-z]+\s+){0,2}(?:at (?:most|least)|or (?:more|less|fewer|so|greater|above|below|higher|lower|up|over)|and (?:above|below|up|over|under)|below zero)\b|^\+(?!\d)/i;

function isTakenBackAfter(sentence: string): boolean {
  return (
    denialAfter.test(sentence) ||
    remarkedWrong.test(sentence) ||
    /^[\s$*]*(?:,? but not (?:quite|exactly)|(?:less|more|fewer|greater) than \$?[a-z](?![a-z]))/i.test(
      sentence,
    ) ||
    boundAfter.test(sentence) ||
    afterOrNumber.test(sentence) ||
    isCounterfactual(sentence.replace(/^[\s$*,]+/, "")) ||
    isChanged(sentence)
  );
}

const numberWords = [...smallNumbers, ...tens].join("|");
const orNumber = new RegExp(`\\b(?:${numberWords})(?: [a-z]+)? or[\\s$*]*$`, "i");
const afterOrNumber = new RegExp(
  `^[\\s$*]*(?:[a-z]+\\s+){0,2}(?:or|maybe|perhaps) (?:maybe |perhaps |possibly )?(?:${numberWords})\\b`,
  "i",
);

/** Whether the next word computes with the value; scales and operators that were read are not among them. */
function isChanged(sentence: string): boolean {
  const [word] = /^[a-z]+(?![a-z-])/i.exec(sentence.trimStart()) ?? [];
  return word !== undefined && numberOfWord(word.toLowerCase()) === null && changeBy(word) !== null;
}
