/**
 * The outer grammar of an answer: what stands between commas, relation signs and set operators.
 *
 *   answer   := group (";" group)*
 *   group    := relation (("," | "and" | "or") relation)*
 *   relation := quantity (("=" | "<" | "in" | ...) quantity)*
 *   quantity := sets [unit]                             see quantities.ts, sets.ts, arithmetic.ts
 */
import { integer, isInteger } from "../algebra/rational.ts";
import { limits } from "../work.ts";
import type { Cursor } from "./cursor.ts";
import {
  call,
  type Expression,
  type Joiner,
  numberNode,
  quotient,
  type RelationOperator,
} from "./expression.ts";
import { isContrast, parseQuantity, skipContrast } from "./quantities.ts";
import { isParenthesis, isRemark, skipRemark } from "./remarks.ts";
import type { Token } from "./tokens.ts";
import { isApproximately, isGuess } from "./value-words.ts";
import { startsValue } from "./word-operators.ts";
import { isLeadIn, negates } from "./words.ts";

const relationSigns = new Map<string, RelationOperator>(
  Object.entries({
    "=": "=",
    "~": "approximately",
    "!=": "!=",
    "<": "<",
    "<=": "<=",
    ">": ">",
    ">=": ">=",
    in: "in",
    "not in": "not in",
    subset: "subset",
    congruent: "congruent",
    "=>": "arrow",
  } satisfies Record<string, RelationOperator>),
);

/** A whole answer: up to the end of the tokens. */
export function parseAnswer(cursor: Cursor): Expression {
  while (cursor.accept("\\\\") || cursor.accept(":") || acceptConnective(cursor)) {
    // What stood before the answer.
  }
  const answer = parseInfix(cursor, parseGroups(cursor));
  while (cursor.accept("}") || cursor.accept("\\\\")) {
    // Leftovers of an outer group.
  }
  if (cursor.peek()) cursor.fail("unexpected rest");
  return withDeclarations(answer, cursor.declarations);
}

/** 5 \over 6 and 5 \choose 2: TeX takes all that is before and after in the group. */
export function parseInfix(cursor: Cursor, first: Expression): Expression {
  if (first.kind === "list" || first.kind === "relation") return first;
  if (cursor.accept("choose")) return call("binomial", first, parseGroups(cursor));
  return cursor.accept("over") ? quotient(first, parseGroups(cursor)) : first;
}

/** "Thus," "we get": moves over words that only lead on to the answer. */
function acceptConnective(cursor: Cursor): boolean {
  const word = cursor.peek();
  const isConnective =
    word?.kind === "text" &&
    /^(?:so|hence|thus|therefore|then|(?:and )?(?:we|i) (?:get|have|obtain|find)|it follows that)$/i.test(
      word.text,
    );
  if (!isConnective || !(startsValue(cursor.peek(1)) || (cursor.at(",", 1) && startsValue(cursor.peek(2)))))
    return false;
  cursor.next();
  cursor.accept(",");
  return true;
}

/** What was declared in a remark or in brackets, "k\pi (k in Z)", as if it stood behind a comma. */
function withDeclarations(answer: Expression, declarations: readonly Expression[]): Expression {
  if (declarations.length === 0) return answer;
  const items = answer.kind === "list" ? answer.items : [answer];
  return { kind: "list", items: [...items, ...declarations], joiner: "comma" };
}

/** Groups between semicolons or line ends; the commas bind tighter. Stops before a closing sign. */
export function parseGroups(cursor: Cursor): Expression {
  const groups = [parseCommaList(cursor)];
  while (cursor.accept(";") || (cursor.at("\\\\") && canContinue(cursor.peek(1)) && cursor.accept("\\\\"))) {
    if (!canContinue(cursor.peek())) break;
    groups.push(parseCommaList(cursor));
  }
  return groups.length === 1
    ? (groups[0] as Expression)
    : { kind: "list", items: groups, joiner: "semicolon" };
}

function parseCommaList(cursor: Cursor): Expression {
  const items = [parseRelation(cursor)];
  let joiner: Joiner = "comma";
  const starts = [0];
  for (;;) {
    const separator = parseSeparator(cursor);
    if (cursor.accept("when")) {
      items.push(parseCase(cursor));
      joiner = "and";
      continue;
    }
    if (separator === null) break;
    const isModulus = cursor.at("|") && cursor.bars === 0;
    if ((!canContinue(cursor.peek()) && !isModulus) || acceptClosing(cursor)) break;
    if (isRemark(cursor.peek())) {
      if (separator === "or") cursor.fail("another case");
      skipRemark(cursor);
      break;
    }
    if (isContrast(cursor)) {
      skipContrast(cursor);
      continue;
    }
    if (separator !== "comma") {
      joiner = separator;
      starts.push(items.length);
    }
    items.push(parseRelation(cursor));
  }
  const excluded = excludedValues(items);
  if (excluded) return excluded;
  const residues = withCommonModulus(items);
  if (residues) return { kind: "list", items: residues, joiner };
  const groups = groupsAt(items, starts);
  if (groups) return { kind: "list", items: groups, joiner: "semicolon" };
  return items.length === 1
    ? (items[0] as Expression)
    : { kind: "list", items: withoutEllipsis(items), joiner };
}

