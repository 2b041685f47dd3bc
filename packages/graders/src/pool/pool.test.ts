/** Hostile graders and hostile answers: every batch comes back, in order, in bounded time. From source, so workers run through tsx. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it, vi } from "vitest";
import type { PoolVerdict } from "./contract.ts";
import { createGraderPool } from "./pool.ts";
import type { GraderPoolOptions } from "./types.ts";

// A verdict must never hang on how busy the machine is: a limit on honest work is one that no load reaches, a limit that has
// to be reached is on work without an end, and a test's own limit is there to end what hangs.
const patientMs = 60_000;
vi.setConfig({ testTimeout: 180_000 });

const folder = mkdtempSync(join(tmpdir(), "soft-tokens-pool-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, code: string): string {
  const path = join(folder, name);
  writeFileSync(path, code);
  return path;
}

/** Does what its answer says. */
const obedient = file(
  "obedient.mjs",
  `const doings = {
     loop: () => { for (;;); },
     async never() { await new Promise(() => {}); },
     memory: () => { const all = []; for (;;) all.push(new Array(100_000).fill(0)); },
     exit: () => process.exit(3),
     throw: () => { throw new RangeError("will not"); },
     nan: () => ({ correct: true, reward: NaN }),
     nothing: () => undefined,
     text: () => ({ correct: "yes", reward: 1 }),
     regex: () => /^(a+)+$/.test("a".repeat(60) + "b"),
   };
   export default ({ text }) => doings[text]?.() ?? { correct: text === "right", reward: text.length, extracted: text };`,
);

async function grade(texts: readonly string[], options: GraderPoolOptions): Promise<PoolVerdict[]> {
  const pool = createGraderPool(options);
  try {
    return await pool.gradeAll(texts.map((text) => ({ text, gold: "" })));
  } finally {
    await pool.dispose();
  }
}

const errorOf = async (options: GraderPoolOptions): Promise<Error & { code?: string }> => {
  const pool = createGraderPool(options);
  const error = await pool.start().then(
    () => null,
    (reason: unknown) => reason,
  );
  await pool.dispose();
  if (!(error instanceof Error)) throw new Error("the pool has started");
  return error;
};

describe("the built-in grader in a pool", () => {
  it("gives what it gives without one, in order, for thousands of answers with hostile ones among them", async () => {
    const pool = createGraderPool({
      workers: 2,
      options: { mode: "boxed" },
      maxLength: 200_000,
      timeoutMs: patientMs,
    });
    const hostile = [
      "{".repeat(100_000),
      "\\boxed{9^{9^{9^{9^{9}}}}}",
      `\\boxed{${"(".repeat(1900)}${")".repeat(1900)}}`,
      "\\boxed{".repeat(15_000),
      "x".repeat(200_001),
    ];
    const items = Array.from({ length: 3000 }, (_, index) => ({
      text: index % 100 === 7 ? (hostile[((index / 100) % 5) | 0] as string) : `so \\boxed{${index}}`,
      gold: String(index - (index % 3)),
    }));
    const verdicts = await pool.gradeAll(items);
    expect(verdicts.length).toBe(3000);
    verdicts.forEach((verdict, index) => {
      const isRight = index % 100 !== 7 && index % 3 === 0;
      expect([index, verdict.correct, verdict.reward === 100]).toEqual([index, isRight, isRight]);
    });
    expect(pool.counts).toMatchObject({ timeout: 0, failed: 0, refused: 6 });
    expect(verdicts[8]).toMatchObject({ status: "graded", extracted: "8", boxed: true, reward: 10 });
    await pool.dispose();
  });

  it("takes presets, options of an item and several answers", async () => {
    const pool = createGraderPool({ workers: 1, preset: "olympiad", timeoutMs: patientMs });
    const [percent, wrong, decimals] = await pool.gradeAll([
      { text: "\\boxed{4.25\\%}", gold: { gold: ["4.2"], unit: "%", error: "1e-1" } },
      { text: "\\boxed{4.4}", gold: { gold: ["4.2"], unit: "%", error: "1e-1" } },
      { text: "\\boxed{0.33}", gold: "1/3", options: { decimals: 2 } },
    ]);
    expect([percent?.correct, wrong?.correct, decimals?.correct]).toEqual([true, false, true]);
    await pool.dispose();
  });

  it("takes only as many items of a stream as its workers are busy with", async () => {
    const pool = createGraderPool({ workers: 1, timeoutMs: patientMs });
    let taken = 0;
    function* endless() {
      for (;;) yield { text: `\\boxed{${taken}}`, gold: String(taken++) };
    }
    let given = 0;
    for await (const verdict of pool.gradeEach(endless())) {
      expect([verdict.correct, verdict.extracted]).toEqual([true, String(given)]);
      if (++given === 1000) break;
    }
    expect(taken).toBeLessThan(1000 + 300);
    await pool.dispose();
  });

  it("answers the first item of a stream before there is a second one", async () => {
    const pool = createGraderPool({ workers: 1, timeoutMs: patientMs });
    let release = () => {};
    async function* slow() {
      yield { text: "1", gold: "1" };
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      yield { text: "2", gold: "1" };
    }
    const verdicts = pool.gradeEach(slow());
    expect((await verdicts.next()).value).toMatchObject({ correct: true });
    release();
    expect((await verdicts.next()).value).toMatchObject({ correct: false });
    expect((await verdicts.next()).done).toBe(true);
    await pool.dispose();
  });

  it("does not take a busy host for a slow worker", async () => {
    const timeoutMs = 2000;
    const pool = createGraderPool({ workers: 1, timeoutMs });
    await pool.start();
    const verdicts = pool.gradeAll(Array.from({ length: 200 }, () => ({ text: "1", gold: "1" })));
    for (const end = performance.now() + 1.5 * timeoutMs; performance.now() < end; );
    expect((await verdicts).every(({ correct }) => correct)).toBe(true);
    await pool.dispose();
  });
});

