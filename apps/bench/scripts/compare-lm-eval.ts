/**
 * Likelihood tasks by our engine and by lm-evaluation-harness on transformers: the same model, precision, rows and prompts, in one
 * run on one machine, the two taking turns. Prints a Markdown table: accuracies, how far log-probabilities are apart, seconds.
 *
 *   SOFT_TOKENS_SHARED=FOLDER SOFT_TOKENS_SMOLLM2=FOLDER SOFT_TOKENS_PYTHON=python \
 *     node --conditions=@soft-tokens/source --import tsx apps/bench/scripts/compare-lm-eval.ts [--rows 20] [--rounds 3] [--batch 16]
 *       [--dtype float32] [--threads 0] [--tasks arc_easy,hellaswag,mmlu]
 *
 * The Python needs `lm_eval[hf]` (made with 0.4.13). Rows are spread over the file; both sides are given only them. Seconds are the
 * smallest of the rounds and leave loading out on both sides; tokenizing is in on both. `--batch` is the harness's batch size.
 */

import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { openBackend } from "@soft-tokens/app-common";
import {
  type ChoiceTask,
  evaluateLikelihood,
  findNamedTask,
  type LikelihoodResults,
  LikelihoodRowSchema,
  likeliest,
  loadChoiceTask,
} from "@soft-tokens/evals";
import { type LanguageModel, loadModel } from "@soft-tokens/model";
import { createScoreFunction } from "../src/evaluate/score-choices.ts";

const HARNESS = fileURLToPath(new URL("lm_eval_likelihood.py", import.meta.url));
const FILES: Readonly<Record<string, string>> = {
  arc_easy: "mcq/arc_easy_test.jsonl",
  arc_challenge: "mcq/arc_challenge_test.jsonl",
  hellaswag: "mcq/hellaswag_val.jsonl",
  mmlu: "mcq/mmlu_test.jsonl",
};

interface Harness {
  readonly seconds: number;
  readonly processorSeconds: number;
  readonly threads: number;
  readonly versions: Readonly<Record<string, string>>;
  readonly rows: readonly {
    readonly context: string;
    readonly logProbs: readonly number[];
    readonly acc: number;
    readonly acc_norm: number | null;
  }[];
}
interface Ours {
  readonly seconds: number;
  readonly processorSeconds: number;
  readonly results: LikelihoodResults;
  readonly rows: ReturnType<typeof LikelihoodRowSchema.parse>[];
}

const { values: flags } = parseArgs({
  options: {
    rows: { type: "string", default: "20" },
    rounds: { type: "string", default: "3" },
    batch: { type: "string", default: "16" },
    dtype: { type: "string", default: "float32" },
    threads: { type: "string", default: "0" },
    tasks: { type: "string", default: "arc_easy,hellaswag,mmlu" },
  },
});
const shared = environment("SOFT_TOKENS_SHARED");
const modelFolder = environment("SOFT_TOKENS_SMOLLM2");
const python = environment("SOFT_TOKENS_PYTHON");
const dtype = flags.dtype === "bfloat16" ? "bfloat16" : "float32";
const names = flags.tasks.split(",");
const unknown = names.find((name) => !(name in FILES));
if (unknown !== undefined) stop(`--tasks: ${unknown} is not one of ${Object.keys(FILES).join(", ")}`);

const temporary = mkdtempSync(join(tmpdir(), "compare-lm-eval-"));
const { backend, reason } = await openBackend("auto", { threads: Number(flags.threads) });
process.stderr.write(`${reason}\n`);
const model = await loadModel(modelFolder, { backend, dtype });
const lines: string[] = [];
let versions = "";
let failed = 0;
try {
  for (const name of names) {
    const { task, file } = await spreadRows(name);
    const ours: Ours[] = [];
    const theirs: Harness[] = [];
    await score(task, model, `${name}-warm`); // the first pass of a process packs weights and grows its memory
    for (let round = 0; round < Number(flags.rounds); round++) {
      ours.push(await score(task, model, `${name}-${round}`));
      theirs.push(await harness(name, file));
      process.stderr.write(
        `${name} round ${round + 1}: ${ours.at(-1)?.seconds.toFixed(2)} s, lm-eval ${theirs.at(-1)?.seconds.toFixed(2)} s\n`,
      );
    }
    lines.push(row(name, ours, theirs));
  }
} finally {
  model.dispose();
  backend[Symbol.dispose]();
  rmSync(temporary, { recursive: true });
}
process.stdout.write(
  [
    `${flags.rows} rows of each, ${dtype}, ${versions}; smallest of ${flags.rounds} rounds`,
    "",
    "| task | acc | lm-eval | acc_norm | lm-eval | nats per token apart | seconds | lm-eval | faster | processor | lm-eval | less |",
    "|---|---|---|---|---|---|---|---|---|---|---|---|",
    ...lines,
    "",
  ].join("\n"),
);
process.exit(failed === 0 ? 0 : 1);

