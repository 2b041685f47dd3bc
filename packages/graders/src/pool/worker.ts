/**
 * A worker thread of the pool: grades one item after the other and answers in order. It is ended from outside when it takes
 * too long; nothing in here watches the time.
 */

import { writeSync } from "node:fs";
import { workerData } from "node:worker_threads";
import { compareAnswers } from "../compare/compare-answers.ts";
import { cutText } from "../cut-text.ts";
import { extractAnswer } from "../extract/extract-answer.ts";
import { gradeResponse, mathRewards } from "../reward/grade-response.ts";
import { checkGraderResult, type Grader, type GraderTools } from "../reward/grader.ts";
import { gradeWithPreset, presets } from "../reward/presets.ts";
import {
  type GradeItem,
  type PoolVerdict,
  type WorkerReply,
  type WorkerSettings,
  withoutAnswer,
} from "./contract.ts";
import { GraderPoolError } from "./errors.ts";
import { progressOf } from "./progress.ts";

const settings = workerData as WorkerSettings;
// What a grader prints must not mix with the program's own output. Written at once: a thread that never comes back sends nothing on.
if (settings.grader !== null) {
  for (const stream of [process.stdout, process.stderr]) stream.write = writeNow as typeof stream.write;
}
const progress = progressOf(settings.progress);
const tools: GraderTools = { extractAnswer, compareAnswers, gradeResponse };

const STANDARD_ERROR = 2;

function writeNow(chunk: string | Uint8Array, ...rest: readonly unknown[]): boolean {
  try {
    writeSync(STANDARD_ERROR, chunk as string);
  } catch {
    // Nobody reads it.
  }
  const done = rest.at(-1);
  if (typeof done === "function") queueMicrotask(done as () => void);
  return true;
}

function reply(message: WorkerReply): void {
  settings.port.postMessage(message);
}

function gradeBuiltIn({ text, answer = text, gold, options }: GradeItem): PoolVerdict {
  const grade = gradeWithPreset(presets[settings.preset], answer, gold, { ...settings.options, ...options });
  const { correct, reward, extracted, reason, verdict } = grade;
  if (verdict?.method === "limit") return { ...withoutAnswer("refused", reason), extracted, verdict };
  const boxed = reward >= mathRewards.wrongInBox;
  return { status: "graded", correct, reward, boxed, extracted, reason, verdict };
}

async function gradeWith(grader: Grader, item: GradeItem): Promise<PoolVerdict> {
  const { id = "", question = "", text, answer = text } = item;
  const gold = typeof item.gold === "string" ? item.gold : [item.gold.gold].flat().join(", ");
  let value: unknown;
  try {
    value = await grader({ id, question, gold, text, answer }, tools);
  } catch (error) {
    return withoutAnswer("failed", `the grader threw ${describe(error)}`);
  }
  try {
    return { status: "graded", ...checkGraderResult(value), verdict: null };
  } catch (error) {
    return withoutAnswer("failed", `the grader is wrong: ${(error as Error).message}`);
  }
}

/** @throws {GraderPoolError} */
async function loadGrader(url: string): Promise<Grader> {
  let module: { default?: unknown };
  try {
    module = (await import(url)) as typeof module;
  } catch (error) {
    throw new GraderPoolError("GRADER_NOT_LOADED", `importing it failed with ${describe(error)}`);
  }
  // Of TypeScript that Node takes for CommonJS the default export is `module.exports`, with ours in it.
  const outer = module.default as { readonly default?: unknown } | null | undefined;
  const grader = typeof outer === "object" ? outer?.default : outer;
  if (typeof grader !== "function") {
    const names = Object.keys(module).join(", ") || "nothing";
    throw new GraderPoolError(
      "GRADER_NO_DEFAULT_EXPORT",
      `its default export must be a function (sample) => ({ correct, reward }); it exports ${names}`,
    );
  }
  return grader as Grader;
}

/** What was thrown, for people. It may be anything, and looking at it may throw again. */
function describe(error: unknown): string {
  try {
    if (!(error instanceof Error)) return `${typeof error} ${cutText(String(error), 200)}`;
    const [place = ""] = error instanceof SyntaxError ? (error.stack ?? "").split("\n") : [];
    const message = cutText(String(error.message), 1000);
    return `${error.name}: ${message}${place.startsWith("file:") ? ` (${place})` : ""}`;
  } catch {
    return `${typeof error} that cannot be shown`;
  }
}

/** Verdicts go out together, so that a message costs less than grading does, but none waits much longer than this. */
const mostDelayMs = 5;

/** One batch of items after the other. */
function serve(grader: Grader | null): void {
  let before: Promise<void> = Promise.resolve();
  settings.port.on("message", (items: readonly GradeItem[]) => {
    before = before.then(() => gradeBatch(items, grader));
  });
  reply({ type: "ready" });
}

async function gradeBatch(items: readonly GradeItem[], grader: Grader | null): Promise<void> {
  let verdicts: PoolVerdict[] = [];
  let since = performance.now();
  for (const item of items) {
    progress.begin();
    verdicts.push(grader ? await gradeWith(grader, item) : gradeBuiltIn(item));
    progress.finish();
    if (performance.now() - since < mostDelayMs) continue;
    reply({ type: "verdicts", verdicts });
    verdicts = [];
    since = performance.now();
  }
  if (verdicts.length > 0) reply({ type: "verdicts", verdicts });
}

try {
  serve(settings.grader === null ? null : await loadGrader(settings.grader));
} catch (error) {
  if (!(error instanceof GraderPoolError)) throw error;
  reply({ type: "unusable", code: error.code, message: error.message });
}
