/**
 * An answer with what it depends on: the values are compared, and then the conditions. "x^2, x > 2" is x^2 for x > 2: bounds
 * after a value, in its own names, are conditions of it. Those in signs are compared as relations, those in words as words
 * (`conditions.ts`); one that is missing is forgiven.
 */
import { namesIn } from "../algebra/walk.ts";
import { relationsOf } from "../parse/conditions.ts";
import type { Expression } from "../parse/expression.ts";
import type { Conditions } from "../parse/readings.ts";
import type { Work } from "../work.ts";
import { differenceInConditions } from "./conditions.ts";
import { type Context, type Outcome, unequalBy } from "./context.ts";
import { compareExpressions } from "./structures.ts";

interface Side {
  readonly value: Expression;
  /** Those in remarks. */
  readonly conditions: Conditions;
  /** Those that stood after a comma. */
  readonly bounds: readonly Expression[];
}

/** Compares one reading of the reference with one of the answer. */
export function compareConditioned(
  gold: Omit<Side, "bounds">,
  answer: Omit<Side, "bounds">,
  context: Context,
): Outcome {
  const areBare = gold.conditions.length === 0 && answer.conditions.length === 0;
  if (areBare && gold.value.kind !== "list" && answer.value.kind !== "list")
    return compareExpressions(gold.value, answer.value, context);
  const [g, a]: Side[] = [gold, answer].map((side) => ({ ...side, bounds: [] }));
  const whole = compareSides(g as Side, a as Side, context);
  if (whole.equal) return whole;
  const [goldParts, answerParts] = [g, a].map((side) => withoutBounds(side as Side, context.work));
  if (goldParts === g && answerParts === a) return whole;
  const parts = compareSides(goldParts as Side, answerParts as Side, context);
  return parts.equal ? parts : whole;
}

function compareSides(gold: Side, answer: Side, context: Context): Outcome {
  const outcome = compareExpressions(gold.value, answer.value, context);
  if (!outcome.equal) return outcome;
  const difference = differenceOf(gold, answer, context);
  return difference === null ? outcome : unequalBy("relation", difference);
}

/** Why two answers hold in different cases, or null where they may hold in the same. */
function differenceOf(gold: Side, answer: Side, context: Context): string | null {
  const [g, a] = [gold, answer].map(
    ({ conditions, bounds }) =>
      conditions.length + bounds.length > 0 && inSigns(conditions, bounds, context.work),
  );
  // One that is missing is forgiven, except for a name that is all that is said.
  if (g && a) return areSame(g, a, context) ? null : "different conditions";
  if ((g && answer.bounds.length > 0) || (a && gold.bounds.length > 0)) return "different conditions";
  return differenceInConditions(gold, answer);
}

/** All conditions as relations, or null where one is in words. */
function inSigns(
  conditions: Conditions,
  bounds: readonly Expression[],
  work: Work,
): readonly Expression[] | null {
  const relations = [...bounds];
  for (const tokens of conditions) {
    const read = relationsOf(tokens, work);
    if (read === null) return null;
    relations.push(...read);
  }
  return relations;
}

function areSame(gold: readonly Expression[], answer: readonly Expression[], context: Context): boolean {
  const [g, a] = [gold, answer].map(
    (items): Expression =>
      items.length === 1 && items[0] ? items[0] : { kind: "list", items, joiner: "and" },
  );
  return compareExpressions(g as Expression, a as Expression, context).equal;
}

/** "x^2, x > 2" as x^2 with its bounds; the side itself where there are none. */
function withoutBounds(side: Side, work: Work): Side {
  const { value } = side;
  if (value.kind !== "list" || value.joiner === "or" || value.items.length < 2) return side;
  const [first, ...rest] = value.items as readonly [Expression, ...Expression[]];
  const names = namesIn(first, work);
  const isOwn = (item: Expression): boolean =>
    isBound(item) && [...namesIn(item, work)].every((name) => names.has(name));
  const isSomething = first.kind !== "symbol" && !isBound(first);
  return isSomething && rest.every(isOwn) ? { ...side, value: first, bounds: rest } : side;
}

function isBound(x: Expression): boolean {
  return x.kind === "relation" && x.operators.every((operator) => /^[<>]|^!=/.test(operator));
}
