/**
 * Reports from the field about data, through the real commands and readers: rows that once became something else in silence, or
 * ended a run when their turn came.
 *   SOFT_TOKENS_SHARED=FOLDER node --conditions=@soft-tokens/source --import tsx apps/train/scripts/check-field-data.ts
 * FOLDER holds field/models. Prints `N passed, N failed`.
 */

import { spawn } from "node:child_process";
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { loadProblems } from "@soft-tokens/app-common";
import { findNamedTask, loadChoiceTask } from "@soft-tokens/evals";
import { loadExamples } from "../src/training/examples.ts";

const shared = process.env.SOFT_TOKENS_SHARED;
if (!shared) {
  process.stderr.write("check-field-data: set SOFT_TOKENS_SHARED to the folder that holds field/models\n");
  process.exit(2);
}
const field = join(shared, "field/models");
const main = fileURLToPath(new URL("../src/main.ts", import.meta.url));
const work = mkdtempSync(join(tmpdir(), "field-data-"));
const failures: string[] = [];
let passed = 0;

try {
  await readers();
  await refusedBeforeTheFirstStep();
  await otherData();
} finally {
  rmSync(work, { recursive: true, force: true });
}
for (const failure of failures) process.stdout.write(`${failure}\n`);
process.stdout.write(`${passed} passed, ${failures.length} failed\n`);
process.exitCode = failures.length === 0 ? 0 : 1;

/** One reader: the same row has the same reference for supervised training, training by reward and evaluation. */
async function readers(): Promise<void> {
  const heading = join(field, "sft-markdown-heading/data.jsonl");
  const [example] = (await loadExamples(from(heading))).examples;
  check("a heading is no answer", example?.completion ?? "", /Step 1: Count.*Step 2: Add.*\\boxed\{17\}$/);
  const { questions } = await loadProblems({ data: heading, task: "auto", split: "train" });
  check("a heading is no reference", questions[0]?.answer, "17");

  const proof = join(field, "sft-proof-without-answer/data.jsonl");
  check(
    "a proof is no answer",
    await failureOf(loadExamples(from(proof))),
    /data\.jsonl, line 1, field "solution"/,
  );
  const rest = await loadExamples({ ...from(proof), skipBad: true });
  check("a proof is left out on request", [rest.examples.length, rest.source.skipped], [1, 1]);

  const several = rows("several.jsonl", [
    { problem: "p", solution: "They are $\\boxed{(-3,11)}$ and $\\boxed{(7,31)}$." },
  ]);
  const listed = await loadProblems({ data: several, task: "math", split: "train" });
  check("boxes that one sentence lists", listed.questions[0]?.answer, "(-3,11), (7,31)");
  check(
    "the same for supervised training",
    (await loadExamples(from(several))).examples[0]?.completion,
    /\\boxed\{\(-3,11\), \(7,31\)\}$/,
  );

  const choices = { text: ["a", "b", "c", "d"], label: ["1", "2", "3", "4"] };
  const keys = [2, "2", 4].map((answerKey) => ({ question: "q", choices, answerKey }));
  check("ARC's key as a number", await golds("arc", keys), [1, 1, 3]);
  const ligature = {
    activity_label: "A",
    ctx_a: "Look.",
    ctx_b: "\ufb01nd It",
    endings: ["a", "b"],
    label: "1",
  };
  const [row] = (await choiceTask("hellaswag", [ligature])).questions;
  check("a ligature at the start of a clause", row?.context, "A: Look. Find it");
}

