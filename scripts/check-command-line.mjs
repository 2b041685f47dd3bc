#!/usr/bin/env node
/**
 * The root commands as a person at a terminal uses them: wrong options, wrong files, pipes, Ctrl-C, a kill.
 *
 *   node scripts/check-command-line.mjs [MODEL_FOLDER]      # default: the demo's model
 *
 * Every mistake must end with a status that is not 0 (2 where the command line is wrong), say what to write instead, and show no
 * stack trace. Runs in a temporary folder; about two minutes.
 */
import { spawn } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { createReport, expectEqual, expectTrue } from "./report.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const launcher = join(root, "scripts", "run.mjs");
const model = resolve(process.argv[2] ?? join(root, "apps", "train", "demo", "model"));
const work = mkdtempSync(join(tmpdir(), "soft-tokens-command-line-"));
const running = new Set();
process.on("exit", () => {
  for (const child of running) signalGroup(child, "SIGKILL");
  rmSync(work, { recursive: true, force: true });
});
const { check, finish } = createReport();

const rows = Array.from({ length: 24 }, (_, index) => ({
  question: `Tom has ${index + 9} apples . Then Tom buys 5 more and gives 3 away . How many apples are left ?`,
  answer: String(index + 11),
}));
const files = {
  "problems.jsonl": rows.map((row) => `${JSON.stringify(row)}\n`).join(""),
  "broken.jsonl": `${JSON.stringify(rows[0])}\n{"question": "x"\n`,
  "empty.jsonl": "",
  "other.jsonl": '{"foo": 1}\n',
  "wrong-key.json": '{"thought": "soft", "learningRat": 1}',
  "wrong-type.json": '{"thought": "soft", "steps": "many"}',
  "broken.json": "{thought",
  "a-file": "not a folder",
};
for (const [name, text] of Object.entries(files)) writeFileSync(join(work, name), text);
mkdirSync(join(work, "empty-folder"));
const tiny = ["--model", model, "--data", "problems.jsonl"];
const soft = [...tiny, "--thought", "soft"];

await mistakes();
await grading();
await pipes();
await training();
finish();