describe("a grader of one's own", () => {
  it("that hangs, dies, throws or returns nonsense costs only its sample", async () => {
    const texts = [
      "right",
      "loop",
      "wrong",
      "never",
      "exit",
      "a",
      "throw",
      "nan",
      "nothing",
      "text",
      "regex",
      "b",
    ];
    const verdicts = await grade(texts, { grader: obedient, workers: 2, timeoutMs: 1500 });
    expect(verdicts.map(({ status, reason }) => `${status}: ${reason}`)).toEqual([
      "graded: right",
      "timeout: no verdict after 1500 ms",
      "graded: wrong",
      "timeout: no verdict after 1500 ms",
      "failed: its worker died: it ended itself with status 3",
      "graded: wrong",
      "failed: the grader threw RangeError: will not",
      'failed: the grader is wrong: its result has "reward" NaN; wanted a finite number',
      "graded: wrong",
      'failed: the grader is wrong: its result has "correct" "yes"; wanted true or false',
      "timeout: no verdict after 1500 ms",
      "graded: wrong",
    ]);
    expect(verdicts[0]).toMatchObject({ correct: true, reward: 5, extracted: "right", boxed: true });
  });

  it("that eats memory is ended at its limit, not the program", async () => {
    const verdicts = await grade(["right", "memory", "a"], {
      grader: obedient,
      workers: 1,
      memoryMb: 48,
      timeoutMs: patientMs,
    });
    expect(verdicts.map(({ status }) => status)).toEqual(["graded", "failed", "graded"]);
    expect(verdicts[1]?.reason).toMatch(/memory/i);
  });

  it("that hangs often takes its time each time, and no more", async () => {
    const texts = Array.from({ length: 400 }, (_, index) => (index % 80 === 3 ? "loop" : "right"));
    const pool = createGraderPool({ grader: obedient, workers: 2, timeoutMs: 1000 });
    const verdicts = await pool.gradeAll(texts.map((text) => ({ text, gold: "" })));
    expect(verdicts.map(({ status }) => status === "timeout")).toEqual(texts.map((text) => text === "loop"));
    // One wait and at most one new worker for each of the 5 loops.
    expect(pool.counts).toMatchObject({ timeout: 5, graded: 395 });
    expect(pool.counts.workersStarted).toBeLessThanOrEqual(2 + 5);
    await pool.dispose();
  });

  it.each([
    ["of a module's name", "own.mts"],
    ["in a folder that says nothing of modules", "own.ts"],
  ])(
    "may be TypeScript %s, asynchronous, and sees the whole sample and the package's own functions",
    async (_, name) => {
      const grader = file(
        name,
        `import type { Grader } from "@soft-tokens/graders";
       const grader: Grader = async (sample, { compareAnswers }) => ({
         correct: compareAnswers(sample.gold, "0.5").equal,
         reward: 3,
         reason: [sample.id, sample.question, sample.answer].join("|"),
       });
       export default grader;`,
      );
      const pool = createGraderPool({ grader, workers: 1, timeoutMs: patientMs });
      const verdict = await pool.grade({
        text: "thought and answer",
        answer: "answer",
        gold: "1/2",
        id: "7",
        question: "?",
      });
      expect(verdict).toMatchObject({
        correct: true,
        reward: 3,
        reason: "7|?|answer",
        extracted: null,
        boxed: false,
      });
      await pool.dispose();
    },
  );

  it("that cannot be used says why, before it grades", async () => {
    expect(() => createGraderPool({ grader: join(folder, "nowhere.ts") })).toThrow("no such file");
    expect(() => createGraderPool({ grader: folder })).toThrow("not a file");
    const cases = [
      ["syntax.mjs", "export default (", "GRADER_NOT_LOADED", "SyntaxError"],
      ["throws.mjs", "throw new TypeError('not today')", "GRADER_NOT_LOADED", "not today"],
      ["named.mjs", "export const grader = () => 1", "GRADER_NO_DEFAULT_EXPORT", "it exports grader"],
      ["exits.mjs", "process.exit(4)", "POOL_NOT_STARTED", "status 4"],
    ] as const;
    await Promise.all(
      cases.map(async ([name, code, wanted, words]) => {
        const error = await errorOf({ grader: file(name, code), workers: 1, startTimeoutMs: patientMs });
        expect([name, error.code]).toEqual([name, wanted]);
        expect(error.message).toContain(words);
        expect(error.message).toContain(name);
      }),
    );
    const slow = await errorOf({ grader: file("slow.mjs", "for (;;);"), startTimeoutMs: 1500 });
    expect([slow.code, slow.message]).toEqual([
      "POOL_NOT_STARTED",
      expect.stringContaining("not ready after"),
    ]);
  });
});

