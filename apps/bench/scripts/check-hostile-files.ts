/**
 * Mutants of the files that people pass to each other: model folders, evaluations, question files, rollouts. Each is either read,
 * or refused by an error of ours that has a code and a place. Nothing hangs, and no id is anything but a number.
 *
 *   node --conditions=@soft-tokens/source --import tsx apps/bench/scripts/check-hostile-files.ts [--count 150] [--seed 1]
 *
 * `--count`: of each kind.
 */

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { createTfjsBackend } from "@soft-tokens/backend-tfjs";
import { loadTask } from "@soft-tokens/evals";
import { openReportFolder, renderReport } from "@soft-tokens/evals/report";
import { loadModel } from "@soft-tokens/model";
import { createThoughtPolicy, readRollouts, writeRollouts } from "@soft-tokens/sampler";
import { createChecks } from "./checks.ts";
import { createDraws, type Draws, damageBytes, mutateJson, mutateSafetensors } from "./hostile/mutate.ts";
import { wholeEvaluation } from "./hostile/whole-evaluation.ts";

const { values: flags } = parseArgs({
  options: { count: { type: "string", default: "150" }, seed: { type: "string", default: "1" } },
});
const count = Number(flags.count);
/** No mutant takes longer: a reader that does has found a way to hang. */
const MOST_MS = 20_000;
const TEXTS = [
  "User: Anna has 17 cards. How many are left? Assistant:",
  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!",
  "é中😀 \n\t x",
];

const root = mkdtempSync(join(tmpdir(), "hostile-files-"));
const folder = join(root, "case");
const backend = await createTfjsBackend({ variant: "wasm" });
const evaluation = await wholeEvaluation();

type Files = Map<string, Buffer>;
/** Changes some file of a folder and reads the folder. */
interface Kind {
  readonly title: string;
  readonly change: (draws: Draws) => { readonly files: Files; readonly how: string };
  /** True where it was read and something of it was left out with a warning. */
  readonly read: () => Promise<boolean>;
}

const kinds: readonly Kind[] = [
  { title: "model folders", change: changeModel, read: readModel },
  { title: "evaluations", change: changeEvaluation, read: readEvaluation },
  { title: "question files", change: changeQuestions, read: readQuestions },
  {
    title: "rollouts",
    change: await rolloutChanges(),
    read: () => readRollouts(join(folder, "r.safetensors")).then(() => false),
  },
];

const { check, finish } = createChecks();
for (const kind of kinds) {
  let refused = 0;
  const faults: string[] = [];
  for (let at = 0; at < count; at++) {
    const { files, how } = kind.change(createDraws(Number(flags.seed) * 1_000_003 + at));
    rmSync(folder, { recursive: true, force: true });
    for (const [name, bytes] of files) {
      mkdirSync(join(folder, name, ".."), { recursive: true });
      writeFileSync(join(folder, name), bytes);
    }
    const started = performance.now();
    try {
      if (await kind.read()) refused++;
    } catch (error) {
      refused++;
      const { name, code, message } = error as Error & { code?: string };
      const isOurs = /^(Model|Sampler|Trainer|Evaluation)Error$/.test(name) && code !== undefined;
      if (!isOurs) faults.push(`${at}: ${how.slice(0, 120)}: ${name}: ${message.slice(0, 200)}`);
      else if (!message.includes(folder))
        faults.push(`${at}: ${how.slice(0, 120)}: no place: ${message.slice(0, 200)}`);
    }
    const ms = performance.now() - started;
    if (ms > MOST_MS) faults.push(`${at}: ${how.slice(0, 120)}: took ${Math.round(ms)} ms`);
    if ((Object.prototype as { polluted?: unknown }).polluted !== undefined)
      faults.push(`${at}: ${how}: pollutes prototypes`);
  }
  check(
    kind.title,
    faults.length === 0 && refused > 0,
    `${count} mutants, ${refused} refused${faults.map((fault) => `\n         ${fault}`).join("")}`,
  );
}
backend[Symbol.dispose]();
rmSync(root, { recursive: true });
finish();

function filesOf(path: string): Files {
  const names = readdirSync(path).filter((name) => name !== "expected.safetensors");
  return new Map(names.map((name) => [name, readFileSync(join(path, name))]));
}

function changeOne(files: Files, name: string, draws: Draws): { files: Files; how: string } {
  const old = files.get(name) as Buffer;
  const change = name.endsWith(".safetensors")
    ? mutateSafetensors(old, draws)
    : mutateJson(old.toString("utf8"), draws);
  return { files: new Map(files).set(name, change.bytes), how: `${name} ${change.how}` };
}