/** "3 and 5, respectively": moves over a last word that says nothing of a value. */
function acceptClosing(cursor: Cursor): boolean {
  const word = cursor.peek();
  const isClosing =
    word?.kind === "text" &&
    cursor.peek(1) === undefined &&
    /^(?:respectively|both|only|too|as well|altogether|in total|in (?:some|any|either|that) order)$/i.test(
      word.text,
    );
  if (isClosing) cursor.next();
  return isClosing;
}

/** "x = 1, y = 2 or x = 3, y = 4": the commas bind tighter than the word where every part says as many things. */
function groupsAt(items: readonly Expression[], starts: readonly number[]): readonly Expression[] | null {
  const size = items.length / starts.length;
  const isEven = starts.length > 1 && size > 1 && starts.every((start, index) => start === index * size);
  if (!isEven || !items.every((item) => item.kind === "relation" && item.operators[0] === "=")) return null;
  return starts.map((start) => ({ kind: "list", items: items.slice(start, start + size), joiner: "comma" }));
}

/** x \ne 2, 3 says that x is neither; null for another list. */
function excludedValues([first, ...rest]: readonly Expression[]): Expression | null {
  if (first?.kind !== "relation" || first.operators.join() !== "!=" || rest.length === 0) return null;
  const [name, value] = first.operands;
  const arePlain = rest.every((item) => ["number", "product", "sum", "power"].includes(item.kind));
  if (name?.kind !== "symbol" || !value || !arePlain) return null;
  return {
    kind: "relation",
    operands: [name, { kind: "set", items: [value, ...rest] }],
    operators: ["not in"],
  };
}

/** x = 1, 4 mod 5: the modulus behind the last residue is that of all; null for another list. */
function withCommonModulus(items: readonly Expression[]): readonly Expression[] | null {
  const [first, ...rest] = items;
  const last = rest.at(-1);
  if (first?.kind !== "relation" || first.operators.join() !== "congruent") return null;
  const modulus = last?.kind === "call" && last.name === "mod" ? last.args[1] : undefined;
  const [name, value] = first.operands as readonly [Expression, Expression];
  if (!modulus || !["number", "product"].includes(value.kind)) return null;
  return [
    value,
    ...rest.slice(0, -1),
    (last as Extract<Expression, { kind: "call" }>).args[0] as Expression,
  ].map((residue) => ({
    kind: "relation",
    operands: [name, call("mod", residue, modulus)],
    operators: ["congruent"],
  }));
}

/** 1, 2, ..., 9: the items between, where whole numbers before and behind the dots give a step; else as written. */
function withoutEllipsis(items: readonly Expression[]): readonly Expression[] {
  const at = items.findIndex((item) => item.kind === "text" && item.text === "...");
  const wholes = [items[at - 2], items[at - 1], items[at + 1]].map((item) =>
    item?.kind === "number" && isInteger(item.value) ? item.value.numerator : null,
  );
  const [first, second, last] = wholes;
  if (at < 2 || first == null || second == null || last == null) return items;
  const step = second - first;
  const count = step === 0n ? 0n : (last - second) / step;
  if (step === 0n || count < 1n || count > BigInt(limits.items) || second + count * step !== last)
    return items;
  const between = Array.from({ length: Number(count) - 1 }, (_, index) =>
    numberNode(integer(second + step * BigInt(index + 1))),
  );
  return [...items.slice(0, at), ...between, ...items.slice(at + 1)];
}

/** Words around the condition of a case that say nothing of it. */
const aroundCondition = new Set("if for when where is are be a an the all any every and".split(" "));

/** The condition of a case, up to the end of its line: a relation, or words and letters as they are written. */
function parseCase(cursor: Cursor): Expression {
  const isFiller = (token: Token | undefined): boolean =>
    token?.kind === "text" &&
    token.text
      .toLowerCase()
      .split(" ")
      .every((word) => aroundCondition.has(word));
  while (isFiller(cursor.peek())) cursor.next();
  let length = 0;
  for (let token = cursor.peek(); token && token.text !== "\\\\"; token = cursor.peek(++length));
  const tokens = Array.from({ length }, (_, index) => cursor.peek(index) as Token);
  if (!tokens.some((token) => token.kind === "text")) return parseCommaList(cursor);
  for (const _ of tokens) cursor.next();
  const words = tokens.flatMap(({ text }) => text.split(/\s+/));
  const said = words.filter((word) => !aroundCondition.has(word.toLowerCase()) && !/^[,.;]$/.test(word));
  return { kind: "text", text: said.join(" ") };
}

