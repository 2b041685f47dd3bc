/**
 * Parameters that an answer declares: "pi/6 + k pi, k in Z" is a family, and the name of k does not matter.
 */
import { namesIn } from "../algebra/walk.ts";
import type { Expression } from "../parse/expression.ts";
import type { Work } from "../work.ts";
import { renameSymbols } from "./rewrite.ts";

interface Family {
  readonly parameters: readonly { readonly name: string; readonly set: string }[];
  readonly value: Expression;
}

/**
 * The two answers without their declarations, the answer's parameters under the reference's names; null where neither
 * declares any, or they declare different kinds of numbers. One side may leave the declaration out.
 */
export function withoutParameters(
  gold: Expression,
  answer: Expression,
  work: Work,
): readonly [gold: Expression, answer: Expression] | null {
  const [g, a] = [familyOf(gold, work), familyOf(answer, work)];
  if (!g || !a) return g || a ? [g?.value ?? gold, a?.value ?? answer] : null;
  const isSame =
    g.parameters.length === a.parameters.length &&
    g.parameters.every(({ set }, index) => set === a.parameters[index]?.set);
  if (!isSame) return null;
  const names = a.parameters.map(({ name }, index): [string, string] => [
    name,
    g.parameters[index]?.name ?? name,
  ]);
  return [g.value, renameSymbols(a.value, new Map(names), work)];
}

/** A list with "k in Z" among its items, where another item depends on k. */
function familyOf(x: Expression, work: Work): Family | null {
  if (x.kind !== "list") return null;
  const parameters: { name: string; set: string }[] = [];
  const rest: Expression[] = [];
  for (const item of x.items) {
    const [name, set] = item.kind === "relation" && item.operators.length === 1 ? item.operands : [];
    const isDeclaration =
      item.kind === "relation" &&
      item.operators[0] === "in" &&
      name?.kind === "symbol" &&
      set?.kind === "namedSet";
    const isWhole = isDeclaration && (set.name === "integers" || set.name === "naturals");
    if (isWhole) parameters.push({ name: name.name, set: set.name });
    else rest.push(item);
  }
  const used = new Set(rest.flatMap((item) => [...namesIn(item, work)]));
  if (parameters.length === 0 || rest.length === 0 || !parameters.every(({ name }) => used.has(name)))
    return null;
  return { parameters, value: rest.length === 1 ? (rest[0] as Expression) : { ...x, items: rest } };
}