async function mistakes() {
  const hub = { HF_ENDPOINT: `http://127.0.0.1:${await closedPort()}`, HF_HOME: join(work, "hub") };
  const noNative = { SOFT_TOKENS_NATIVE: join(work, "nowhere.node") };
  /** Arguments, status, what the message must contain, environment. */
  const cases = [
    [["frain"], 2, ["frain", "train", "bench", "grade"]],
    [["train", "scroe", "--model", model], 2, ["scroe", "score"]],
    [["train", "--thougt", "soft"], 2, ["--thougt", "--thought"]],
    [["train"], 2, ["--model", "--data", "--thought", "hard", "fuzzy"]],
    [["train", ...tiny, "--thought", "mushy"], 2, ["mushy", "hard", "fuzzy", "soft"]],
    [["train", ...soft, "--steps", "many"], 2, ["--steps", "many", "number"]],
    [["train", ...soft, "--steps", "1.5"], 2, ["--steps", "1.5", "int"]],
    [["train", ...soft, "--steps", "0"], 2, ["--steps", "0"]],
    [["train", ...soft, "--memory-budget", "lots"], 2, ["--memory-budget", "512MiB"]],
    [["train", ...tiny, "--thought", "hard", "--noise-scale", "0.3"], 2, ["--noise-scale", "--thought soft"]],
    [["train", ...tiny, "--config", "wrong-key.json"], 2, ["learningRat", "learningRate"]],
    [["train", ...tiny, "--config", "wrong-type.json"], 2, ["--steps", "many"]],
    [["train", ...tiny, "--config", "broken.json"], 2, ["broken.json", "JSON"]],
    [["train", ...tiny, "--config", "no-such-recipe"], 2, ["no-such-recipe", "recipes"]],
    [
      ["train", "--model", model, "--thought", "soft", "--data", "nowhere.jsonl"],
      2,
      ["nowhere.jsonl", "gsm8k"],
    ],
    [
      ["train", "--model", model, "--thought", "soft", "--data", "broken.jsonl"],
      1,
      ["broken.jsonl", "line 2"],
    ],
    [
      ["train", "--model", model, "--thought", "soft", "--data", "empty.jsonl"],
      1,
      ["empty.jsonl", "no rows"],
    ],
    [
      ["train", "--model", model, "--thought", "soft", "--data", "other.jsonl"],
      1,
      ["other.jsonl", "question"],
    ],
    [
      ["train", ...soft, "--backend", "libtorch"],
      2,
      ["--backend libtorch", "build:native", "tfjs"],
      noNative,
    ],
    [["train", "doctor", "--backend", "torch"], 2, ["torch", "libtorch", "tfjs"]],
    [["train", ...soft, "--max-thought-steps", "8", "--out", "a-file/run"], 1, ["a-file", "--out"]],
    [["train", "--model", "no/such/folder", ...soft.slice(2)], 1, ["no/such/folder"]],
    [["train", "--model", "empty-folder", ...soft.slice(2)], 1, ["empty-folder", "config.json"]],
    [["train", "--model", "some-org/some-model", ...soft.slice(2)], 1, ["some-org/some-model", "hub"], hub],
    [["train", "score", "--model", model, "--rollouts", "nowhere.safetensors"], 1, ["nowhere.safetensors"]],
    [["train", "score", "--model", model, "--rollouts", "a-file"], 1, ["a-file"]],
    [["train", "generate", "--model", model, "--question", "?", "--mode", "soft"], 2, ["soft-greedy"]],
    [["train", "report", "empty-folder"], 2, ["empty-folder", "config.json"]],
    [["bench", "logits", "--model", model, "--ids", "1,x"], 2, ['"x"', "1,2,3"]],
    [["bench", "logits", "--model", model, "--ids", "123456789"], 2, ["123456789", "vocabulary"]],
    [["bench", "evaluate", ...tiny, "--out", "e", "--modes", "tepid"], 2, ["tepid", "hard-greedy"]],
    [["train", ...soft, "--grader", "nowhere.ts"], 2, ["--grader", "nowhere.ts", "no such file"]],
    [["train", ...soft, "--grader", "broken.jsonl"], 2, ["--grader", "broken.jsonl", "importing it failed"]],
    [["bench", "evaluate", ...tiny, "--out", "e", "--grader", "nowhere.ts"], 2, ["--grader", "nowhere.ts"]],
    [["grade", "--workers", "none"], 2, ["--workers", "none"]],
    [["grade", "audit"], 2, ["--against"]],
    [["grade", "audit", "--against", "broken.jsonl"], 2, ["broken.jsonl, line 1", "correct"]],
    [["grade", "--extract", "everything"], 2, ["everything", "boxed"]],
    [["grade", "--no-such-option"], 2, ["--no-such-option"]],
  ];
  for (const [args, status, words, env] of cases) {
    await check(args.join(" ").replaceAll(model, "MODEL"), async () => {
      const result = await command(args, { env });
      expectEqual(result.status, status, `status (standard error: ${result.stderr})`);
      expectEqual(result.stdout, "", "standard output");
      const missing = words.filter((word) => !result.stderr.includes(word));
      expectTrue(missing.length === 0, `the message lacks ${missing.join(", ")}:\n${result.stderr}`);
      expectTrue(!/^\s+at .*:\d+/m.test(result.stderr), `a stack trace:\n${result.stderr}`);
      const said = result.stderr.split("\n").filter((line) => !/^(backend|model|data|run) /.test(line));
      expectTrue(said.join("\n").trim().split("\n").length <= 6, `too many lines:\n${result.stderr}`);
    });
  }
}

async function grading() {
  const inputs = [
    '{"gold": "1/2", "answer": "so \\\\boxed{0.5}"}',
    '{"id": 7, "gold": "#### 1,000", "answer": "The answer is 1000."}',
    '{"gold": "3", "answer": "\\\\boxed{4}"}',
    '{"gold": "18", "answer": ""}',
  ];
  const wanted = [
    { gold: "1/2", answer: "so \\boxed{0.5}", correct: true, reward: 100, extracted: "0.5" },
    {
      id: 7,
      gold: "#### 1,000",
      answer: "The answer is 1000.",
      correct: true,
      reward: 100,
      extracted: "1000",
    },
    { gold: "3", answer: "\\boxed{4}", correct: false, reward: 10, extracted: "4" },
    { gold: "18", answer: "", correct: false, reward: 0, extracted: null },
  ];
  await check("grade: one line for each line, in order, and nothing else", async () => {
    const { status, stdout, stderr } = await npmCommand(["grade"], { input: `${inputs.join("\n")}\n` });
    expectEqual([status, stderr], [0, ""], "status and standard error");
    const lines = stdout.trimEnd().split("\n");
    expectEqual(
      lines.map((line) => {
        const { reason, ...rest } = JSON.parse(line);
        expectTrue(typeof reason === "string" && reason !== "", `no reason: ${line}`);
        return rest;
      }),
      wanted,
      "graded lines",
    );
  });
  await check("grade --extract boxed pays nothing for an answer outside a box", async () => {
    const { stdout } = await command(["grade", "--extract", "boxed"], { input: `${inputs[1]}\n` });
    const { correct, reward, extracted } = JSON.parse(stdout);
    expectEqual([correct, reward, extracted], [false, 0, null], "grade");
  });
  for (const [title, bad] of Object.entries({ JSON: '{"gold": "1"', field: '{"gold": "1"}' })) {
    await check(`grade names the line of a bad ${title}, after grading the lines before it`, async () => {
      const { status, stdout, stderr } = await command(["grade"], { input: `${inputs[0]}\n${bad}\n` });
      expectEqual([status, stdout.trimEnd().split("\n").length], [2, 1], "status and lines");
      expectTrue(stderr.includes("line 2"), `no line number: ${stderr}`);
    });
  }
}

