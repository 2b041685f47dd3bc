/**
 * The references of MATH, GSM8K and OlympiadBench: each can be read, equals itself and its common rewritings, and
 * differs from near misses. Rewritings and near misses are generated, so nothing here is tuned to a single reference.
 */
import { compareAnswers, referenceOf } from "../../src/index.ts";
import { type Finding, oneLine, readRows, text } from "./data.ts";

export interface Reference {
  readonly id: string;
  readonly subject: string;
  readonly answer: string;
}

export function readReferences(): readonly Reference[] {
  const math = ["math/math_train.jsonl", "math/math_test.jsonl"].flatMap((path) =>
    readRows(path).map((row) => ({
      id: text(row, "unique_id") ?? "",
      subject: text(row, "subject") ?? "",
      answer: text(row, "answer") ?? "",
    })),
  );
  const gsm8k = ["gsm8k/gsm8k_train.jsonl", "gsm8k/gsm8k_test.jsonl"].flatMap((path) =>
    readRows(path).map((row) => ({
      id: `${path} ${row.index}`,
      subject: "gsm8k",
      answer: referenceOf(text(row, "answer") ?? ""),
    })),
  );
  const olympiad = readRows("olympiad/olympiadbench_test.jsonl").map((row) => ({
    id: `olympiad ${String(row.fields.id)}`,
    subject: `olympiad ${String(row.fields.subfield)}`,
    answer: String((row.fields.final_answer as readonly unknown[])[0]),
  }));
  return [...math, ...gsm8k, ...olympiad];
}

/** Readable, and equal to itself through its trees: a space is added so that the texts differ from the first character. */
export function checkReadable(references: readonly Reference[]): readonly Finding[] {
  return references.map(({ id, answer }) => {
    const verdict = compareAnswers(answer, `{${answer}}`);
    return {
      key: `reference ${id}`,
      isAgreement: verdict.equal && verdict.gold.kind !== null,
      detail: `${oneLine(answer)}: ${verdict.reason}`,
    };
  });
}

type Rewriting = readonly [name: string, rewrite: (answer: string) => string];

