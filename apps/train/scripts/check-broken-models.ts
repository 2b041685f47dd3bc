/**
 * Broken models through the real commands on both backends: NaN and infinity are never a result. A weight that is no number is
 * named when it is read; logits that are none end `generate`, `run`, `sft`, `score`, `logits` and both kinds of `evaluate` with the
 * step, problem and sample; no checkpoint, no accuracy and no number is left of them. Odd models that are right go through.
 *
 *   node --conditions=@soft-tokens/source --import tsx apps/train/scripts/check-broken-models.ts
 *
 * Makes its models from the demo's, in a temporary folder. Without the native addon it fails.
 */

import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createLibtorchBackend } from "@soft-tokens/backend-libtorch";
import { readResults } from "@soft-tokens/evals";
import { createThoughtPolicy, type StoredRollout, writeRollouts } from "@soft-tokens/sampler";
import { BROKEN, FINE, makeVariant, OVERFLOWING } from "./broken-models/make-models.ts";
import { type Outcome, runProgram } from "./broken-models/run-program.ts";

const DEMO_MODEL = fileURLToPath(new URL("../demo/model/", import.meta.url));
const work = await mkdtemp(join(tmpdir(), "broken-models-"));
let passed = 0;
let failed = 0;

const backends = ["tfjs-wasm", "libtorch"] as const;
type BackendName = (typeof backends)[number];

const problems = join(work, "problems.jsonl");
const solved = join(work, "solved.jsonl");
const choices = join(work, "choices.jsonl");
const soft = createThoughtPolicy("soft", { rms: 0.1 });
const noThought = { shadowIds: [], thoughts: new Float32Array(0) };

/** What every command is asked, but for model, backend and output folder. */
const COMMANDS: Readonly<Record<string, readonly [program: "train" | "bench", ...args: string[]]>> = {
  generate: [
    "train",
    "generate",
    "--question",
    "a",
    "--mode",
    "soft-greedy",
    "--max-thought-steps",
    "4",
    "--max-answer-tokens",
    "2",
    "--json",
  ],
  run: ["train", "run", ...trainingOptions(), "--validation-size", "0"],
  "run with validation": [
    "train",
    "run",
    ...trainingOptions(),
    "--validation-size",
    "2",
    "--validate-every",
    "1",
  ],
  sft: ["train", "sft", "--data", solved, "--steps", "12", "--batch-size", "2", "--warmup-steps", "0"],
  score: ["train", "score", "--rollouts", join(work, "rollouts.safetensors")],
  logits: ["bench", "logits", "--ids", "1,2,3"],
  evaluate: [
    "bench",
    "evaluate",
    "--data",
    problems,
    "--modes",
    "hard-greedy",
    "--limit",
    "1",
    ...lengths(),
    "--json",
  ],
  "evaluate by likelihood": ["bench", "evaluate", "--data", choices, "--json"],
};

try {
  await writeInputs();
  await checkNativeBackend();
  await Promise.all([checkBrokenWeights(), checkOverflow(), checkFine(), checkSteps(), checkRollouts()]);
} finally {
  await rm(work, { recursive: true, force: true });
}
process.stdout.write(`${passed} passed, ${failed} failed\n`);
process.exitCode = failed === 0 ? 0 : 1;

/** A backend that is not there would make every command fail, and so seem to refuse. */
async function checkNativeBackend(): Promise<void> {
  const outcome = await createLibtorchBackend({ device: "cpu" }).then(
    (backend) => {
      backend.dispose();
      return "";
    },
    (error: Error) => `the native addon is needed: npm run build:native (${error.message})`,
  );
  check("the native backend opens", outcome === "", outcome);
}

/** Every broken model once, and the first of them in every command. */
async function checkBrokenWeights(): Promise<void> {
  const names = Object.keys(BROKEN);
  await Promise.all(
    names.map(async (name, at) => {
      const { parameter, ...variant } = BROKEN[name] as (typeof BROKEN)[string];
      const folder = join(work, `broken-${at}`);
      await makeVariant(DEMO_MODEL, folder, variant);
      const wanted = new RegExp(`${parameter.replaceAll(".", "\\.")}: 1 of \\d+ values is not finite`);
      const commands = at === 0 ? Object.keys(COMMANDS) : ["generate"];
      for (const backend of backends) {
        for (const command of commands) await expectRefusal(name, command, folder, backend, wanted);
      }
    }),
  );
}