async function pipes() {
  await check("grade into a reader that leaves early (| head -1)", async () => {
    const input = '{"gold": "1", "answer": "\\\\boxed{1}"}\n'.repeat(50_000);
    const script = `"${process.execPath}" "${launcher}" grade | head -1; echo "\${PIPESTATUS[0]}"`;
    const { stdout, stderr } = await start("bash", ["-c", script], { input }).finished;
    const [first, status] = stdout.trimEnd().split("\n");
    expectEqual(
      [JSON.parse(first).reward, status, stderr],
      [100, "0", ""],
      "first line, status, standard error",
    );
  });
  await check(
    "bench logits prints one line of JSON with the 20 largest, from the folder it is called in",
    async () => {
      const { status, stdout, stderr } = await npmCommand([
        "bench",
        "logits",
        "--model",
        model,
        "--ids",
        "1,2,3",
      ]);
      expectEqual(status, 0, `status (${stderr})`);
      const { top, logSumExp } = JSON.parse(stdout);
      expectEqual(top.length, 20, "number of tops");
      expectEqual(new Set(top.map(({ id }) => id)).size, 20, "different ids");
      expectTrue(
        top.every(
          ({ logit }, rank) => Number.isFinite(logit) && (rank === 0 || logit <= top[rank - 1].logit),
        ),
        `not descending: ${stdout}`,
      );
      expectTrue(logSumExp > top[0].logit && logSumExp < top[0].logit + 20, `log-sum-exp ${logSumExp}`);
    },
  );
  await check("generate --json prints one line of JSON", async () => {
    const question = rows[0].question;
    const args = [
      "--mode",
      "soft-greedy",
      "--max-thought-steps",
      "8",
      "--prompt-template",
      "User: QUESTION Assistant:",
    ];
    const { status, stdout } = await command([
      ...["train", "generate", "--model", model, "--question", question, "--json"],
      ...args,
    ]);
    expectEqual([status, JSON.parse(stdout).mode], [0, "soft-greedy"], "status and mode");
  });
  await check("--dry-run prints the resolved configuration and makes nothing", async () => {
    const { stdout } = await command(["train", ...soft, "--out", "dry", "--dry-run"]);
    expectEqual([JSON.parse(stdout).folder, existsSync(join(work, "dry"))], ["dry", false], "folder");
  });
}