const rewritings: readonly Rewriting[] = [
  ["display fractions", (s) => s.replaceAll("\\frac", "\\dfrac").replaceAll("\\tfrac", "\\dfrac")],
  ["text fractions", (s) => s.replaceAll("\\dfrac", "\\tfrac")],
  ["spaces around signs", (s) => s.replace(/([+=])/g, " $1 ")],
  ["dollars", (s) => `$${s}$`],
  ["no \\left \\right", (s) => s.replaceAll("\\left", "").replaceAll("\\right", "")],
  ["Unicode minus", (s) => s.replaceAll("-", "−")],
  ["Unicode pi and infinity", (s) => s.replaceAll("\\pi", "π").replaceAll("\\infty", "∞")],
  ["no grouping", (s) => s.replaceAll(",\\!", "").replaceAll("{,}", "")],
  ["a full stop", (s) => `${s}.`],
  ["outer spaces", (s) => ` ${s}\n`],
  ["a name", (s) => (/^[-\d\\]/.test(s) && !/[,=N<>]|\\leq?|\\geq?|\\text|\\mbox/.test(s) ? `N = ${s}` : s)],
  ["slashed fraction", (s) => s.replace(/^(-?)\\[dt]?frac\{(\d+)\}\{(\d+)\}$/, "$1$2/$3")],
  ["sets in reverse", (s) => (/^-?[\d]+(?:, ?-?\d+)+$/.test(s) ? s.split(",").toReversed().join(", ") : s)],
  ["spaces around commas", (s) => s.replaceAll(", ", ",").replace(/([^\d\s]),(?=[^\s!])/g, "$1 , ")],
  ["pair in reverse", (s) => s.replace(/^\\\{([^,{}]+),([^,{}]+)\\\}$/, "\\{$2, $1\\}")],
  ["exact decimal", exactDecimal],
  [
    "unreduced",
    (s) => s.replace(/^(-?\\[dt]?frac)\{(\d+)\}\{(\d+)\}$/, (_, f, a, b) => `${f}{${3 * a}}{${3 * b}}`),
  ],
  ["trailing zeros", (s) => s.replace(/^(-?\d+\.\d+)$/, "$100").replace(/^(-?\d{1,3})$/, "$1.0")],
  ["scientific", (s) => s.replace(/^(-?)(\d)(\d{2})$/, "$1$2.$3 \\times 10^{2}")],
  ["caret fractions", (s) => s.replace(/\\sqrt\{(\d+)\}/g, "($1)^{1/2}")],
  [
    "sqrt as a word",
    (s) => (/\\sqrt\[|frac|text|\\[a-z]+\\sqrt/.test(s) ? s : s.replace(/\\sqrt\{(\w+)\}/g, "sqrt($1)")),
  ],
  ["starred products", (s) => s.replace(/^(\d+)\\(sqrt\{\d+\}|pi)$/, "$1*\\$2")],
  ["boxed in text", (s) => (/^-?\d+$/.test(s) ? `\\text{${s}}` : s)],
  ["terms in reverse", (s) => s.replace(/^(\d+) ?\+ ?(\d*\\sqrt\{\d+\})$/, "$2 + $1")],
];

/** a/b as a decimal, where that is exact. */
function exactDecimal(answer: string): string {
  const [, sign = "", top = "", bottom = ""] = /^(-?)\\[dt]?frac\{(\d+)\}\{(\d+)\}$/.exec(answer) ?? [];
  let rest = Number(bottom);
  for (const prime of [2, 5]) while (rest > 0 && rest % prime === 0) rest /= prime;
  return rest === 1 && bottom.length < 6 ? `${sign}${Number(top) / Number(bottom)}` : answer;
}

const nearMisses: readonly Rewriting[] = [
  ["last digit", (s) => s.replace(/\d(?=\D*$)/, nextDigit)],
  ["first digit", (s) => s.replace(/\d/, nextDigit)],
  [
    "sign",
    (s) => (/^-?0\b|^\\text|^-?[^\d]*0[^\d]*$/.test(s) ? s : s.startsWith("-") ? s.slice(1) : `-${s}`),
  ],
  ["minus for plus", (s) => s.replace(/([\w}]) ?\+/, "$1-")],
  ["dropped root", (s) => s.replace("\\sqrt", "")],
  ["dropped pi", (s) => s.replace("\\pi", "")],
  ["swapped pair", (s) => s.replace(/^\(([^,()\\]+),([^,()\\]+)\)$/, "($2,$1)")],
  ["round for square", (s) => s.replace("[", "(")],
  ["square for round", (s) => s.replace(/\)$/, "]")],
  [
    "another variable",
    (s) => (/[=<>]|\\[lg]eq?/.test(s) ? s : s.replace(/(?<![a-zA-Z\\])x(?![a-zA-Z])/g, "y")),
  ],
  ["another exponent", (s) => (s.includes("\\text") || s.includes("\\mbox") ? s : s.replace(/\^2/, "^3"))],
  ["inverted fraction", (s) => s.replace(/^\\frac\{(\d+)\}\{(\d+)\}$/, "\\frac{$2}{$1}")],
  ["one more", (s) => (/^-?\d+$/.test(s) ? String(Number(s) + 1) : s)],
  ["half", (s) => (/^-?[1-9]\d*$/.test(s) ? `\\frac{${s}}{2}` : s)],
  ["squared", (s) => (/^-?\d*\\(?:sqrt\{\d+\}|pi)$/.test(s) ? `(${s})^2` : s)],
  ["conjugate", (s) => s.replace(/^(.*[\w}]) ?- ?(\d*\\sqrt\{\d+\}|\d*i)$/, "$1 + $2")],
  ["one item less", (s) => s.replace(/^(-?\d+(?:, ?-?\d+)*), ?-?\d+$/, "$1")],
  ["rotated tuple", (s) => s.replace(/^\(([^,()\\]+),([^,()\\]+),([^,()\\]+)\)$/, "($2,$3,$1)")],
  ["reciprocal power", (s) => (/\\text|\\mbox/.test(s) ? s : s.replace(/\^2(?!\d)/, "^{-2}"))],
  ["degrees of more", (s) => s.replace(/^(\d+)(\^\\circ)$/, "$11$2")],
  ["another base", (s) => s.replace(/^(\d{2,})_\{?(\d)\}?$/, "$1_{1$2}")],
  ["one item more", (s) => `${s}, 123457`],
  ["intersection for union", (s) => s.replace("\\cup", "\\cap")],
  [
    "a tiny sum",
    (s) => (/^[-\d\\][^,=]*$/.test(s) && !/\\text|\\mbox|\\approx/.test(s) ? `${s}+0.0000001` : s),
  ],
  ["ten times", (s) => (/^[1-9]\d*$/.test(s) ? `${s}0` : s)],
];

function nextDigit(digit: string): string {
  return String((Number(digit) + 1) % 10);
}

/** Every distinct reference under every rewriting that changes it. */
export function checkRewritings(references: readonly Reference[]): readonly Finding[] {
  return checkChanges(references, rewritings, true, "rewriting");
}

export function checkNearMisses(references: readonly Reference[]): readonly Finding[] {
  return checkChanges(references, nearMisses, false, "near miss");
}

function checkChanges(
  references: readonly Reference[],
  changes: readonly Rewriting[],
  expected: boolean,
  label: string,
): readonly Finding[] {
  const distinct = new Map(references.map((reference) => [reference.answer, reference]));
  const findings: Finding[] = [];
  for (const { id, answer } of distinct.values()) {
    if (answer === "") continue;
    for (const [name, change] of changes) {
      const changed = change(answer);
      if (changed === answer || changed.replace(/\s/g, "") === answer.replace(/\s/g, "")) continue;
      const verdict = compareAnswers(answer, changed);
      findings.push({
        key: `${label} ${name}: ${id}`,
        isAgreement: verdict.equal === expected,
        detail: `${oneLine(answer)} | ${oneLine(changed)} | ${verdict.reason}`,
      });
    }
  }
  return findings;
}
