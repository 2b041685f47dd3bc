#!/usr/bin/env node
/**
 * A run folder in the hands of a machine that fails: a second writer, killed launchers, closed terminals and readers, kills at
 * random moments, a disk that takes half of a row, rows that are lost.
 *
 *   node scripts/check-run-folder.mjs [--backend NAME]...      # default: both, the embedded one and libtorch
 *
 * Whatever happens, the same command continues, and at the end every file of the run is equal to the last bit to those of a run
 * that nothing happened to: metrics (clocks aside), warnings, rollouts, weights, optimizer. Runs in a temporary folder.
 */
import { spawn, spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { createReport, expectEqual, expectTrue } from "./report.mjs";

const { values } = parseArgs({ options: { backend: { type: "string", multiple: true } } });
const [embedded, ...others] = values.backend ?? ["tfjs-wasm", "libtorch"];
const STEPS = 16;
const KILLS = 5;

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const launcher = [process.execPath, join(root, "scripts", "run.mjs")];
const tsx = pathToFileURL(createRequire(join(root, "package.json")).resolve("tsx")).href;
/** Without the launcher: a signal hits the program itself. */
const program = (app) => [
  ...[process.execPath, "--conditions=@soft-tokens/source", "--import", tsx],
  join(root, "apps", app, "src", "main.ts"),
];
const model = join(root, "apps", "train", "demo", "model");
const work = mkdtempSync(join(tmpdir(), "soft-tokens-run-folder-"));
const running = new Set();
process.on("exit", () => {
  for (const child of running) killGroup(child);
  rmSync(work, { recursive: true, force: true });
});
const { check, finish } = createReport();
const random = createGenerator(13);

const data = join(work, "problems.jsonl");
const problems = Array.from({ length: 24 }, (_, index) => ({
  question: `Tom has ${index + 9} apples . Then Tom buys 5 more and gives 3 away . How many apples are left ?`,
  answer: String(index + 11),
}));
writeFileSync(data, problems.map((row) => `${JSON.stringify(row)}\n`).join(""));
const common = ["--model", model, "--data", data, "--prompt-template", "User: QUESTION Assistant:"];
const lengths = ["--max-thought-steps", "12", "--max-answer-tokens", "4"];
/** The folder is `run` wherever the command is given, so that config.json is the same too. */
const training = (backend, more = []) => [
  ...["run", ...common, ...lengths, "--thought", "soft", "--backend", backend, "--out", "run"],
  ...[
    "--steps",
    String(STEPS),
    "--prompts-per-step",
    "2",
    "--samples-per-prompt",
    "4",
    "--warmup-steps",
    "2",
  ],
  ...[
    "--learning-rate",
    "1e-3",
    "--validate-every",
    "3",
    "--validation-size",
    "6",
    "--save-rollouts-every",
    "1",
  ],
  ...["--checkpoint-every", "4", "--keep-checkpoints", "2", ...more],
];
const train = (...args) => training(embedded, args);

/** The fifth row of metrics.jsonl finds room for half of it. */
const FULL_DISK = `
const fs = require("node:fs");
const { openSync, writeSync } = fs;
let metrics = null;
let rows = 0;
fs.openSync = (path, ...rest) => {
  const descriptor = openSync(path, ...rest);
  if (String(path).endsWith("metrics.jsonl")) metrics = descriptor;
  return descriptor;
};
fs.writeSync = (descriptor, bytes, offset, ...rest) => {
  if (descriptor !== metrics || ++rows < 5) return writeSync(descriptor, bytes, offset, ...rest);
  if (rows === 5) return writeSync(descriptor, bytes, 0, Math.floor(bytes.length / 2));
  throw Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC", errno: -28, syscall: "write" });
};
require("node:module").syncBuiltinESMExports();
`;

/** Starts a program on a terminal of its own, and closes it when a word appears. */
const CLOSED_TERMINAL = `
import os, pty, signal, sys
pid, terminal = pty.fork()
if pid == 0:
    os.execv(sys.argv[2], sys.argv[2:])
text = b""
while sys.argv[1].encode() not in text:
    text += os.read(terminal, 4096)
os.close(terminal)
status = os.waitpid(pid, 0)[1]
sys.exit(0 if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGHUP else repr((status, text)))
`;

const whole = await wholeRun(embedded);
await secondWriter();
await launcherKilled();
await stopped();
await killed(embedded, whole);
await brokenFiles();
await evaluation();
for (const backend of others) await killed(backend, await wholeRun(backend));
finish();

async function wholeRun(backend) {
  const folder = fresh();
  await check(`${backend}: a run that nothing happens to`, async () => {
    const { status, stderr } = await start(program("train"), training(backend), folder).finished;
    expectEqual(status, 0, `status (${stderr})`);
    expectEqual(steps(folder), range(STEPS), "steps");
    expectTrue(
      existsSync(join(folder, "run", "warnings.jsonl")),
      "it gave no warning, so that none is compared",
    );
  });
  return contents(folder);
}

async function secondWriter() {
  await check("a second start is refused while the first one runs, and touches nothing", async () => {
    const folder = fresh();
    const first = start(program("train"), train(), folder);
    await rowsWritten(folder, 2, first);
    first.child.kill("SIGSTOP"); // however slow the second one is
    const mine = join(folder, "run", "checkpoints", ".writing-of-the-first");
    mkdirSync(mine);
    const before = statSync(join(folder, "run", "metrics.jsonl")).ino;
    const second = await start(launcher, ["train", ...train()], folder).finished;
    expectEqual(second.status, 1, `status (${second.stderr})`);
    for (const part of [
      "run is in use",
      `process ${first.child.pid} on `,
      "held it since",
      "--out",
      "[FOLDER_IN_USE]",
    ])
      expectTrue(second.stderr.includes(part), `the message lacks ${part}: ${second.stderr}`);
    expectTrue(existsSync(mine), "it removed what the first one was writing");
    expectEqual(statSync(join(folder, "run", "metrics.jsonl")).ino, before, "the metrics' file");
    rmSync(mine, { recursive: true });
    first.child.kill("SIGCONT");
    const { status, stderr } = await first.finished;
    expectEqual(status, 0, `status of the first (${stderr})`);
    expectSame(folder, whole);
  });
  await check("of three that start at once where a killed run was, one goes on", async () => {
    const folder = fresh();
    const killed = start(program("train"), train(), folder);
    await rowsWritten(folder, 5, killed);
    killed.child.kill("SIGKILL");
    await killed.finished;
    const results = await Promise.all(range(3).map(() => start(program("train"), train(), folder).finished));
    expectEqual(results.map(({ status }) => status).sort(), [0, 1, 1], "statuses");
    for (const { status, stderr } of results)
      expectTrue(status === 0 || stderr.includes("[FOLDER_IN_USE]"), stderr);
    expectSame(folder, whole);
  });
}

async function launcherKilled() {
  await check("the program ends with a killed launcher, and the same command continues", async () => {
    const folder = fresh();
    const run = start(launcher, ["train", ...train()], folder);
    await rowsWritten(folder, 5, run);
    const { pid } = JSON.parse(readFileSync(join(folder, "run", ".lock"), "utf8"));
    run.child.kill("SIGKILL");
    await gone(pid);
    await continues(folder, whole);
  });
  await check("the program saves and ends when npm is killed", async () => {
    const folder = fresh();
    const npm = ["npm", "--prefix", root, "run", "--silent", "train", "--"];
    const run = start(npm, train(), folder);
    await rowsWritten(folder, 2, run);
    const { pid } = JSON.parse(readFileSync(join(folder, "run", ".lock"), "utf8"));
    run.child.kill("SIGKILL");
    await gone(pid);
    expectTrue(checkpoints(folder).length > 0, "no checkpoint");
    await continues(folder, whole);
  });
}

async function stopped() {
  const isSaved = (folder) =>
    expectEqual(checkpoints(folder).at(-1), steps(folder).at(-1), "last checkpoint");
  for (const signal of ["SIGHUP", "SIGTERM"]) {
    await check(`${signal}: a checkpoint, a clean end, and the same command continues`, async () => {
      const folder = fresh();
      const run = start(program("train"), train("--checkpoint-every", "0"), folder);
      await rowsWritten(folder, 2, run);
      run.child.kill(signal);
      const { status, stderr } = await run.finished;
      expectEqual(status, 130, `status (${stderr})`);
      expectTrue(/stopped at step \d+ of 16; the same command continues/.test(stderr), stderr);
      isSaved(folder);
      await continues(folder, whole);
    });
  }
  await check("the terminal is closed: a checkpoint, no abort, and the same command continues", async () => {
    const folder = fresh();
    const python = ["python3", "-c", CLOSED_TERMINAL, "saved", ...program("train")];
    const { status, stderr } = await start(python, train(), folder).finished;
    expectEqual(status, 0, `status (${stderr})`); // that is: ended by SIGHUP, without a core file
    isSaved(folder);
    await continues(folder, whole);
  });
  await check(
    "the reader of standard error goes away: a checkpoint, and the same command continues",
    async () => {
      const folder = fresh();
      const run = start(program("train"), train("--checkpoint-every", "0"), folder);
      await rowsWritten(folder, 2, run);
      run.child.stderr.destroy();
      const { status } = await run.finished;
      expectEqual(status, 130, "status");
      isSaved(folder);
      await continues(folder, whole);
    },
  );
}

/** Kills of the process itself, at moments that a generator chooses, until it has come to its end. */
async function killed(backend, wanted) {
  await check(`${backend}: kills at random moments change nothing`, async () => {
    const folder = fresh();
    let kills = 0;
    for (let starts = 0; starts < 4 * KILLS; starts++) {
      const run = start(program("train"), training(backend), folder);
      if (kills < KILLS) await momentOf(folder, run);
      run.child.kill("SIGKILL");
      if (kills === KILLS) break;
      const { status, stderr } = await run.finished;
      if (status === "SIGKILL") kills++;
      else {
        expectEqual(status, 0, `status after ${kills} kills (${stderr})`);
        expectSame(folder, wanted);
        rmSync(join(folder, "run"), { recursive: true });
      }
    }
    expectEqual(kills, KILLS, "kills");
    await continues(folder, wanted, backend);
  });
}

/** Between two rows, or while a checkpoint is being written. */
async function momentOf(folder, run) {
  const isWriting = random() < 0.5;
  const checkpointFolder = join(folder, "run", "checkpoints");
  const left = new Set(names(checkpointFolder));
  const wanted = rowCount(folder) + 1 + Math.floor(4 * random());
  while (!run.result) {
    if (isWriting && names(checkpointFolder).some((name) => name.startsWith(".") && !left.has(name))) break;
    if (!isWriting && existsSync(join(folder, "run", "metrics.jsonl")) && rowCount(folder) >= wanted) break;
    await sleep(1);
  }
  await sleep(30 * random());
}

async function brokenFiles() {
  await check(
    "a disk that takes half of a row: an error with the place, and the same command continues",
    async () => {
      const folder = fresh();
      const preload = join(folder, "preload.cjs");
      writeFileSync(preload, FULL_DISK);
      const env = { NODE_OPTIONS: `--require ${JSON.stringify(preload)}` };
      const { status, stderr } = await start(program("train"), train(), folder, env).finished;
      expectEqual(status, 1, `status (${stderr})`);
      for (const part of [join("run", "metrics.jsonl"), "no space left", "[WRITE_FAILED]", "Free some space"])
        expectTrue(stderr.includes(part), `the message lacks ${part}: ${stderr}`);
      rmSync(preload);
      await continues(folder, whole);
    },
  );
  await check(
    "what a power cut and earlier versions left behind is mended: half a row, rows twice, old files",
    async () => {
      const folder = fresh();
      const run = start(program("train"), train(), folder);
      await rowsWritten(folder, 9, run);
      run.child.kill("SIGKILL");
      await run.finished;
      const metrics = join(folder, "run", "metrics.jsonl");
      const text = readFileSync(metrics, "utf8");
      writeFileSync(metrics, `${text.split("\n")[0]}\n${text}{"step": 99, "rew`);
      const { pid } = spawnSync(process.execPath, ["--version"]);
      for (const name of [
        `config.json.${pid}.tmp`,
        `rollouts/step-000001.jsonl.${pid}.tmp`,
        "checkpoints/.writing-3",
      ])
        writeFileSync(join(folder, "run", name), "");
      await continues(folder, whole);
    },
  );
  await check("rows that are lost are named", async () => {
    const folder = fresh();
    const run = start(program("train"), train(), folder);
    await rowsWritten(folder, 9, run);
    run.child.kill("SIGKILL");
    await run.finished;
    const metrics = join(folder, "run", "metrics.jsonl");
    const rows = readFileSync(metrics, "utf8").split("\n");
    writeFileSync(metrics, rows.filter((row) => !row.startsWith('{"step":2,')).join("\n"));
    const { status, stderr } = await start(program("train"), train(), folder).finished;
    expectEqual(status, 0, `status (${stderr})`);
    expectTrue(stderr.includes("lost the rows of step 2:"), stderr);
  });
  await check(
    "another machine's lock is not taken; removed as the message says, the run begins",
    async () => {
      const folder = fresh();
      mkdirSync(join(folder, "run"));
      const lock = { format: "soft-tokens-lock/1", host: "elsewhere", machine: null, pid: 7, started: null };
      const record = {
        ...lock,
        boot: null,
        namespace: null,
        since: "2020-01-01T00:00:00.000Z",
        command: "run",
      };
      writeFileSync(join(folder, "run", ".lock"), JSON.stringify(record));
      const { status, stderr } = await start(program("train"), train(), folder).finished;
      expectEqual(status, 1, "status");
      const file = /remove (\S+) and run/.exec(stderr)?.[1];
      expectTrue(file !== undefined && stderr.includes("process 7 on elsewhere"), stderr);
      rmSync(join(folder, file));
      await continues(folder, whole);
    },
  );
}

async function evaluation() {
  const args = [
    ...["evaluate", ...common, ...lengths, "--task", "jsonl", "--backend", embedded, "--out", "results"],
    ...["--samples", "8", "--modes", "hard-sample", "--batch", "16"],
  ];
  await check(
    "evaluate: a second start is refused, and after a kill every sample is there once",
    async () => {
      const folder = fresh();
      const run = start(program("bench"), args, folder);
      const samples = join(folder, "results", "samples.jsonl");
      while (!run.result && !(existsSync(samples) && statSync(samples).size > 0)) await sleep(2);
      run.child.kill("SIGSTOP");
      const second = await start(program("bench"), args, folder).finished;
      expectTrue(second.stderr.includes("[FOLDER_IN_USE]"), second.stderr);
      run.child.kill("SIGKILL");
      const { pid } = run.child;
      await run.finished;
      writeFileSync(join(folder, "results", `results.json.${pid}.tmp`), "{");
      const { status, stderr } = await start(program("bench"), args, folder).finished;
      expectEqual(status, 0, `status (${stderr})`);
      const keys = readFileSync(samples, "utf8").trim().split("\n").map(keyOfSample);
      expectEqual([keys.length, new Set(keys).size], [24 * 8, 24 * 8], "samples, and different ones");
      expectEqual(
        names(join(folder, "results")).filter((name) => /tmp|lock/.test(name)),
        [],
        "files left",
      );
    },
  );
}

function keyOfSample(line) {
  const { mode, id, sampleIndex } = JSON.parse(line);
  return `${mode} ${id} ${sampleIndex}`;
}

/** Runs the same command to its end. */
async function continues(folder, wanted, backend = embedded) {
  const { status, stderr } = await start(program("train"), training(backend), folder).finished;
  expectEqual(status, 0, `status (${stderr})`);
  expectSame(folder, wanted);
}

function expectSame(folder, wanted) {
  const found = contents(folder);
  const differing = [...new Set([...Object.keys(wanted), ...Object.keys(found)])].filter(
    (name) => wanted[name] !== found[name],
  );
  const rows = (text = "") => text.split("\n").length - 1;
  expectEqual(
    differing.map((name) =>
      /jsonl$/.test(name) ? `${name}: ${rows(found[name])} rows, ${rows(wanted[name])} wanted` : name,
    ),
    [],
    "files that differ",
  );
}

/** Files of the run by name. The report has times in it, and so have metrics, which are left out. */
function contents(folder) {
  const run = join(folder, "run");
  const files = names(run, { recursive: true }).filter((name) => statSync(join(run, name)).isFile());
  const isClock = (name) => /^(time|speed|memory)\//.test(name);
  const textOf = (name) => {
    const bytes = readFileSync(join(run, name));
    if (name !== "metrics.jsonl") return bytes.toString("latin1");
    const rows = bytes
      .toString("utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    return rows
      .map(
        (row) =>
          `${JSON.stringify(Object.fromEntries(Object.entries(row).filter(([key]) => !isClock(key))))}\n`,
      )
      .join("");
  };
  return Object.fromEntries(
    files
      .filter((name) => name !== "report.html")
      .sort()
      .map((name) => [name, textOf(name)]),
  );
}

function steps(folder) {
  const rows = readFileSync(join(folder, "run", "metrics.jsonl"), "utf8")
    .trim()
    .split("\n");
  return rows
    .map((row) => JSON.parse(row))
    .filter((row) => "reward/mean" in row)
    .map(({ step }) => step);
}

function checkpoints(folder) {
  return names(join(folder, "run", "checkpoints"))
    .flatMap((name) => /^step-(\d+)$/.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b);
}

function names(folder, options) {
  try {
    return readdirSync(folder, options);
  } catch {
    return [];
  }
}

function rowCount(folder) {
  const file = join(folder, "run", "metrics.jsonl");
  return existsSync(file) ? readFileSync(file, "utf8").split("\n").length - 1 : 0;
}

async function rowsWritten(folder, count, run) {
  while (rowCount(folder) < count) {
    if (run.result)
      throw new Error(`ended too early, with status ${run.result.status}: ${run.result.stderr}`);
    await sleep(5);
  }
}

/** Waits for a process that is not our child. A hang is a failure. */
async function gone(pid) {
  for (let tries = 0; tries < 600; tries++) {
    try {
      process.kill(pid, 0);
    } catch {
      return;
    }
    await sleep(50);
  }
  throw new Error(`process ${pid} is still there after half a minute`);
}

function start([file, ...first], args, cwd, env = {}) {
  const { INIT_CWD: _folder, ...inherited } = process.env;
  const child = spawn(file, [...first, ...args], { cwd, detached: true, env: { ...inherited, ...env } });
  running.add(child);
  const run = { child, result: null, finished: null };
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text) => {
    stderr += text;
  });
  child.stdout.resume();
  child.stdin.end();
  run.finished = new Promise((settle) => {
    child.on("exit", (code, signal) => {
      running.delete(child);
      // What it has said arrives after its end; a killed launcher's program may hold the pipe open.
      setTimeout(() => {
        run.result = { status: code ?? signal, stderr };
        settle(run.result);
      }, 20);
    });
  });
  return run;
}

function killGroup(child) {
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    // it has ended by itself
  }
}

function fresh() {
  return mkdtempSync(join(work, "case-"));
}

function range(count) {
  return Array.from({ length: count }, (_, index) => index + 1);
}

/** xorshift32: the same moments every time, as far as a clock allows. */
function createGenerator(seed) {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
