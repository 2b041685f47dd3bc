/**
 * When an answer holds: "if n is even", "for x > 0", "where k is a constant", "n is prime". Two conditions must say the same, as
 * far as their words and signs go; one that is missing is forgiven (the question gives it), unless it is all that the answer
 * says: "n is prime" is not "n".
 */
import type { Expression } from "../parse/expression.ts";
import type { Conditions } from "../parse/readings.ts";
import type { Token } from "../parse/tokens.ts";

interface Side {
  readonly value: Expression;
  readonly conditions: Conditions;
}

/** Why two answers hold in different cases, or null where they may hold in the same. */
export function differenceInConditions(gold: Side, answer: Side): string | null {
  const [g, a] = [gold, answer].map(
    ({ conditions }) => new Set(conditions.flatMap((tokens) => essenceOf(tokens))),
  );
  if (!g || !a) return null;
  if (isForReals(gold.conditions) && declaresIntegers(answer.value)) return "different conditions";
  if (isForReals(answer.conditions) && declaresIntegers(gold.value)) return "different conditions";
  if (gold.conditions.length === 0 || answer.conditions.length === 0) {
    const isLone = gold.value.kind === "symbol" && answer.value.kind === "symbol";
    return isLone && restricts(gold.conditions.length > 0 ? g : a)
      ? "a condition on one side, which is all it says"
      : null;
  }
  const [small, large] = g.size < a.size ? [g, a] : [a, g];
  const turnsAround = [...large].some((part) => !small.has(part) && /^(?:without|no|non)$/.test(part));
  const isPart = [...small].every((part) => large.has(part)) && !turnsAround;
  const isSame = isPart && (small.size === large.size || restricts(small));
  return isSame || !(restricts(g) || restricts(a)) ? null : "different conditions";
}

/** "for all real x", x \in \mathbb{R}. */
function isForReals(conditions: Conditions): boolean {
  return conditions.some((tokens) =>
    tokens.some(({ kind, text }, index) => {
      if (kind === "text") return /\b(?:reals?|(?:ir)?rationals?)\b/i.test(text);
      const isSet = tokens.slice(Math.max(0, index - 2), index).some((token) => token.text === "mathbb");
      return kind === "letter" && isSet && /^[RQ]$/.test(text);
    }),
  );
}

/** "for all integers x": kept with the value as x \in \mathbb{Z}. */
function declaresIntegers(x: Expression): boolean {
  return (
    x.kind === "list" &&
    x.items.some(
      (item) =>
        item.kind === "relation" &&
        item.operators[0] === "in" &&
        item.operands[1]?.kind === "namedSet" &&
        item.operands[1].name === "integers",
    )
  );
}

/** Whether more than letters is said: "for all x" leaves x free. */
function restricts(essence: ReadonlySet<string>): boolean {
  return [...essence].some((part) => !/^[A-Za-z]$/.test(part));
}

/** Words that restrict nothing. */
const neutral: ReadonlySet<string> = new Set(
  (
    "all any every each some a an the is are be it that this such so where for when whenever if with which only and then value of " +
    "number real constant arbitrary fixed given both may can can take from at we have holds hold correct right answer best option " +
    "choice solution required desired needed final in whatever unit units total as"
  ).split(" "),
);

const signsOf: ReadonlyMap<string, readonly string[]> = new Map([
  ["positive", [">", "0"]],
  ["negative", ["<", "0"]],
  ["nonnegative", [">=", "0"]],
  ["non-negative", [">=", "0"]],
  ["nonzero", ["!=", "0"]],
  ["non-zero", ["!=", "0"]],
]);

const setNames: ReadonlyMap<string, readonly string[]> = new Map([
  ["R", []],
  ["Z", ["integer"]],
  ["N", ["natural"]],
  ["Q", ["rational"]],
  ["C", ["complex"]],
]);

/** What a condition says, as words and signs without their order. */
function essenceOf(tokens: readonly Token[]): readonly string[] {
  return inOneOrder(tokens).flatMap((token, index, all) => {
    if (token.kind === "text") return token.text.split(/\s+/).flatMap(essenceOfWord);
    if (token.kind === "letter") {
      const isSet = all.slice(Math.max(0, index - 2), index).some(({ text }) => text === "mathbb");
      if (isSet) return setNames.get(token.text) ?? [token.text];
      return token.text === "\\forall" ? [] : [token.text];
    }
    const isLayout =
      token.kind === "sign" && /^(?:[(){}[\],;.:]|mathbb|in|quad|and|\\[{}])$/.test(token.text);
    return isLayout ? [] : [token.text];
  });
}

function essenceOfWord(written: string): readonly string[] {
  const word = written.toLowerCase().replace(/^[("'“]+|[)"'”.,:;!]+$/g, "");
  if (word === "" || neutral.has(word)) return [];
  const single = word.length > 3 && word.endsWith("s") ? word.slice(0, -1) : word;
  return neutral.has(single) ? [] : (signsOf.get(single) ?? [single]);
}

const mirrored: ReadonlyMap<string, string> = new Map([
  ["<", ">"],
  ["<=", ">="],
  [">", "<"],
  [">=", "<="],
]);

/** 0 < x as x > 0 and b > a as a < b, where it is no part of a chain. */
function inOneOrder(tokens: readonly Token[]): readonly Token[] {
  const at = tokens.findIndex(({ kind, text }) => kind === "sign" && mirrored.has(text));
  const [left, sign, right] = tokens.slice(at - 1, at + 2);
  const isChain = tokens.slice(at + 1).some(({ text }) => mirrored.has(text));
  if (at < 1 || isChain || !left || !sign || right?.kind !== "letter") return tokens;
  const isTurned = left.kind === "number" || (left.kind === "letter" && left.text > right.text);
  if (!isTurned) return tokens;
  const turned: Token = { kind: "sign", text: mirrored.get(sign.text) as string, spaced: sign.spaced };
  return [...tokens.slice(0, at - 1), right, turned, left, ...tokens.slice(at + 2)];
}
