/**
 * Kills a training process with SIGKILL, over and over and preferably while it writes a checkpoint, starts it again, and
 * compares all it said with an uninterrupted run: every metric must be equal to the last bit. About a minute.
 *
 *   node --conditions=@soft-tokens/source --import tsx packages/trainer/scripts/check-kill-resume.ts
 */

import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { createRlooTrainer } from "../src/rloo-trainer.ts";
import { loadReferenceModel } from "../src/test-support/reference.ts";
import { tinyOptions, withoutClocks } from "../src/test-support/tiny-run.ts";

const KILLS = 6;
const STEPS = 12;

async function train(folder: string | null): Promise<void> {
  using loaded = await loadReferenceModel("llama");
  const options = await tinyOptions(loaded.model, "soft", {
    steps: STEPS,
    checkpointEvery: 1,
    validateEvery: 3,
  });
  using trainer = createRlooTrainer({ ...options, checkpointFolder: folder });
  await trainer.resume();
  for await (const event of trainer.run()) {
    if (event.type !== "step" && event.type !== "validation") continue;
    process.stdout.write(`${JSON.stringify([event.type, event.step, withoutClocks(event.metrics)])}\n`);
  }
}

/** Lines by event and step; a step that is repeated after a kill must repeat itself. */
async function runChild(
  folder: string,
  said: Map<string, string>,
  killAfterLines: number,
): Promise<string[]> {
  const child = spawn(process.execPath, [...process.execArgv, fileURLToPath(import.meta.url), folder], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const differences: string[] = [];
  const reader = createInterface({ input: child.stdout as NonNullable<ChildProcess["stdout"]> });
  let lines = 0;
  reader.on("line", (line) => {
    const [type, step] = JSON.parse(line) as [string, number];
    const name = `${type} ${step}`;
    if (said.has(name) && said.get(name) !== line) differences.push(`${name} differs when repeated`);
    said.set(name, line);
    lines++;
  });
  const watch = setInterval(() => {
    const isWriting = readdirSync(folder).some((name) => name.includes("writing"));
    if (lines >= killAfterLines && isWriting) child.kill("SIGKILL");
  }, 1);
  await new Promise((resolve) => child.on("close", resolve));
  clearInterval(watch);
  return differences;
}

async function check(): Promise<void> {
  const whole = mkdtempSync(join(tmpdir(), "kill-whole-"));
  const killed = mkdtempSync(join(tmpdir(), "kill-"));
  try {
    const expected = new Map<string, string>();
    await runChild(whole, expected, Number.POSITIVE_INFINITY);
    const said = new Map<string, string>();
    const failures: string[] = [];
    for (let kill = 0; kill < KILLS; kill++) {
      failures.push(...(await runChild(killed, said, 2 + (kill % 3))));
      const left = readdirSync(killed).filter((name) => name.includes("writing")).length;
      process.stderr.write(
        `kill ${kill + 1}: ${said.size} events so far, ${left} half-written folders left behind\n`,
      );
    }
    failures.push(...(await runChild(killed, said, Number.POSITIVE_INFINITY)));
    for (const [name, line] of expected) if (said.get(name) !== line) failures.push(`${name} differs`);
    const left = readdirSync(killed).filter((name) => name.includes("writing"));
    if (left.length > 0) failures.push(`left behind at the end: ${left.join(", ")}`);
    for (const failure of failures) process.stderr.write(`${failure}\n`);
    const passed = expected.size - failures.length;
    process.stdout.write(`${passed} passed, ${failures.length} failed\n`);
    if (failures.length > 0) process.exitCode = 1;
  } finally {
    rmSync(whole, { recursive: true, force: true });
    rmSync(killed, { recursive: true, force: true });
  }
}

const folder = process.argv[2];
await (folder === undefined ? check() : train(folder));
