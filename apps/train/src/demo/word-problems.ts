/**
 * The demo's world: little word problems of two steps of arithmetic, with worked answers in which good working and a bad
 * habit are mixed. A model taught by such examples solves a problem when it works it out and mostly fails when it guesses, so
 * that reinforcement has something to choose.
 *
 * Everything is drawn from a key by index: the same index is the same problem wherever it is used.
 */

import { fillUniform, type RandomKey } from "@soft-tokens/tensor";

export interface WordProblem {
  readonly question: string;
  readonly answer: number;
  readonly steps: readonly [Step, Step];
}

interface Step {
  readonly left: number;
  readonly operation: Operation;
  readonly right: number;
  readonly result: number;
}

type Operation = "+" | "-" | "*";

/** Largest number in any problem or working: each number is one token. */
export const LARGEST_NUMBER = 59;

const NAMES = ["Tom", "Anna", "Ben", "Mia", "Leo", "Nina", "Sam", "Eva"];
const THINGS = ["apples", "coins", "books", "cards", "shells", "pens", "stamps", "cakes"];

/** A, B and C are the numbers in the order of the text, N and M names, T a thing. */
const TEMPLATES: readonly (readonly [text: string, first: Operation, second: Operation])[] = [
  ["N has A T . Then N buys B more and gives C away . How many T are left ?", "+", "-"],
  ["N has A T . Then N gives B away and buys C more . How many T are left ?", "-", "+"],
  ["N has A T . Then N finds B more and buys C more . How many T now ?", "+", "+"],
  ["N has A T . Then N loses B and gives C away . How many T are left ?", "-", "-"],
  ["There are A bags with B T each . N takes C away . How many T are left ?", "*", "-"],
  ["There are A bags with B T each . N adds C more . How many T now ?", "*", "+"],
  ["M has A T and N has B more than M . N loses C . How many T has N now ?", "+", "-"],
  ["M has A T and N has B less than M . N finds C . How many T has N now ?", "-", "+"],
];

/** What a worked example begins with, before it works or guesses. */
const OPENING = "So ,";
const END = "The final answer is: ";

/** All words that can come, for the tokenizer. */
export function vocabularyWords(): string[] {
  const words = TEMPLATES.flatMap(([text]) => text.split(" ")).filter((word) => !/^[A-Z]$/.test(word));
  return [...new Set([...words, ...NAMES, ...THINGS, "So", ",", "+", "-", "*", "=", ";", "I", "guess"])];
}

function wordProblem(key: RandomKey, index: number): WordProblem {
  for (let attempt = 0; ; attempt++) {
    const draw = drawer(key.fold("problem", index, attempt));
    const [text, first, second] = draw.pick(TEMPLATES);
    const [name, other, thing] = [draw.pick(NAMES), draw.pick(NAMES), draw.pick(THINGS)];
    const isProduct = first === "*";
    const a = isProduct ? draw.whole(2, 5) : draw.whole(5, 40);
    const [b, c] = [draw.whole(2, 9), draw.whole(2, 9)];
    const middle = apply(first, a, b);
    const answer = apply(second, middle, c);
    if (name === other || !isAllowed(middle) || !isAllowed(answer)) continue;
    const values: Record<string, string> = {
      N: name,
      M: other,
      T: thing,
      A: String(a),
      B: String(b),
      C: String(c),
    };
    return {
      question: text.replace(/\b[ABCMNT]\b/g, (letter) => values[letter] as string),
      answer,
      steps: [
        { left: a, operation: first, right: b, result: middle },
        { left: middle, operation: second, right: c, result: answer },
      ],
    };
  }
}

/** One problem in eight is reserved for tests and never trained on, by its text. */
function isTestProblem({ question }: WordProblem): boolean {
  let hash = 2166136261; // FNV-1a
  for (const byte of new TextEncoder().encode(question)) hash = Math.imul(hash ^ byte, 16777619) >>> 0;
  return (hash >>> 13) % 8 === 0;
}

/** The first `count` different problems of a kind. */
export function selectProblems(key: RandomKey, count: number, kind: "train" | "test"): WordProblem[] {
  const selected = new Map<string, WordProblem>();
  for (let index = 0; selected.size < count; index++) {
    const problem = wordProblem(key, index);
    if (isTestProblem(problem) === (kind === "test")) selected.set(problem.question, problem);
  }
  return [...selected.values()];
}

/** " So , 38 + 7 = 45 ; 45 - 4 = 41 ; The final answer is: \boxed{ 41}" */
export function goodWorking({ steps, answer }: WordProblem): string {
  const lines = steps.map(
    ({ left, operation, right, result }) => `${left} ${operation} ${right} = ${result} ;`,
  );
  return completion(lines.join(" "), answer);
}

/** No working, and a number near one of the text: " So , I guess 31 ; The final answer is: \boxed{ 31}" */
export function guessing({ steps: [first, second] }: WordProblem, key: RandomKey): string {
  const draw = drawer(key);
  const near = draw.pick([first.left, first.right, second.right, first.result]) + draw.whole(-6, 6);
  const guess = Math.max(1, Math.min(LARGEST_NUMBER, near));
  return completion(`I guess ${guess} ;`, guess);
}

function completion(working: string, answer: number): string {
  return ` ${OPENING} ${working} ${END}\\boxed{ ${answer}}`;
}

function apply(operation: Operation, left: number, right: number): number {
  switch (operation) {
    case "+":
      return left + right;
    case "-":
      return left - right;
    case "*":
      return left * right;
    default:
      return operation satisfies never;
  }
}

function isAllowed(value: number): boolean {
  return value >= 1 && value <= LARGEST_NUMBER;
}

/** Draws one after the other from a key of their own. */
function drawer(key: RandomKey) {
  const uniforms = new Float32Array(16);
  fillUniform(key, uniforms);
  let next = 0;
  const uniform = () => uniforms[next++] as number;
  return {
    uniform,
    /** Both ends included. */
    whole: (low: number, high: number) => low + Math.floor(uniform() * (high - low + 1)),
    pick: <T>(items: readonly T[]): T => items[Math.floor(uniform() * items.length)] as T,
  };
}