async function refusedBeforeTheFirstStep(): Promise<void> {
  for (const [name, wanted] of [
    ["sft-not-utf8", /data\.jsonl, line 1: not valid UTF-8/],
    ["sft-overlong-example", /data\.jsonl, line 8: \d+ tokens .* the model's 128 positions/],
    [
      "prompt-id-outside-embeddings",
      /data\.jsonl, line 1: .*<\|eot\|> is id 267, the model has 267 embeddings/,
    ],
    ["eos-outside-embeddings", /eos_token <\|end\|> is id 265, the model has 265 embeddings/],
  ] as const) {
    const out = join(work, name);
    const run = await sft(name, join(field, name, "data.jsonl"), out);
    check(`${name} is refused`, [run.status, existsSync(join(out, "config.json"))], [1, false]);
    check(`${name} says what and where`, run.stderr, wanted);
  }
  for (const [name, left] of [
    ["sft-overlong-example", 1],
    ["prompt-id-outside-embeddings", 1],
  ] as const) {
    const out = join(work, `${name}-skipped`);
    const run = await sft(name, join(field, name, "data.jsonl"), out, "--skip-bad");
    check(`${name} trains without the row`, [run.status, config(out).resolved.data.unfit], [0, left]);
    check(`${name} counts it`, run.stderr, /1 row left out/);
  }
  const mended = join(work, "mended");
  const without = join(field, "sft-overlong-example/data-without-the-row.jsonl");
  check(
    "sft-overlong-example trains once the row is gone",
    (await sft("sft-overlong-example", without, mended)).status,
    0,
  );
}

/** A run goes on with the bytes that it began with, wherever they are now. */
async function otherData(): Promise<void> {
  const name = "resume-sft-other-data";
  const [data, moved, out] = [join(work, "d.jsonl"), join(work, "moved.jsonl"), join(work, "run")];
  copyFileSync(join(field, name, "data.jsonl"), data);
  copyFileSync(data, moved);
  check("a run begins", (await sft(name, data, out)).status, 0);
  const first: string = config(out).resolved.data.sha256;
  check("and goes on with its data under another path", (await sft(name, moved, out)).status, 0);
  copyFileSync(join(field, name, "other.jsonl"), data);
  const refused = await sft(name, data, out);
  check("other data is refused", refused.status, 2);
  check(
    "with both checksums",
    refused.stderr,
    new RegExp(`sha256 ${first} .*there, sha256 [0-9a-f]{64} .*now`),
  );
  check("and the first one is kept", config(out).resolved.data.sha256, first);
}

function from(data: string) {
  return { data, promptTemplate: "Q: QUESTION A:" };
}

function rows(name: string, list: readonly unknown[]): string {
  const file = join(work, name);
  writeFileSync(file, list.map((row) => `${JSON.stringify(row)}\n`).join(""));
  return file;
}

async function golds(name: string, list: readonly unknown[]): Promise<number[]> {
  return (await choiceTask(name, list)).questions.map(({ gold }) => gold);
}

function choiceTask(name: string, list: readonly unknown[]) {
  const named = findNamedTask(name);
  if (named?.kind !== "likelihood") throw new Error(`${name} is no likelihood task`);
  return loadChoiceTask({ file: rows(`${name}.jsonl`, list), name, form: named.form });
}

/** Three steps of supervised training of a case's model. */
function sft(name: string, data: string, out: string, ...more: string[]) {
  const settings = "--steps 3 --batch-size 2 --warmup-steps 0 --length-bucket 1 --backend tfjs-cpu".split(
    " ",
  );
  const args = [
    "sft",
    "--model",
    join(field, name, "model"),
    "--data",
    data,
    "--out",
    out,
    ...settings,
    ...more,
  ];
  return new Promise<{ status: number | null; stderr: string }>((resolve, reject) => {
    const child = spawn(process.execPath, [...process.execArgv, main, ...args], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    let stderr = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    child.on("error", reject);
    child.on("close", (status) => resolve({ status, stderr }));
  });
}

function config(out: string) {
  return JSON.parse(readFileSync(join(out, "config.json"), "utf8"));
}

async function failureOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => "no error",
    (error: unknown) => String(error),
  );
}

function check(title: string, got: unknown, wanted: unknown): void {
  const isRight =
    wanted instanceof RegExp ? wanted.test(String(got)) : JSON.stringify(got) === JSON.stringify(wanted);
  if (isRight) passed++;
  else
    failures.push(
      `${title}: wanted ${wanted instanceof RegExp ? wanted : JSON.stringify(wanted)}, got ${JSON.stringify(got)}`,
    );
}
