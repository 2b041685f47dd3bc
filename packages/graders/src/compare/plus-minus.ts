/** Answers with plus-minus signs, as the lists of values that they stand for. */
import type { Expression } from "../parse/expression.ts";
import { compareUnordered } from "./collections.ts";
import { type Context, type Outcome, unequalBy } from "./context.ts";
import { nameOf, unnamed } from "./names.ts";
import { expandPlusMinus } from "./rewrite.ts";

/** The lists of values that ± can stand for, or null without ±. A list spreads its items' values. */
export function plusMinusForms(x: Expression, context: Context): readonly (readonly Expression[])[] | null {
  const items = x.kind === "list" || x.kind === "set" ? x.items : [x];
  const names = new Set(items.map((item) => nameOf(item, context)));
  const expanded = items.map((item) =>
    expandPlusMinus(names.size === 1 ? unnamed(item, context) : item, context.work),
  );
  if (expanded.every((forms) => forms.length === 1 && forms[0]?.length === 1)) return null;
  return [0, 1].map((form) => expanded.flatMap((forms) => forms[Math.min(form, forms.length - 1)] ?? []));
}

export function compareForms(
  goldForms: readonly (readonly Expression[])[],
  answerForms: readonly (readonly Expression[])[],
  context: Context,
): Outcome {
  for (const gold of goldForms) {
    for (const answer of answerForms) {
      const [g, a] = [spread(gold), spread(answer)];
      const outcome = compareUnordered(g, a, "list", context);
      if (outcome.equal) return outcome;
    }
  }
  return unequalBy("list", "different values of plus and minus");
}

function spread(items: readonly Expression[]): readonly Expression[] {
  return items.flatMap((item) => (item.kind === "list" || item.kind === "set" ? item.items : [item]));
}