function changeModel(draws: Draws) {
  const fixtures = fileURLToPath(new URL("../../../packages/model/src/fixtures/models", import.meta.url));
  const files = filesOf(join(fixtures, draws.of(readdirSync(fixtures).sort())));
  const names = [...files.keys()].filter((name) => /\.(json|safetensors)$/.test(name));
  return changeOne(files, draws.of(names), draws);
}

async function readModel(): Promise<boolean> {
  using model = await loadModel(folder, { backend });
  for (const text of TEXTS) {
    const ids = model.tokenizer.encode(text);
    if (!ids.every((id) => Number.isInteger(id) && id >= 0)) throw new Error(`ids ${ids.slice(0, 9)}`);
    model.tokenizer.decode(ids);
  }
  return false;
}

function changeEvaluation(draws: Draws) {
  const at = "soft/evaluations/sums";
  const texts: Readonly<Record<string, string>> = {
    [`${at}/results.json`]: evaluation.results,
    [`${at}/samples.jsonl`]: evaluation.samples,
    "soft/config.json": JSON.stringify({
      format: "soft-tokens-run/1",
      kind: "rloo",
      options: { thought: "soft" },
      resolved: { sigma: 1 },
    }),
    "soft/metrics.jsonl": '{"step":1,"reward/mean":3}\n{"step":2,"reward/mean":4}\n',
  };
  const files: Files = new Map(Object.entries(texts).map(([name, text]) => [name, Buffer.from(text)]));
  const name = draws.of([...files.keys()]);
  if (!name.endsWith(".jsonl")) return changeOne(files, name, draws);
  const lines = (files.get(name) as Buffer).toString().trimEnd().split("\n");
  const line = draws.below(lines.length);
  const { bytes, how } = mutateJson(lines[line] as string, draws);
  const changed = Buffer.concat(
    lines.map((text, index) =>
      Buffer.concat([index === line ? bytes : Buffer.from(text), Buffer.from("\n")]),
    ),
  );
  return { files: new Map(files).set(name, changed), how: `${name} line ${line + 1} ${how}` };
}

async function readEvaluation(): Promise<boolean> {
  const report = await openReportFolder(folder);
  renderReport({ ...report.data, title: "mutant" });
  for (const name of report.pages.names()) await report.pages.text(name);
  return report.warnings.length > 0;
}

function changeQuestions(draws: Draws) {
  const rows = draws
    .of([
      ["1", "2"].map((n) => ({
        question: `What is ${n} + ${n}?`,
        answer: `${n}+${n} #### ${2 * Number(n)}`,
      })),
      ["3", "4"].map((n) => ({ problem: `Double ${n}.`, solution: `It is $\\boxed{${2 * Number(n)}}$.` })),
    ])
    .map((row) => JSON.stringify(row));
  const at = draws.below(rows.length);
  const { bytes, how } =
    draws.below(4) === 0
      ? damageBytes(Buffer.from(rows.join("\n")), draws)
      : mutateJson(rows[at] as string, draws);
  const text = Buffer.concat([bytes, Buffer.from(`\n${rows[1 - at]}\n`)]);
  return { files: new Map([["p.jsonl", text]]), how };
}

async function readQuestions(): Promise<boolean> {
  const file = join(folder, "p.jsonl");
  await loadTask({ file, name: "mutant", badRows: "skip" });
  await loadTask({ file, name: "mutant", badRows: "error" });
  return false;
}

async function rolloutChanges() {
  const file = join(root, "whole.safetensors");
  const rollout = (steps: number) => ({
    promptIds: Int32Array.of(1, 2, 3),
    shadowIds: Int32Array.from({ length: steps }, (_, step) => step + 4),
    thoughts: Float32Array.from({ length: steps * 4 }, (_, at) => at / 8),
    forcedIds: Int32Array.of(5),
    answerIds: Int32Array.of(6, 7),
  });
  const policy = createThoughtPolicy("soft", { temperature: 0.5, sigma: 0.1 });
  await writeRollouts(file, [rollout(3), rollout(2)], { policy, answerTemperature: 1 });
  await readRollouts(file); // as it is it can be read
  const whole = readFileSync(file);
  return (draws: Draws) => {
    const { bytes, how } = mutateSafetensors(whole, draws);
    return { files: new Map([["r.safetensors", bytes]]), how };
  };
}
