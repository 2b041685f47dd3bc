/**
 * Our verdicts beside another program's: where they disagree, and what kind of disagreement it is. No input or output here.
 */
import { cutText } from "../cut-text.ts";
import type { PoolVerdict } from "../pool/contract.ts";
import { BadLine } from "./grade-line.ts";

/** What the other program says: null where it gave no verdict. */
export type TheirVerdict = boolean | null;

/** One line on which the two differ. */
export interface Disagreement {
  readonly line: number;
  readonly id: string | null;
  /** Who says what: "right here, wrong there". */
  readonly kind: string;
  /** How our grader came to its verdict: the method of an equality, or what was missing. */
  readonly how: string;
  readonly gold: string;
  readonly answer: string;
  readonly extracted: string | null;
  readonly reason: string;
}

const usualFields = ["correct", "is_correct", "equal", "expected_bool", "expected", "score", "reward"];
const rightWords = new Set(["true", "yes", "right", "correct", "equal"]);
const wrongWords = new Set(["false", "no", "wrong", "incorrect", "unequal"]);

/** The other program's verdict in a row. @throws {BadLine} that names the field */
export function theirVerdict(
  row: Readonly<Record<string, unknown>>,
  field: string | null,
  threshold: number | null,
): TheirVerdict {
  const name = field ?? usualFields.find((usual) => Object.hasOwn(row, usual));
  if (name === undefined)
    throw new BadLine(`no field ${usualFields.map((usual) => `"${usual}"`).join(", ")}`);
  const value = row[name];
  if (value === undefined) throw new BadLine(`"${name}" is missing`);
  if (value === null || typeof value === "boolean") return value;
  if (typeof value === "number") {
    if (threshold !== null) return value >= threshold;
    if (value >= 0 && value <= 1) return value > 0.5;
    throw new BadLine(
      `"${name}" is ${value}, no verdict from 0 to 1; --threshold N says which numbers are right`,
    );
  }
  const word = typeof value === "string" ? value.trim().toLowerCase() : "";
  if (rightWords.has(word)) return true;
  if (wrongWords.has(word)) return false;
  throw new BadLine(`"${name}" is ${cutText(JSON.stringify(value), 60)}; wanted true or false`);
}

/** "right here, wrong there", or null where the two agree. Two programs without a verdict agree. */
export function kindOf(ours: PoolVerdict, theirs: TheirVerdict): string | null {
  const here = ours.status === "graded" ? ours.correct : null;
  if (here === theirs) return null;
  return `${word(here)} here, ${word(theirs)} there`;
}

function word(verdict: TheirVerdict): string {
  if (verdict === null) return "no verdict";
  return verdict ? "right" : "wrong";
}

/** How our grader came to its verdict. */
export function howOf({ status, correct, extracted, verdict }: PoolVerdict): string {
  if (status !== "graded") return status;
  if (extracted === null) return "no answer found";
  if (!verdict) return "no comparison";
  if (correct) return verdict.method;
  if (verdict.gold.kind === null) return "the reference is not read as mathematics";
  if (verdict.answer.kind === null) return "the answer is not read as mathematics";
  if (verdict.hedges) return "a hedge";
  return verdict.equal ? "several boxes" : verdict.method;
}

/** The disagreements for people: counts, then each kind with its own counts and its first lines. */
export function renderAudit(total: number, disagreements: readonly Disagreement[], limit: number): string {
  const agreeing = total - disagreements.length;
  const share = total === 0 ? "" : ` (${((100 * agreeing) / total).toFixed(2)} %)`;
  const lines = [`${agreeing} of ${total} agree${share}, ${disagreements.length} disagree`];
  for (const [kind, ofKind] of groups(disagreements, (one) => one.kind)) {
    const hows = groups(ofKind, (one) => one.how).map(([how, all]) => `${how} ${all.length}`);
    lines.push("", `${kind}: ${ofKind.length} (${hows.join(", ")})`);
    for (const { line, id, gold, answer, extracted, reason } of ofKind.slice(0, limit)) {
      const place = id === null ? `line ${line}` : `line ${line}, id ${id}`;
      lines.push(`  ${place}: gold ${show(gold)}, answer ${show(extracted ?? answer)}; here: ${reason}`);
    }
    if (ofKind.length > limit) lines.push(`  ... and ${ofKind.length - limit} more (--limit)`);
  }
  return lines.join("\n");
}

/** Largest group first. */
function groups<T>(items: readonly T[], keyOf: (item: T) => string): [string, T[]][] {
  const found = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = found.get(key);
    if (group) group.push(item);
    else found.set(key, [item]);
  }
  return [...found].sort(([, a], [, b]) => b.length - a.length);
}

function show(text: string): string {
  return JSON.stringify(text.length > 100 ? `${cutText(text, 97)}...` : text);
}