describe("a pool", () => {
  it("rejects what is pending when it is disposed or aborted, and what comes later", async () => {
    const pool = createGraderPool({ grader: obedient, workers: 1 });
    const pending = pool.grade({ text: "loop", gold: "" });
    const expected = expect(pending).rejects.toMatchObject({ code: "POOL_DISPOSED" });
    await pool.dispose();
    await expected;
    await expect(pool.grade({ text: "a", gold: "" })).rejects.toMatchObject({ code: "POOL_DISPOSED" });
    await pool[Symbol.asyncDispose]();

    const controller = new AbortController();
    const aborted = createGraderPool({ grader: obedient, workers: 1, signal: controller.signal });
    const waiting = expect(aborted.grade({ text: "never", gold: "" })).rejects.toThrow("enough");
    controller.abort(new Error("enough"));
    await waiting;
    await aborted.dispose();
  });

  it("gives one batch up when its signal says so, and goes on with the next", async () => {
    const pool = createGraderPool({ grader: obedient, workers: 1, timeoutMs: 1500 });
    const controller = new AbortController();
    const batch = pool.gradeAll(
      ["right", "loop", "right"].map((text) => ({ text, gold: "" })),
      { signal: controller.signal },
    );
    const rejected = expect(batch).rejects.toThrow("not this one");
    controller.abort(new Error("not this one"));
    await rejected;
    expect(await pool.grade({ text: "right", gold: "" })).toMatchObject({ correct: true });
    await pool.dispose();
  });

  it("refuses options and items that cannot be, by name", async () => {
    expect(() => createGraderPool({ workers: 0 })).toThrow("workers is 0");
    expect(() => createGraderPool({ timeoutMs: Number.NaN })).toThrow("timeoutMs is NaN");
    expect(() => createGraderPool({ preset: "maths" as "math" })).toThrow("auto, gsm8k, math");
    const pool = createGraderPool();
    const items = [
      { text: "1", gold: "1" },
      { text: 5 as unknown as string, gold: "1" },
    ];
    await expect(pool.gradeAll(items)).rejects.toThrow('item 1: "text" is number');
    await pool.dispose();
  });
});

describe("a program with a pool", () => {
  it("ends by itself when there is nothing to grade, and its output holds nothing of a grader's", () => {
    const printing = file(
      "printing.mjs",
      "export default () => { console.log('noise'); return { correct: true, reward: 1 }; };",
    );
    const program = file(
      "program.mts",
      `import { createGraderPool } from ${JSON.stringify(new URL("./index.ts", import.meta.url).href)};
       const pool = createGraderPool({ grader: ${JSON.stringify(printing)}, workers: 1, timeoutMs: ${patientMs} });
       const verdict = await pool.grade({ text: "1", gold: "1" });
       process.stdout.write(String(verdict.reward));`,
    );
    const output = execFileSync(process.execPath, ["--import", "tsx", program], {
      encoding: "utf8",
      timeout: 2 * patientMs,
      stdio: ["ignore", "pipe", "ignore"],
    });
    expect(output).toBe("1");
  });
});
