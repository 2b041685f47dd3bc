#!/usr/bin/env node
/**
 * A real small model takes a few steps on real GSM8K rows through the command line, with hard and with soft thoughts, and
 * generates from what was saved: that the numbers are finite, that sampler and trainer agree, that memory stays bounded, and
 * that transformers writes the same greedy text from what was saved. It learns nothing in so few steps.
 *
 *   node scripts/check-smollm2-training.mjs FOLDER      # of SmolLM2-135M-Instruct; default: $SOFT_TOKENS_SMOLLM2
 *
 * SOFT_TOKENS_PYTHON: a Python with torch and transformers.
 */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { createReport, expectEqual, expectTrue } from "./report.mjs";

const MEMORY_LIMIT_GIB = 8;
const STEPS = 2;

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const model = process.argv[2] ?? process.env.SOFT_TOKENS_SMOLLM2;
if (!model || !existsSync(join(model, "model.safetensors"))) {
  process.stderr.write(`no model.safetensors in ${model}: give the folder, or set SOFT_TOKENS_SMOLLM2\n`);
  process.exit(2);
}
const work = mkdtempSync(join(tmpdir(), "soft-tokens-smollm2-"));
let running = null;
process.on("exit", () => {
  running?.kill("SIGKILL");
  rmSync(work, { recursive: true, force: true });
});
const checkpoint = join(work, "soft", "checkpoints", `step-${String(STEPS).padStart(6, "0")}`);
const { check, finish } = createReport();

for (const thought of ["hard", "soft"]) {
  const out = join(work, thought);
  await check(`${thought} thoughts: ${STEPS} steps`, async () => {
    const { status, stderr, peakGiB } = await train(thought, out);
    expectEqual(status, 0, `status (${stderr})`);
    const rows = readFileSync(join(out, "metrics.jsonl"), "utf8")
      .trim()
      .split("\n")
      .map((row) => JSON.parse(row));
    expectEqual(rows.length, STEPS, "rows of metrics");
    for (const row of rows) {
      const bad = Object.entries(row).filter(([, value]) => !Number.isFinite(value));
      expectEqual(bad, [], `step ${row.step}: not finite`);
    }
    const trained = rows.filter((row) => row["optim/gradientNorm"] > 0);
    expectTrue(trained.length > 0, "no group had different rewards, so nothing was trained");
    const gap = Math.max(...trained.map((row) => row["logprob/gapRelative"]));
    expectTrue(gap < 1e-4, `sampler and trainer disagree on log pi by ${gap}, relative`);
    expectTrue(peakGiB < MEMORY_LIMIT_GIB, `${peakGiB} GiB of memory`);
    const seconds = rows.reduce((sum, row) => sum + row["time/step"], 0);
    process.stdout.write(
      `info ${thought}: ${(seconds / rows.length).toFixed(1)} s a step, log pi gap ${gap.toExponential(1)}, peak ${peakGiB.toFixed(1)} GiB\n`,
    );
  });
}
await check("the trained model generates", async () => {
  const question = "Tom has 3 apples and buys 4 more. How many apples has Tom?";
  const options = ["--question", question, "--mode", "hard-greedy", "--max-thought-steps", "12", "--json"];
  const { status, stdout, stderr } = await command(["generate", "--model", checkpoint, ...options]);
  expectEqual(status, 0, `status (${stderr})`);
  const { thought, thoughtSteps, answer } = JSON.parse(stdout);
  expectTrue(thoughtSteps > 0 && thought.trim() !== "" && answer.includes("\\boxed{"), stdout);
});
await check("transformers writes what the trained model writes, greedily", () => sameInTransformers());
finish();

/** Thoughts of hard-greedy are plain greedy text, up to what ends a thought. */
async function sameInTransformers() {
  if (!process.env.SOFT_TOKENS_PYTHON)
    throw new Error("set SOFT_TOKENS_PYTHON: a Python with torch and transformers");
  const tokens = 48;
  const questions = [
    "Tom has 3 apples and buys 4 more. How many apples has Tom?",
    "A pen costs 2 dollars. How much do 6 pens cost?",
  ];
  for (const question of questions) {
    const options = ["--question", question, "--mode", "hard-greedy", "--max-thought-steps", String(tokens)];
    const form = ["--prompt-template", "User: QUESTION Assistant:", "--dtype", "float32", "--json"];
    const ours = await command(["generate", "--model", checkpoint, ...options, ...form]);
    expectEqual(ours.status, 0, `status (${ours.stderr})`);
    const { thought, thoughtSteps } = JSON.parse(ours.stdout);
    expectTrue(thoughtSteps > 8, `a text of ${thoughtSteps} tokens says little`);
    const script = join(root, "apps", "train", "fixtures-scripts", "greedy_text.py");
    const prompt = `User: ${question} Assistant:`;
    const theirs = spawnSync(
      process.env.SOFT_TOKENS_PYTHON,
      [script, checkpoint, prompt, String(thoughtSteps)],
      {
        encoding: "utf8",
        env: { ...process.env, HF_HUB_OFFLINE: "1" },
      },
    );
    expectEqual(theirs.status, 0, `status (${theirs.stderr})`);
    expectEqual(thought, theirs.stdout, question);
  }
}

function train(thought, out) {
  return command([
    ...["run", "--model", model, "--data", "gsm8k", "--thought", thought, "--out", out, "--limit", "16"],
    ...["--validation-size", "0", "--steps", String(STEPS), "--warmup-steps", "1", "--prompts-per-step", "1"],
    // Six answers of at most three tokens: some close their box and some do not, so that rewards differ.
    ...["--samples-per-prompt", "6", "--max-thought-steps", "4", "--max-answer-tokens", "3"],
  ]);
}

/** Starts the training app itself, not the launcher, so that the memory is the program's. */
function command(args) {
  const program = join(root, "apps", "train", "src", "main.ts");
  const child = spawn(
    process.execPath,
    ["--conditions=@soft-tokens/source", "--import", "tsx", program, ...args],
    { cwd: root, stdio: ["ignore", "pipe", "pipe"] },
  );
  running = child;
  const output = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"]) {
    child[name].setEncoding("utf8").on("data", (text) => {
      output[name] += text;
    });
  }
  let peakGiB = 0;
  const watch = setInterval(() => {
    peakGiB = Math.max(peakGiB, residentGiB(child.pid));
  }, 500);
  return new Promise((settle) => {
    child.on("close", (code, signal) => {
      clearInterval(watch);
      running = null;
      settle({ status: code ?? signal, peakGiB, ...output });
    });
  });
}

/** The largest resident memory so far where the system knows it, else the present one. */
function residentGiB(pid) {
  try {
    const [, kilobytes] = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
    if (kilobytes !== undefined) return Number(kilobytes) / 2 ** 20;
  } catch {
    // no /proc here, or the process has just ended
  }
  const { stdout } = spawnSync("ps", ["-o", "rss=", "-p", String(pid)], { encoding: "utf8" });
  return Number(stdout) / 2 ** 20 || 0;
}
