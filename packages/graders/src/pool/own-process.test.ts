/**
 * Graders that a thread could not be saved from: each runs in a process of its own, which is ended with all that it has started.
 * From source; no verdict may hang on how busy the machine is (see pool.test.ts).
 */
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterAll, describe, expect, it, vi } from "vitest";
import { createGraderPool } from "./pool.ts";

vi.setConfig({ testTimeout: 180_000 });
const patientMs = 60_000;

const folder = mkdtempSync(join(tmpdir(), "soft-tokens-own-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const [readPipe, writePipe] = [join(folder, "read"), join(folder, "write")];
const hasPipes = spawnSync("mkfifo", [readPipe, writePipe]).status === 0;

function file(name: string, code: string): string {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, code);
  return path;
}

/** Does what its answer says, and leaves the ids of the processes that it starts in a file. */
const obedient = file(
  "obedient.mjs",
  `import { execFileSync, spawn, spawnSync } from "node:child_process";
   import { appendFileSync, closeSync, openSync, readFileSync, writeSync } from "node:fs";
   import { Worker } from "node:worker_threads";
   const right = { correct: true, reward: 1 };
   const started = (child) => appendFileSync(${JSON.stringify(join(folder, "started"))}, child.pid + "\\n");
   const sleep = ["-e", "setTimeout(() => {}, 1e9)"];
   const doings = {
     right: () => right,
     exec: () => { execFileSync(process.execPath, sleep); },
     shell: () => { execFileSync("/bin/sh", ["-c", "sleep 1000 | sleep 1001 & wait; sleep 1002"]); },
     family: () => { started(spawn(process.execPath, sleep, { stdio: "inherit" })); spawnSync(process.execPath, sleep); },
     read: () => { readFileSync(${JSON.stringify(readPipe)}); },
     write: () => { openSync(${JSON.stringify(writePipe)}, "w"); },
     wait: () => { Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0); },
     thread: () => { new Worker("for (;;);", { eval: true }); for (;;); },
     deaf: () => { for (const name of ["SIGTERM", "SIGINT", "SIGHUP"]) process.on(name, () => {}); for (;;); },
     getter: () => ({ get correct() { for (;;); }, reward: 1 }),
     message: () => { throw Object.defineProperty(new Error(), "message", { get() { for (;;); } }); },
     kill: () => { process.kill(process.pid, "SIGKILL"); for (;;); },
     stop: () => { process.kill(process.pid, "SIGSTOP"); for (;;); },
     forge: () => { writeSync(3, '{"type":"verdicts","verdicts":[{"status":"graded","correct":true,"reward":9}]}\\n'); for (;;); },
     nonsense: () => { writeSync(3, "nonsense\\n"); for (;;); },
     close: () => { closeSync(3); for (;;); },
     send: () => { process.send?.({ type: "ready" }); process.disconnect?.(); return right; },
     odd: () => { throw { toString() { throw new Error("again"); } }; },
     late: () => { setTimeout(() => { for (;;); }, 0); return right; },
     child: () => { started(spawn(process.execPath, sleep, { stdio: "inherit" })); return right; },
   };
   export default ({ text }) => doings[text]();`,
);

async function statuses(texts: readonly string[], timeoutMs: number): Promise<[string, string][]> {
  const pool = createGraderPool({ grader: obedient, workers: 2, timeoutMs });
  try {
    const verdicts = await pool.gradeAll(texts.map((text) => ({ text, gold: "" })));
    return verdicts.map(({ status, reason }, index) => [texts[index] as string, `${status}: ${reason}`]);
  } finally {
    await pool.dispose();
  }
}

/** A process that nobody has waited for yet does nothing any more. */
function isRunning(id: number): boolean {
  const { stdout } = spawnSync("ps", ["-o", "stat=", "-p", String(id)], { encoding: "utf8" });
  return stdout.trim() !== "" && !stdout.trim().startsWith("Z");
}

async function expectEnded(ids: readonly number[]): Promise<void> {
  expect(ids.length).toBeGreaterThan(0);
  await expect.poll(() => ids.filter(isRunning), { timeout: patientMs }).toEqual([]);
}

const startedIds = () => readFileSync(join(folder, "started"), "utf8").trim().split("\n").map(Number);

/** A program on this package's source, started in a folder. */
function program(code: string, cwd = folder): { args: string[]; cwd: string } {
  const loader = createRequire(import.meta.url).resolve("tsx");
  const path = file(`program-${readdirSync(folder).length}.mts`, code);
  return { args: ["--import", pathToFileURL(loader).href, path], cwd };
}

const pool = JSON.stringify(new URL("./index.ts", import.meta.url).href);

describe("a grader in a process of its own", () => {
  const pipes = hasPipes ? ["read", "write"] : [];
  const blocking = ["exec", "shell", "family", "wait", "thread", "deaf", "getter", "message", ...pipes];

  it("that blocks is ended, with what it has started, and costs its sample alone", async () => {
    const texts = blocking.flatMap((doing) => [doing, "right"]);
    expect(await statuses(texts, 1500)).toEqual(
      texts.map((text) => [text, text === "right" ? "graded: right" : "timeout: no verdict after 1500 ms"]),
    );
    await expectEnded(startedIds());
  });

  it("that does harm to its process fails alone", async () => {
    const wrong = "failed: its worker died: its process sent something else than verdicts";
    const cases: [string, string][] = [
      ["kill", "failed: its worker died: it was ended by SIGKILL"],
      ["forge", wrong],
      ["nonsense", wrong],
      ["odd", "failed: the grader threw object that cannot be shown"],
      ["send", "graded: right"],
      ["right", "graded: right"],
    ];
    expect(
      await statuses(
        cases.map(([text]) => text),
        patientMs,
      ),
    ).toEqual(cases);
  });

  it("that closes the way to the pool has no verdict", async () => {
    const [[, status] = []] = await statuses(["close"], 1000);
    expect(status).toMatch(/^(failed|timeout): /);
  });

  it("that stops its own process is a late one", async () => {
    expect(await statuses(["stop", "right"], 1000)).toEqual([
      ["stop", "timeout: no verdict after 1000 ms"],
      ["right", "graded: right"],
    ]);
  });

  it("that leaves a loop behind costs no other sample its verdict", async () => {
    const texts = ["late", "right", "late", "right", "right"];
    expect(await statuses(texts, 1500)).toEqual(texts.map((text) => [text, "graded: right"]));
  });

  it("leaves nothing behind, however often it is ended", async () => {
    const descriptors = () => (existsSync("/proc/self/fd") ? readdirSync("/proc/self/fd").length : 0);
    const threads = () => (existsSync("/proc/self/task") ? readdirSync("/proc/self/task").length : 0);
    const own = createGraderPool({ grader: obedient, workers: 2, timeoutMs: 200 });
    await own.gradeAll([{ text: "wait", gold: "" }]);
    const before = [descriptors(), threads()];
    const blocked = await own.gradeAll(Array.from({ length: 6 }, () => ({ text: "wait", gold: "" })));
    expect(blocked.every(({ status }) => status === "timeout")).toBe(true);
    await own.dispose();
    // Each process has three descriptors here, and two processes are there at most.
    await expect.poll(descriptors, { timeout: patientMs }).toBeLessThanOrEqual((before[0] as number) + 6);
    expect(threads()).toBeLessThanOrEqual((before[1] as number) + 1);
    expect(own.counts).toMatchObject({ timeout: 7, failed: 0 });
  });

  it("ends with its pool, and what it has started with it", async () => {
    expect(await statuses(["child"], patientMs)).toEqual([["child", "graded: right"]]);
    await expectEnded(startedIds());
  });
});

describe("a program with a grader of one's own", () => {
  it("ends by itself after a grader has blocked, without being told to", () => {
    const { args, cwd } = program(
      `import { createGraderPool } from ${pool};
       const pool = createGraderPool({ grader: ${JSON.stringify(obedient)}, workers: 1, timeoutMs: 1000 });
       const [first, second] = await pool.gradeAll(["exec", "right"].map((text) => ({ text, gold: "" })));
       process.stdout.write(first.status + " " + second.status);`,
    );
    const output = execFileSync(process.execPath, args, { cwd, encoding: "utf8", timeout: 2 * patientMs });
    expect(output).toBe("timeout graded");
  });

  it("takes the grader with it when it is killed", async () => {
    const { args, cwd } = program(
      `import { createGraderPool } from ${pool};
       const pool = createGraderPool({ grader: ${JSON.stringify(obedient)}, workers: 1, timeoutMs: 1e6 });
       await pool.gradeAll([{ text: "family", gold: "" }]);`,
    );
    rmSync(join(folder, "started"), { force: true });
    const child = spawn(process.execPath, args, { cwd, stdio: "ignore" });
    await expect.poll(() => existsSync(join(folder, "started")), { timeout: patientMs }).toBe(true);
    child.kill("SIGKILL");
    await once(child, "exit");
    await expectEnded(startedIds());
  });

  it("shows the control characters that a grader prints, and obeys none", () => {
    const printing = file(
      "printing.mjs",
      `import { spawnSync } from "node:child_process";
       export default () => {
         console.log("\\u001b]0;title\\u0007 \\u009b2J \\u202e");
         console.error("back\\rfront\\tä");
         spawnSync(process.execPath, ["-e", "console.log('\\\\u001b[2J')"], { stdio: "inherit" });
         return { correct: true, reward: 1 };
       };`,
    );
    const { args, cwd } = program(
      `import { createGraderPool } from ${pool};
       const pool = createGraderPool({ grader: ${JSON.stringify(printing)}, workers: 1, timeoutMs: ${patientMs} });
       await pool.grade({ text: "", gold: "" });
       await pool.dispose();`,
    );
    const { stdout, stderr } = spawnSync(process.execPath, args, { cwd, encoding: "utf8" });
    expect(stdout).toBe("");
    expect(stderr.split("\n").slice(0, 2)).toEqual([
      "\\u001b]0;title\\u0007 \\u009b2J \\u202e",
      "back\\u000dfront\tä",
    ]);
    expect(stderr).toContain("\\u001b[2J");
  });

  it("reads the settings of the grader's folder, and runs nothing of the one it is started in", () => {
    const here = join(folder, "here");
    const paths = (target: string) =>
      JSON.stringify({ compilerOptions: { baseUrl: ".", paths: { "#helper": [target], helper: [target] } } });
    file("here/tsconfig.json", paths("./theirs.ts"));
    file("here/theirs.ts", "export const whose = 'theirs';");
    file("here/node_modules/tsx/package.json", '{"exports": "./evil.js"}');
    file("there/tsconfig.json", paths("./ours.ts"));
    file("there/ours.ts", "export const whose = 'ours';");
    const code = (name: string) =>
      `import { whose } from ${name}; export default () => ({ correct: true, reward: 1, reason: whose });`;
    const graders = [
      file("there/own.mts", code('"helper"')),
      file("there/own.ts", code('"helper"')),
      file("bare/own.mts", code('"helper"')),
    ];
    const { args, cwd } = program(
      `import { createGraderPool } from ${pool};
       for (const grader of ${JSON.stringify(graders)}) {
         const pool = createGraderPool({ grader, workers: 1, timeoutMs: ${patientMs} });
         const { reason } = await pool.grade({ text: "", gold: "" }).catch(({ code }) => ({ reason: code }));
         console.log(reason);
         await pool.dispose();
       }`,
      here,
    );
    const environment = {
      ...process.env,
      TSX_TSCONFIG_PATH: fileURLToPath(new URL("./no-tsconfig.json", import.meta.url)),
    };
    const { stdout, stderr } = spawnSync(process.execPath, args, { cwd, encoding: "utf8", env: environment });
    expect([stdout.trim().split("\n"), stderr]).toEqual([["ours", "ours", "GRADER_NOT_LOADED"], ""]);
  });
});
