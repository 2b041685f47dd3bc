/**
 * Graders of one's own that do harm, through the real program: none stalls it, ends it without a word, outlives it, or reaches the
 * terminal. With the demo's model, on WebAssembly.
 *   node --conditions=@soft-tokens/source --import tsx apps/train/scripts/check-hostile-graders.ts
 * Prints `N passed, N failed`.
 */

import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openGrading } from "@soft-tokens/app-common";
import { writeProblems } from "../src/demo/problems.ts";

const main = fileURLToPath(new URL("../src/main.ts", import.meta.url));
const model = fileURLToPath(new URL("../demo/model", import.meta.url));
const work = mkdtempSync(join(tmpdir(), "hostile-graders-"));
const started = join(work, "started");
const problems = writeProblems(work, 20).training;
const failures: string[] = [];
let passed = 0;

const head = `
  import { execFileSync, spawn } from "node:child_process";
  import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
  const right = { correct: true, reward: 1 };
  const child = () => {
    const { pid } = spawn("sleep", ["1000"], { stdio: "inherit" });
    appendFileSync(${JSON.stringify(started)}, pid + "\\n");
  };
  let count = 0;
`;
const graders = {
  exec: grader("export default () => { child(); execFileSync('sleep', ['1001']); };"),
  sometimes: grader(
    "export default () => { if (++count === 2) execFileSync('sleep', ['1002']); return { ...right, reward: count % 2 }; };",
  ),
  fifo: grader(`export default () => { readFileSync(${JSON.stringify(join(work, "pipe"))}); };`),
  escapes: grader(
    "export default () => { console.log('\\u001b[2J\\u009b2J'); throw new Error('\\u001b]0;title\\u0007\\u202e'); };",
  ),
  mixed: grader("export default ({ text }) => { if (text.length % 2) throw new Error('odd'); for (;;); };"),
  memory: grader("export default () => { const all = []; for (;;) all.push(new Array(1e5).fill(0)); };"),
  late: grader(
    "export default () => { setTimeout(() => { throw new Error('late'); }, 1); Promise.reject(new Error('lost')); return { ...right, reward: ++count % 2 }; };",
  ),
  mark: grader(`writeFileSync(${JSON.stringify(join(work, "mark"))}, ""); export default () => right;`),
};

try {
  spawnSync("mkfifo", [join(work, "pipe")]);
  await Promise.all([endsRuns(), goesOn(), dryRun()]);
  await diesWithTheProgram();
  await leavesNothing();
} finally {
  rmSync(work, { recursive: true, force: true });
}
for (const failure of failures) process.stdout.write(`${failure}\n`);
process.stdout.write(`${passed} passed, ${failures.length} failed\n`);
process.exitCode = failures.length === 0 ? 0 : 1;

/** A whole step without a verdict ends the run, whatever the grader did instead. */
async function endsRuns(): Promise<void> {
  const cases = [
    ["exec", /ran out of time for 2 samples in a row/],
    ["fifo", /ran out of time for 2 samples in a row/],
    ["escapes", /failed for 2 samples in a row.*Error: \\u001b\]0;title\\u0007\\u202e/],
    ["mixed", /(failed for|ran out of time for|gave no verdict for) 2 samples in a row/],
    ["memory", /(failed for|ran out of time for|gave no verdict for) 2 samples in a row/],
  ] as const;
  for (const [name, message] of cases) {
    const { status, output, error } = await train(graders[name], name);
    check(`${name} ends the run`, status, 2);
    check(`${name} is said to be at fault`, error, message);
    check(`${name} sends nothing to the terminal`, /(?![\n\t])[\p{Cc}\u202e]/u.test(output + error), false);
  }
  check("what graders started has ended", runningOf(started), []);
}

/** One bad sample among good ones is that sample's alone. */
async function goesOn(): Promise<void> {
  for (const name of ["sometimes", "late"] as const) {
    const { status, error } = await train(graders[name], name);
    check(`a run goes on with ${name}, and ends: ${error.split("\n").at(-2)}`, status, 0);
    const rows = readFileSync(join(work, name, "metrics.jsonl"), "utf8")
      .trim()
      .split("\n");
    check(`${name} has all steps`, rows.length, 2);
    if (name !== "sometimes") continue;
    const timeouts = rows.map((row) => (JSON.parse(row) as Record<string, number>)["grader/timeouts"] ?? 0);
    check(`${name} is counted`, (timeouts[0] as number) > 0, true);
  }
}