/** One or more of "," "and" "or" \quad; null where none stands here. */
function parseSeparator(cursor: Cursor): Joiner | null {
  let found: Joiner | null = null;
  for (;;) {
    if (cursor.accept("and")) found = "and";
    else if (cursor.accept("or")) found = "or";
    else if (cursor.accept(",")) found ??= "comma";
    else if (cursor.at("quad") && (found !== null || isSeparatingSpace(cursor))) {
      cursor.next();
      found ??= "comma";
    } else if (cursor.accept("quad")) continue;
    else return found;
  }
}

/** A wide space separates two answers only where a new one can begin behind it. */
function isSeparatingSpace(cursor: Cursor): boolean {
  const behind = cursor.peek(1);
  return canContinue(behind) && behind?.kind !== "text" && !isParenthesis(cursor, 1);
}

function canContinue(token: Token | undefined): boolean {
  if (!token) return false;
  return (
    token.kind !== "sign" || !["}", "\\}", ")", "]", "|", "⟩", "\\\\", "&", "quad", "."].includes(token.text)
  );
}

function parseRelation(cursor: Cursor): Expression {
  // "= 5" and "approximately 8.24": the value alone.
  while (cursor.at("=") || cursor.at("~") || cursor.at("=>") || cursor.at("quad") || isHedgedValue(cursor)) {
    cursor.next();
  }
  const label = takeLabel(cursor);
  if (label !== null) {
    const labelled = parseRelation(cursor);
    return labelled.kind === "relation" || label === ""
      ? labelled
      : { kind: "relation", operands: [{ kind: "text", text: label }, labelled], operators: ["="] };
  }
  const operands = [parseQuantity(cursor)];
  const operators: RelationOperator[] = [];
  for (;;) {
    const token = cursor.peek();
    const operator = token?.kind === "sign" ? relationSigns.get(token.text) : undefined;
    if (operator === undefined) break;
    cursor.next();
    while (cursor.at("=") || cursor.at("~")) cursor.next();
    operators.push(operator);
    operands.push(parseQuantity(cursor));
  }
  if (operators.length > 0) return { kind: "relation", operands, operators };
  return pointOf(operands[0] as Expression);
}

/**
 * "Area: 5" and "the number of boys is 5" are names of the value: moves over the words and gives them, "" where they name nothing
 * ("The answer is"); null for no such words.
 */
function takeLabel(cursor: Cursor): string | null {
  let count = 0;
  while (cursor.peek(count)?.kind === "text" || (count > 0 && isNameAmongWords(cursor, count))) count++;
  const isColon = !cursor.isColonSeparator && cursor.at(":", count);
  const behind = cursor.peek(isColon ? count + 1 : count);
  const words = Array.from({ length: count }, (_, offset) => cursor.peek(offset)?.text).join(" ");
  // "all real numbers less than or equal to 3" are numbers.
  if (/ than or equal to$/i.test(words)) return null;
  if (count === 0 || !behind || (!isColon && (!isLeadIn(words) || !startsValue(behind)))) return null;
  if (isColon && (negates(words) || isGuess(words))) cursor.fail("words that deny the value");
  for (let rest = isColon ? count + 1 : count; rest > 0; rest--) cursor.next();
  const name = words.replace(/:$| (?:is|are|equals|equal to|be)$/gi, "").trim();
  const isNothing = /\b(?:answer|solution|result|part|case|option|choice)\b/i.test(words) || name.length < 3;
  return isNothing ? "" : name;
}

/** "the value of x is": the letter between words. */
function isNameAmongWords(cursor: Cursor, offset: number): boolean {
  return cursor.peek(offset)?.kind === "letter" && cursor.peek(offset + 1)?.kind === "text" && offset < 8;
}

/** "about 5". */
function isHedgedValue(cursor: Cursor): boolean {
  const [words, value] = [cursor.peek(), cursor.peek(1)];
  if (words?.kind !== "text" || value === undefined || value.kind === "text") return false;
  // "all x > 3"
  const isUniversal = /^(?:all|any|every)(?: real)?$/i.test(words.text) && value.kind === "letter";
  const sign = cursor.peek(2);
  return (
    isApproximately(words.text) || (isUniversal && sign?.kind === "sign" && relationSigns.has(sign.text))
  );
}

/** A(1, 2): a point and its name. */
function pointOf(x: Expression): Expression {
  if (x.kind !== "product" || x.factors.length !== 2) return x;
  const [name, point] = x.factors;
  const isPoint = name?.kind === "symbol" && /^[A-Z](?:_|'|$)/.test(name.name) && point?.kind === "bracketed";
  return isPoint && point.open === "(" && point.close === ")"
    ? { kind: "relation", operands: [name, point], operators: ["="] }
    : x;
}