async function checkOverflow(): Promise<void> {
  const wanted: Readonly<Record<string, RegExp>> = {
    generate: /prompt 0, sample 0: the logits of thought step 1 are NaN or infinite/,
    run: /step 1: problem \S+: .*sample 0: the logits of thought step 1 are NaN or infinite/,
    "run with validation": /validation after step 0: problem \S+: .*thought step 1/,
    sft: /step 1: example \d+: the log-probability of answer token 1 is/,
    score: /rollouts\.safetensors: sample 0: the log-probability of thought step 1 is/,
    logits: /logits: after 3 tokens they hold/,
    evaluate: /hard-greedy, question 1, sample 0: .*the logits of thought step 1/,
    "evaluate by likelihood": /question \S+, choice 1: the model gave log-probability/,
  };
  for (const [name, variant] of Object.entries(OVERFLOWING)) {
    const folder = join(work, "overflowing");
    await makeVariant(DEMO_MODEL, folder, variant);
    for (const backend of backends) {
      for (const command of Object.keys(COMMANDS)) {
        await expectRefusal(name, command, folder, backend, wanted[command] as RegExp);
      }
    }
  }
}

async function checkFine(): Promise<void> {
  await Promise.all(
    Object.entries(FINE).map(async ([name, variant], at) => {
      const folder = join(work, `fine-${at}`);
      await makeVariant(DEMO_MODEL, folder, variant);
      for (const backend of backends) {
        const { status, stdout, stderr } = await start("generate", folder, backend);
        const title = `${name}: generate on ${backend} answers`;
        check(title, status === 0 && stdout.includes('"entropy":'), stderr);
      }
    }),
  );
}

/** A step that leaves float32 is named, and what was saved before stays good. */
async function checkSteps(): Promise<void> {
  for (const backend of backends) {
    const out = join(work, `diverged-${backend}`);
    const args = [
      "--model",
      DEMO_MODEL,
      "--data",
      solved,
      "--steps",
      "4",
      "--batch-size",
      "2",
      "--warmup-steps",
      "1",
    ];
    const outcome = await runProgram("train", [
      ...["sft", ...args, "--learning-rate", "1e39", "--checkpoint-every", "1"],
      ...["--backend", backend, "--out", out],
    ]);
    expectFailure(`a step of 1e39 on ${backend}`, outcome, /after step 1: \S+ holds NaN or infinity/);
    check(
      `a step of 1e39 on ${backend} leaves no checkpoint`,
      checkpoints(out).length === 0,
      checkpoints(out).join(),
    );
  }
}

/** Of another model: a wider one, one with more tokens, none at all. */
async function checkRollouts(): Promise<void> {
  const fine = rolloutOf(64, 5);
  const cases: Readonly<Record<string, { readonly rollout: StoredRollout; readonly wanted: RegExp }>> = {
    "thoughts of another width": {
      rollout: rolloutOf(32, 5),
      wanted: /"thoughts" of sample 1 has width 32, the model's hidden size is 64/,
    },
    "a prompt id beyond the vocabulary": {
      rollout: rolloutOf(64, 120),
      wanted: /"prompt_ids" of sample 1 holds id 120 at place 1, the model has 120 embeddings/,
    },
    "an answer id beyond the vocabulary": {
      rollout: { ...fine, answerIds: [3, 4096] },
      wanted: /"answer_ids" of sample 1 holds id 4096/,
    },
    "a negative prompt id": { rollout: rolloutOf(64, -1), wanted: /"prompt_ids" holds the id -1/ },
  };
  for (const [name, { rollout, wanted }] of Object.entries(cases)) {
    // One file has one width: a rollout of the same kind comes first.
    const first = rollout.thoughts?.length === fine.thoughts?.length ? fine : { ...rollout, ...noThought };
    const file = join(work, `${name.replaceAll(" ", "-")}.safetensors`);
    await writeRollouts(file, [first, rollout], { policy: soft, answerTemperature: 1 });
    for (const backend of backends) {
      const args = ["score", "--model", DEMO_MODEL, "--rollouts", file, "--backend", backend];
      expectFailure(`score of ${name} on ${backend}`, await runProgram("train", args), wanted);
    }
  }
}