async function training() {
  const run = (out, more = []) => [
    ...["train", ...soft, "--out", out, "--prompt-template", "User: QUESTION Assistant:", "--steps", "24"],
    ...[
      "--warmup-steps",
      "2",
      "--prompts-per-step",
      "2",
      "--samples-per-prompt",
      "4",
      "--max-thought-steps",
      "8",
    ],
    ...[
      "--max-answer-tokens",
      "4",
      "--learning-rate",
      "1e-4",
      "--validate-every",
      "0",
      "--checkpoint-every",
      "5",
    ],
    ...["--save-rollouts-every", "1", ...more],
  ];
  const whole = [];
  await check("a tiny training run", async () => {
    const { status, stderr } = await command(run("whole"));
    expectEqual(status, 0, `status (${stderr})`);
    whole.push(...metricRows("whole"));
    expectEqual(
      whole.map(({ step }) => step),
      Array.from({ length: 24 }, (_, index) => index + 1),
      "steps",
    );
    expectTrue(existsSync(join(work, "whole", "report.html")), "no report.html");
  });
  await check("train score gives back what the run stored at its first step", async () => {
    const name = join("whole", "rollouts", "step-000001");
    const { status, stdout, stderr } = await command([
      ...["train", "score", "--model", model, "--rollouts", `${name}.safetensors`],
    ]);
    expectEqual(status, 0, `status (${stderr})`);
    const scored = jsonLines(stdout);
    const stored = jsonLines(readFileSync(join(work, `${name}.jsonl`), "utf8"));
    expectEqual(scored.length, 8, "samples");
    scored.forEach((score, index) => {
      expectEqual(score.sample, index, "sample");
      for (const key of ["thoughtLogProb", "answerLogProb"]) {
        const [got, want] = [score[key], stored[index][key]];
        const isClose = Math.abs(got - want) <= 1e-4 * Math.max(1, Math.abs(want));
        expectTrue(isClose, `${key} of sample ${index}: ${got}, stored ${want}`);
      }
    });
  });
  await check("the same command with another setting is refused, and says which", async () => {
    const { status, stderr } = await command(run("whole", ["--seed", "1"]));
    expectEqual(status, 2, "status");
    expectTrue(stderr.includes("seed: 0 there, 1 now") && stderr.includes("--out"), stderr);
  });
  await check(
    "Ctrl-C saves and stops with status 130, and the same command continues as if nothing had been",
    async () => {
      const { child, finished } = start(...npm(run("interrupted")));
      await rowsWritten("interrupted", 7, finished);
      signalGroup(child, "SIGINT"); // as a terminal does: npm, the launcher and the program all get it
      const { status, stderr } = await finished;
      expectTrue(["SIGINT", 130].includes(status), `status ${status} (${stderr})`); // npm may end by the signal itself
      expectTrue(/stopped at step \d+ of 24; the same command continues/.test(stderr), stderr);
      const step = metricRows("interrupted").at(-1).step;
      expectTrue(step < 24, "the run had ended before it was interrupted");
      await continuesLike(whole, run("interrupted"), "interrupted", `continuing after step ${step} `);
    },
  );
  await check("an interrupt of the launcher alone is handed on, status 130", async () => {
    const { child, finished } = start(process.execPath, [launcher, ...run("alone")]);
    await rowsWritten("alone", 3, finished);
    child.kill("SIGINT");
    const { status, stderr } = await finished;
    expectEqual(status, 130, `status (${stderr})`);
    expectTrue(stderr.includes("the same command continues"), stderr);
  });
  await check("a kill half-way loses at most the steps since the last checkpoint", async () => {
    const { child, finished } = start(...npm(run("killed")));
    await rowsWritten("killed", 8, finished);
    signalGroup(child, "SIGKILL");
    await finished;
    await continuesLike(whole, run("killed"), "killed", "continuing after step ");
  });
  await check("nothing temporary is left in the run folders", () => {
    const left = ["whole", "interrupted", "killed"].flatMap((folder) =>
      readdirSync(join(work, folder), { recursive: true }).filter((name) =>
        /tmp|temp|partial/i.test(String(name)),
      ),
    );
    expectEqual(left, [], "files");
  });
}

/** Runs to the end and compares every metric that is not a clock with the uninterrupted run, to the last bit. */
async function continuesLike(whole, args, folder, said) {
  const { status, stderr } = await command(args);
  expectEqual(status, 0, `status (${stderr})`);
  expectTrue(stderr.includes(said), `it does not say that it continues: ${stderr}`);
  expectEqual(metricRows(folder), whole, "metrics");
}

function metricRows(folder) {
  return jsonLines(readFileSync(join(work, folder, "metrics.jsonl"), "utf8")).map((row) =>
    Object.fromEntries(Object.entries(row).filter(([name]) => !/^(time|speed|memory)\//.test(name))),
  );
}

/** Waits until the run has written so many rows. */
async function rowsWritten(folder, count, finished) {
  let result = null;
  finished.then((value) => {
    result = value;
  });
  const file = join(work, folder, "metrics.jsonl");
  while (!existsSync(file) || readFileSync(file, "utf8").split("\n").length - 1 < count) {
    if (result) throw new Error(`ended too early, with status ${result.status}: ${result.stderr}`);
    await new Promise((next) => setTimeout(next, 20));
  }
}

function jsonLines(text) {
  return text
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}

/** Through the launcher alone. */
function command(args, options) {
  return start(process.execPath, [launcher, ...args], options).finished;
}

/** Through npm, called in the working folder. */
function npmCommand(args, options) {
  return start(...npm(args), options).finished;
}

function npm([script, ...args]) {
  return ["npm", ["--prefix", root, "run", "--silent", script, "--", ...args]];
}

/** Starts a program in a process group of its own; `finished` never rejects. */
function start(file, args, { input = "", env = {} } = {}) {
  const { INIT_CWD: _folder, ...inherited } = process.env;
  const child = spawn(file, args, { cwd: work, detached: true, env: { ...inherited, ...env } });
  running.add(child);
  const output = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"]) {
    child[name].setEncoding("utf8").on("data", (text) => {
      output[name] += text;
    });
  }
  child.stdin.on("error", () => {}); // a program that does not read its input
  child.stdin.end(input);
  const finished = new Promise((settle) => {
    child.on("error", (error) => settle({ status: -1, stdout: "", stderr: error.message }));
    child.on("close", (code, signal) => {
      running.delete(child);
      settle({ status: code ?? signal, ...output });
    });
  });
  return { child, finished };
}

function signalGroup(child, signal) {
  try {
    process.kill(-child.pid, signal);
  } catch {
    // it has ended by itself
  }
}

/** A port on which nobody listens. */
function closedPort() {
  return new Promise((settle) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => settle(port));
    });
  });
}
