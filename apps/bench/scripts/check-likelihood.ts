/**
 * `evaluate` on likelihood tasks against PyTorch: log-probabilities of every choice of rows spread over ARC, HellaSwag and MMLU,
 * in float32, with our batches and shared contexts. They are compared with fixtures/likelihood-smollm2.json, 100 rows of each task
 * that fixtures-scripts/likelihood_pytorch.py computed one by one, and some rows are computed by it again, prompt and all.
 *
 *   SOFT_TOKENS_SHARED=FOLDER SOFT_TOKENS_SMOLLM2=FOLDER SOFT_TOKENS_PYTHON=python \
 *     node --conditions=@soft-tokens/source --import tsx apps/bench/scripts/check-likelihood.ts [--rows 100] [--python 2] [--write]
 *
 * `--rows`: of each task (default 10; the fixture has 100); `--python`: how many of them are computed again (default 1); `--write`: computes
 * by PyTorch what the fixture lacks, all of it for another model or other files. The fixture holds line numbers and values only, no text of a data set.
 */

import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { openBackend } from "@soft-tokens/app-common";
import { type ChoiceQuestion, findNamedTask, loadChoiceTask, type ScoredQuestion } from "@soft-tokens/evals";
import { loadModel } from "@soft-tokens/model";
import { createScoreFunction } from "../src/evaluate/score-choices.ts";
import { createChecks } from "./checks.ts";

/** Nats per token. */
const TOLERANCE = 1e-3;
const FIXTURE = fileURLToPath(new URL("../fixtures/likelihood-smollm2.json", import.meta.url));
const REFERENCE = fileURLToPath(new URL("../fixtures-scripts/likelihood_pytorch.py", import.meta.url));
const ROWS = 100;
const FILES = {
  arc_easy: "mcq/arc_easy_test.jsonl",
  arc_challenge: "mcq/arc_challenge_test.jsonl",
  hellaswag: "mcq/hellaswag_val.jsonl",
  mmlu: "mcq/mmlu_test.jsonl",
} as const;
type TaskName = keyof typeof FILES;
const TASKS = Object.keys(FILES) as TaskName[];

/** By line of the data file: per choice its number of tokens and the sum of their log-probabilities. */
interface StoredRow {
  readonly line: number;
  readonly gold: number;
  readonly tokens: readonly number[];
  readonly logProbs: readonly number[];
}
interface Fixture {
  readonly weights: string;
  readonly tasks: Record<TaskName, { readonly sha256: string; readonly rows: readonly StoredRow[] }>;
}
interface ReferenceRow {
  readonly task: TaskName;
  readonly line: number;
  readonly context: string;
  readonly choices: readonly { readonly text: string; readonly tokens: number; readonly logProb: number }[];
  readonly gold: number;
}

const { values: flags } = parseArgs({
  options: {
    rows: { type: "string", default: "10" },
    python: { type: "string", default: "1" },
    write: { type: "boolean", default: false },
  },
});
const wantedRows = count("--rows", flags.rows);
const wantedAgain = count("--python", flags.python);
const shared = environment("SOFT_TOKENS_SHARED");
const modelFolder = environment("SOFT_TOKENS_SMOLLM2");
const python = environment("SOFT_TOKENS_PYTHON");

const { check, finish } = createChecks();

const weights = createHash("sha256")
  .update(readFileSync(join(modelFolder, "model.safetensors")))
  .digest("hex");
const tasks = await Promise.all(
  TASKS.map(async (name) => {
    const named = findNamedTask(name);
    if (named?.kind !== "likelihood") throw new Error(`${name} is no likelihood task`);
    const file = join(shared, "data", FILES[name]);
    const task = await loadChoiceTask({ file, name, form: named.form });
    return { name, task, lines: readFileSync(file, "utf8").trimEnd().split("\n") };
  }),
);

if (flags.write) await completeFixture();
if (!existsSync(FIXTURE)) stop(`${FIXTURE} is not there; --write makes it`);
const fixture = JSON.parse(readFileSync(FIXTURE, "utf8")) as Fixture;
check("the model is the fixture's", weights === fixture.weights, `sha256 ${weights.slice(0, 12)}`);