/** A program that is killed takes its graders with it. */
async function diesWithTheProgram(): Promise<void> {
  rmSync(started, { force: true });
  const child = spawn(process.execPath, trainArgs(graders.exec, "killed", 100_000), { stdio: "ignore" });
  while (!existsSync(started) && child.exitCode === null) await pause(100);
  child.kill("SIGKILL");
  await once(child, "exit");
  for (let wait = 0; wait < 100 && runningOf(started).length > 0; wait++) await pause(100);
  check("a killed program leaves no grader behind", runningOf(started), []);
}

async function dryRun(): Promise<void> {
  const config = join(work, "config.json");
  writeFileSync(config, JSON.stringify({ grader: graders.mark }));
  const { status } = await run([...trainArgs(null, "dry"), "--config", config, "--dry-run"]);
  check(
    "a dry run does not run a configuration's grader",
    [status, existsSync(join(work, "mark"))],
    [0, false],
  );
}

/** Ended processes leave no descriptor, no thread and no memory in the program. */
async function leavesNothing(): Promise<void> {
  const state = () => ["fd", "task"].map((name) => readOr(`/proc/self/${name}`));
  const options = { grader: graders.exec, graderWorkers: 4, graderTimeoutMs: 50 };
  const grading = await openGrading(options);
  const sample = { id: "", question: "", gold: "", text: "", answer: "" };
  const grade = (count: number) => Promise.all(Array.from({ length: count }, () => grading.grade(sample)));
  await grade(4);
  const [before, memory] = [state(), process.memoryUsage().rss];
  await grade(20);
  check("24 timeouts", grading.takeCounts(), { timeout: 24, refused: 0, failed: 0 });
  await grading[Symbol.asyncDispose]();
  await pause(1000);
  const after = state();
  check("descriptors stay", (after[0] as number) <= (before[0] as number), true);
  check("threads stay", (after[1] as number) <= (before[1] as number) + 1, true);
  check("memory stays", process.memoryUsage().rss - memory < 100 * 2 ** 20, true);
  check("their children have ended", runningOf(started), []);
}

function grader(code: string): string {
  const path = join(work, `grader-${readdirSync(work).length}.mjs`);
  writeFileSync(path, head + code);
  return path;
}

function trainArgs(path: string | null, name: string, timeoutMs = 400): string[] {
  const settings = {
    ...{ model, data: problems, task: "jsonl", thought: "soft", backend: "tfjs-wasm", out: join(work, name) },
    ...{ steps: 2, "warmup-steps": 1, "validate-every": 0, "prompts-per-step": 1, "samples-per-prompt": 2 },
    ...{ "max-thought-steps": 4, "max-answer-tokens": 2, "prompt-template": "User: QUESTION Assistant:" },
    ...{ "grader-workers": 1, "grader-timeout-ms": timeoutMs, ...(path !== null && { grader: path }) },
  };
  const flags = Object.entries(settings).flatMap(([key, value]) => [`--${key}`, String(value)]);
  return [...process.execArgv, main, ...flags];
}

function train(path: string, name: string) {
  return run(trainArgs(path, name));
}

async function run(
  args: readonly string[],
): Promise<{ status: number | null; output: string; error: string }> {
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
  let [output, error] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    error += text;
  });
  const limit = setTimeout(() => child.kill("SIGKILL"), 120_000);
  await once(child, "close");
  clearTimeout(limit);
  return { status: child.exitCode, output, error };
}

/** Ids of a file that belong to processes which still do something. */
function runningOf(file: string): number[] {
  if (!existsSync(file)) return [];
  return readFileSync(file, "utf8")
    .trim()
    .split("\n")
    .map(Number)
    .filter((id) => {
      const state = spawnSync("ps", ["-o", "stat=", "-p", String(id)], { encoding: "utf8" }).stdout.trim();
      return state !== "" && !state.startsWith("Z");
    });
}

function readOr(folder: string): number {
  return existsSync(folder) ? readdirSync(folder).length : 0;
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

function check(title: string, got: unknown, wanted: unknown): void {
  const isRight =
    wanted instanceof RegExp ? wanted.test(String(got)) : JSON.stringify(got) === JSON.stringify(wanted);
  if (isRight) passed++;
  else failures.push(`failed: ${title}: got ${JSON.stringify(got)}, wanted ${wanted}`);
}
