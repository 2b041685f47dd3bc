/**
 * Parameters that an answer declares: "pi/6 + k pi, k in Z" is a family, and the name of k does not matter.
 */
import { namesIn } from "../algebra/walk.ts";
import type { Expression } from "../parse/expression.ts";
import type { Work } from "../work.ts";
import { renameSymbols } from "./rewrite.ts";

export interface Family {
  readonly parameters: readonly { readonly name: string; readonly set: string }[];
  readonly value: Expression;
  readonly declarations: readonly Expression[];
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
  const [g, a] = [declaredFamily(gold, work), declaredFamily(answer, work)];
  if (!g && !a) return null;
  if (!g || !a) return withOneDeclaration(g?.value ?? gold, a?.value ?? answer, (g ?? a) as Family, work);
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

/** The only letter for whole numbers that the silent side has to itself is the parameter of the side that declares one. */
function withOneDeclaration(
  gold: Expression,
  answer: Expression,
  { parameters, value }: Family,
  work: Work,
): readonly [gold: Expression, answer: Expression] {
  const silent = value === gold ? answer : gold;
  const declared = namesIn(value, work);
  const own = [...namesIn(silent, work)].filter((name) => !declared.has(name));
  const [name, ...others] = own.filter((letter) => /^[klmnt]$/.test(letter));
  const [parameter, ...more] = parameters;
  const isClear = name !== undefined && parameter && others.length === 0 && more.length === 0;
  if (!isClear || namesIn(silent, work).has(parameter.name)) return [gold, answer];
  const renamed = renameSymbols(silent, new Map([[name, parameter.name]]), work);
  return value === gold ? [gold, renamed] : [renamed, answer];
}

/** A list with "k in Z" among its items, where another item depends on k. */
export function declaredFamily(x: Expression, work: Work): Family | null {
  if (x.kind !== "list") return null;
  const parameters: { name: string; set: string }[] = [];
  const declarations: Expression[] = [];
  const rest: Expression[] = [];
  for (const item of x.items) {
    const [name, set] = item.kind === "relation" && item.operators.length === 1 ? item.operands : [];
    const isDeclaration =
      item.kind === "relation" &&
      item.operators[0] === "in" &&
      name?.kind === "symbol" &&
      set?.kind === "namedSet";
    const isWhole = isDeclaration && ["integers", "naturals", "positiveIntegers"].includes(set.name);
    if (isWhole) parameters.push({ name: name.name, set: set.name });
    (isWhole ? declarations : rest).push(item);
  }
  const used = new Set(rest.flatMap((item) => [...namesIn(item, work)]));
  if (parameters.length === 0 || rest.length === 0 || !parameters.every(({ name }) => used.has(name)))
    return null;
  const value: Expression = rest.length === 1 ? (rest[0] as Expression) : { ...x, items: rest };
  return { parameters, value, declarations };
}