const { backend, reason } = await openBackend("auto");
using model = await loadModel(modelFolder, { backend, dtype: "float32" });
process.stdout.write(`${reason}\n`);
const score = createScoreFunction({ model });
for (const { name, task, lines } of tasks) {
  const known = fixture.tasks[name] ?? stop(`${FIXTURE} has no rows of ${name}; --write computes them`);
  check(
    `${name}: the data are the fixture's`,
    task.source.sha256 === known.sha256,
    `${task.questions.length} rows`,
  );
  const rows = spread(known.rows.length, wantedRows).map((index) => known.rows[index] as StoredRow);
  const questions = rows.map(({ line }) => task.questions[line - 1] as ChoiceQuestion);
  const scored = new Map<string, ScoredQuestion>();
  const started = process.cpuUsage();
  for await (const batch of score(questions, {})) for (const one of batch) scored.set(one.id, one);
  const seconds = process.cpuUsage(started).user / 1e6;
  const ours = questions.map(({ id }) => scored.get(id) as ScoredQuestion);
  const worst = Math.max(...rows.map((row, index) => gapPerToken(row, ours[index] as ScoredQuestion)));
  const sameTokens = rows.every((row, index) =>
    row.tokens.every((count, choice) => count === ours[index]?.choices[choice]?.tokens),
  );
  const sameGold = rows.every((row, index) => row.gold === questions[index]?.gold);
  check(
    `${name}: tokens and right answers of ${rows.length} rows`,
    sameTokens && sameGold,
    "as PyTorch has them",
  );
  check(
    `${name}: log-probabilities of ${rows.length} rows`,
    worst <= TOLERANCE,
    `${worst.toExponential(1)} nats per token apart at most, allowed ${TOLERANCE}; ${seconds.toFixed(1)} s of processor`,
  );

  const again = spread(rows.length, wantedAgain).map((index) => rows[index] as StoredRow);
  const fresh = await reference(
    again.map(({ line }) => ({ task: name, line, row: JSON.parse(lines[line - 1] as string) })),
  );
  const samePrompts = fresh.every(({ line, context, choices, gold }) => {
    const question = task.questions[line - 1];
    return (
      question?.context === context &&
      question.gold === gold &&
      choices.every(({ text }, index) => text === question.choices[index])
    );
  });
  check(`${name}: prompts of ${again.length} rows, written again`, samePrompts, "the same text");
  const drift = Math.max(...again.map((row, index) => gapPerToken(row, fresh[index] as ReferenceRow)));
  check(
    `${name}: PyTorch gives the fixture's values again`,
    drift <= 1e-4,
    `${drift.toExponential(1)} apart`,
  );
}
backend[Symbol.dispose]();
finish();
process.exit();

function gapPerToken(row: StoredRow, { choices }: Pick<ScoredQuestion, "choices">): number {
  return Math.max(
    ...row.logProbs.map(
      (logProb, index) =>
        Math.abs(logProb - (choices[index]?.logProb ?? Number.NaN)) / (row.tokens[index] as number),
    ),
  );
}

/** `wanted` of `count` indexes, evenly. */
function spread(count: number, wanted: number): number[] {
  const size = Math.min(count, wanted);
  return Array.from({ length: size }, (_, index) => Math.floor((index * count) / size));
}

/** Rows evenly over each file, through PyTorch, one after the other; written task by task, so that a stop costs one of them. */
async function completeFixture(): Promise<void> {
  const there = existsSync(FIXTURE) ? (JSON.parse(readFileSync(FIXTURE, "utf8")) as Fixture) : null;
  const made: Partial<Fixture["tasks"]> = there?.weights === weights ? { ...there.tasks } : {};
  for (const { name, task, lines } of tasks) {
    const { sha256 } = task.source;
    const known = made[name]?.sha256 === sha256 ? made[name].rows : [];
    const wanted = spread(lines.length, ROWS).map((index) => index + 1);
    const missing = wanted.filter((line) => !known.some((row) => row.line === line));
    const fresh = await reference(
      missing.map((line) => ({ task: name, line, row: JSON.parse(lines[line - 1] as string) })),
    );
    const rows = [...known, ...fresh.map(toStored)].filter(({ line }) => wanted.includes(line));
    made[name] = { sha256, rows: rows.sort((a, b) => a.line - b.line) };
    writeFileSync(FIXTURE, stringify({ weights, tasks: made as Fixture["tasks"] })); // whole after the last task
    process.stdout.write(`${name}: ${fresh.length} of ${rows.length} rows computed\n`);
  }
}

function toStored({ line, gold, choices }: ReferenceRow): StoredRow {
  return {
    line,
    gold,
    tokens: choices.map(({ tokens }) => tokens),
    logProbs: choices.map(({ logProb }) => Number(logProb.toFixed(5))),
  };
}

function stringify(made: Fixture): string {
  return `${JSON.stringify(made).replaceAll('{"line"', '\n{"line"')}\n`;
}

async function reference(requests: readonly object[]): Promise<ReferenceRow[]> {
  if (requests.length === 0) return [];
  const child = spawn(python, [REFERENCE, modelFolder], { stdio: ["pipe", "pipe", "inherit"] });
  child.stdin.end(requests.map((request) => `${JSON.stringify(request)}\n`).join(""));
  let output = "";
  for await (const part of child.stdout.setEncoding("utf8")) output += part;
  const rows = output
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as ReferenceRow);
  if (rows.length !== requests.length)
    throw new Error(`${REFERENCE}: wanted ${requests.length} rows, got ${rows.length}`);
  return rows;
}

function environment(name: string): string {
  const value = process.env[name];
  return value || stop(`set ${name}`);
}

/** An empty comparison would pass. */
function count(option: string, text: string): number {
  return /^[1-9]\d*$/u.test(text)
    ? Number(text)
    : stop(`${option} ${text}: wanted a whole number of at least 1`);
}

function stop(message: string): never {
  process.stderr.write(`check-likelihood: ${message}\n`);
  process.exit(2);
}