function row(name: string, ours: readonly Ours[], theirs: readonly Harness[]): string {
  const [mine, his] = [ours[0] as Ours, theirs[0] as Harness];
  const samePrompts = mine.rows.every(({ context }, index) => context === his.rows[index]?.context);
  const gap = Math.max(
    ...mine.rows.flatMap(({ choices }, index) =>
      choices.map(
        ({ logProb, tokens }, choice) =>
          Math.abs(logProb - (his.rows[index]?.logProbs[choice] ?? Number.NaN)) / tokens,
      ),
    ),
  );
  const mean = (values: readonly (number | null)[]) =>
    values.some((value) => value === null)
      ? null
      : values.reduce<number>((sum, value) => sum + (value ?? 0), 0) / values.length;
  const share = (value: number | null) => (value === null ? "not given" : (100 * value).toFixed(1));
  const acc = mean(his.rows.map((one) => one.acc));
  if (!samePrompts) failed++;
  const flips = mine.rows.filter(
    (one, index) => Number(likeliest(one) === one.gold) !== his.rows[index]?.acc,
  ).length;
  const least = (values: readonly number[]) => Math.min(...values);
  const [s, t] = [least(ours.map(({ seconds }) => seconds)), least(theirs.map(({ seconds }) => seconds))];
  const [p, q] = [
    least(ours.map((one) => one.processorSeconds)),
    least(theirs.map((one) => one.processorSeconds)),
  ];
  versions = `lm_eval ${his.versions.lm_eval}, torch ${his.versions.torch}, transformers ${his.versions.transformers}, ${his.threads} threads`;
  return `| ${[
    `${name}${samePrompts ? "" : " (PROMPTS DIFFER)"}`,
    `${share(mine.results.metrics?.acc ?? null)}${flips > 0 ? ` (${flips} rows differ)` : ""}`,
    share(acc),
    share(mine.results.metrics?.acc_norm ?? null),
    share(mean(his.rows.map((one) => one.acc_norm))),
    gap.toExponential(1),
    s.toFixed(2),
    t.toFixed(2),
    `${(t / s).toFixed(2)}x`,
    p.toFixed(2),
    q.toFixed(2),
    `${(q / p).toFixed(2)}x`,
  ].join(" | ")} |`;
}

async function score(task: ChoiceTask, of: LanguageModel, name: string): Promise<Ours> {
  const folder = join(temporary, name);
  const started = performance.now();
  const used = process.cpuUsage();
  const results = await evaluateLikelihood({
    task,
    model: "model",
    score: createScoreFunction({ model: of }),
    folder,
  });
  const { user, system } = process.cpuUsage(used);
  return {
    seconds: (performance.now() - started) / 1000,
    processorSeconds: (user + system) / 1e6,
    results,
    rows: readFileSync(join(folder, "samples.jsonl"), "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => LikelihoodRowSchema.parse(JSON.parse(line))),
  };
}

async function harness(name: string, file: string): Promise<Harness> {
  const child = spawn(python, [HARNESS, modelFolder, name, file, dtype, flags.batch, flags.threads], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [output, complaints] = ["", ""];
  child.stderr.setEncoding("utf8").on("data", (part: string) => {
    complaints += part;
  });
  for await (const part of child.stdout.setEncoding("utf8")) output += part;
  if (output === "") stop(`lm_eval_likelihood.py ended without a result:\n${complaints.slice(-2000)}`);
  return JSON.parse(output) as Harness;
}

/** The rows as a file of their own for the harness, and as a task for us. */
async function spreadRows(name: string): Promise<{ task: ChoiceTask; file: string }> {
  const named = findNamedTask(name);
  if (named?.kind !== "likelihood") return stop(`${name} is no likelihood task`);
  const all = readFileSync(join(shared, "data", FILES[name] as string), "utf8")
    .trimEnd()
    .split("\n");
  const count = Math.min(all.length, Number(flags.rows));
  const picked = Array.from({ length: count }, (_, index) => all[Math.floor((index * all.length) / count)]);
  const file = join(temporary, `${name}.jsonl`);
  writeFileSync(file, `${picked.join("\n")}\n`);
  return { task: await loadChoiceTask({ file, name, form: named.form }), file };
}

function environment(name: string): string {
  return process.env[name] || stop(`set ${name}`);
}

function stop(message: string): never {
  process.stderr.write(`compare-lm-eval: ${message}\n`);
  process.exit(2);
}