function rolloutOf(width: number, promptId: number): StoredRollout {
  return {
    promptIds: [1, promptId],
    shadowIds: [2, 3],
    thoughts: new Float32Array(2 * width).fill(0.1),
    forcedIds: [4],
    answerIds: [5],
  };
}

function trainingOptions(): string[] {
  return [
    ...[
      "--data",
      problems,
      "--thought",
      "soft",
      "--steps",
      "3",
      "--warmup-steps",
      "1",
      "--checkpoint-every",
      "1",
    ],
    ...["--prompts-per-step", "2", "--samples-per-prompt", "2", ...lengths()],
  ];
}

function lengths(): string[] {
  return [
    "--max-thought-steps",
    "4",
    "--max-answer-tokens",
    "2",
    "--prompt-template",
    "User: QUESTION Assistant:",
  ];
}

function start(command: string, model: string, backend: BackendName, out?: string): Promise<Outcome> {
  const [program, ...args] = COMMANDS[command] as (typeof COMMANDS)[string];
  const folder = out === undefined ? [] : ["--out", out];
  return runProgram(program, [...args, "--model", model, "--backend", backend, ...folder]);
}

/** The command ends with the wanted words and leaves nothing that looks like a result; twice where it would continue. */
async function expectRefusal(
  name: string,
  command: string,
  model: string,
  backend: BackendName,
  wanted: RegExp,
): Promise<void> {
  const title = `${name}: ${command} on ${backend}`;
  const hasFolder = /^(run|sft|evaluate)/.test(command);
  const out = join(work, title.replaceAll(/[^\w.-]+/g, "-"));
  expectFailure(title, await start(command, model, backend, hasFolder ? out : undefined), wanted);
  if (/^(run|sft)/.test(command)) {
    check(`${title} leaves no checkpoint`, checkpoints(out).length === 0, checkpoints(out).join());
  }
  if (command !== "evaluate") return;
  const left = await readResults(out).catch((error: Error) => error);
  const isEmpty = left === null || (!(left instanceof Error) && !left.complete && left.results.length === 0);
  check(`${title} leaves no accuracy, and what it leaves can be read`, isEmpty, JSON.stringify(left));
  expectFailure(`${title} once more`, await start(command, model, backend, out), wanted);
}

function checkpoints(run: string): string[] {
  const folder = join(run, "checkpoints");
  return existsSync(folder) ? readdirSync(folder) : [];
}

/** Status 1, the wanted words, no stack, and no number on standard output. */
function expectFailure(title: string, { status, stdout, stderr }: Outcome, wanted: RegExp): void {
  const isClear = status === 1 && wanted.test(stderr) && !/\n {4}at /.test(stderr) && stdout === "";
  check(
    `${title} ends with what is wrong`,
    isClear,
    `status ${status}, wanted ${wanted}\n${stdout}${stderr}`,
  );
}

function check(title: string, isRight: boolean, detail: string): void {
  if (isRight) passed++;
  else failed++;
  process.stdout.write(isRight ? `ok     ${title}\n` : `failed ${title}: ${detail}\n`);
}

async function writeInputs(): Promise<void> {
  await writeRollouts(join(work, "rollouts.safetensors"), [rolloutOf(64, 5)], {
    policy: soft,
    answerTemperature: 1,
  });
  const lines = (rows: readonly object[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join("");
  const demo = JSON.parse(readFileSync(join(DEMO_MODEL, "config.json"), "utf8")) as { hidden_size: number };
  if (demo.hidden_size !== 64)
    throw new RangeError(`the demo's model has hidden size ${demo.hidden_size}, not 64`);
  const sums = Array.from({ length: 8 }, (_, index) => ({
    question: `Tom has ${index + 9} apples . Then Tom buys 5 more . How many apples are left ?`,
    answer: String(index + 14),
  }));
  writeFileSync(problems, lines(sums));
  writeFileSync(
    solved,
    lines(sums.map(({ question, answer }) => ({ prompt: `${question} `, completion: answer }))),
  );
  writeFileSync(
    choices,
    lines(sums.map(({ question }) => ({ question, choices: ["5", "7", "9", "11"], answer: 1 }))),
  );
}
