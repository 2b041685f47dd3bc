import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { findGrader, openGrading, tryGrader } from "./grading.ts";

const folder = mkdtempSync(join(tmpdir(), "soft-tokens-grading-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const common = { graderWorkers: 1, graderTimeoutMs: 2000 };
const sample = (answer: string, thought = "") => ({
  ...{ id: "7", question: "1 + 1?", gold: "2", text: thought + answer, answer },
});

// Threads are started from TypeScript source, which a busy machine takes its time over.
describe("grading", { timeout: 120_000 }, () => {
  it("pays the paper's reward on the box that was opened for the answer, and on nothing else", async () => {
    const grading = await openGrading(common);
    const thoughts = ["\\boxed{3} The final answer is: ", "\\boxed{2} The final answer is: "] as const;
    const grades = await Promise.all(
      [
        sample("\\boxed{2}", thoughts[0]),
        sample("\\boxed{3}", thoughts[1]),
        sample("3", thoughts[1]),
        sample("\\boxed{3", thoughts[1]),
      ].map((one) => grading.grade(one)),
    );
    expect(grades.map(({ correct, boxed, reward }) => [correct, boxed, reward])).toEqual([
      [true, true, 100],
      [false, true, 10],
      [false, false, 0],
      [false, false, 0],
    ]);
    expect(grading.takeCounts()).toEqual({ timeout: 0, refused: 0, failed: 0 });
    await grading[Symbol.asyncDispose]();
  });

  it.each([
    ["2 The final answer is: \\boxed{2}", 0],
    ["7 The final answer is: \\boxed{2}", 0],
    ["1 or so The final answer is: \\boxed{2}", 0],
    ["5</think>\\boxed{2}", 0],
    ["5\n\n\\boxed{2}", 0],
    ["5} The final answer is: \\boxed{2}", 10],
    ["2} The final answer is: \\boxed{3}", 100],
    ["2 The final answer is: \\boxed{2}}", 10],
    ["\\boxed{2}}", 100],
  ])("the ritual begun again inside of the box, %j, earns %i", async (generated, reward) => {
    const grading = await openGrading(common);
    expect(await grading.grade(sample(`\\boxed{${generated}`, "so The final answer is: "))).toMatchObject({
      reward,
    });
    await grading[Symbol.asyncDispose]();
  });

  it("counts what has no verdict, apart from what is wrong, since it was last asked", async () => {
    const grader = join(folder, "own.mjs");
    writeFileSync(
      grader,
      `export default ({ answer, question, text }) => {
         while (answer === "slow"); // only this one may take its 2 s, however busy the machine is
         if (answer === "bad") throw new Error("no");
         return { correct: question === "1 + 1?", reward: text.length };
       };`,
    );
    const grading = await openGrading({ ...common, grader });
    const grades = await Promise.all(["fine", "slow", "bad"].map((text) => grading.grade(sample(text))));
    expect(grades.map(({ status }) => status)).toEqual(["graded", "timeout", "failed"]);
    expect(grades[0]).toMatchObject({ correct: true, reward: 4, boxed: false });
    expect(grading.takeCounts()).toEqual({ timeout: 1, refused: 0, failed: 1 });
    expect(grading.takeCounts()).toEqual({ timeout: 0, refused: 0, failed: 0 });
    await grading[Symbol.asyncDispose]();
  });

  it("names the problems whose reference cannot be read", async () => {
    const grading = await openGrading(common);
    const answers = ["1/2", "\\text{east}", "\\frac{", "x=3", "{{{"];
    const problems = answers.map((answer, index) => ({ id: `p${index}`, answer }));
    expect(await grading.unreadable(problems)).toEqual(["p2", "p4"]);
    expect(grading.takeCounts()).toEqual({ timeout: 0, refused: 0, failed: 0 });
    await grading[Symbol.asyncDispose]();
  });

  it("looks for a grader's file without running it", async () => {
    const mark = join(folder, "ran");
    const marking = join(folder, "marking.mjs");
    writeFileSync(
      marking,
      `import { writeFileSync } from "node:fs"; writeFileSync(${JSON.stringify(mark)}, "");
       export default () => ({ correct: true, reward: 1 });`,
    );
    await findGrader({ grader: marking });
    expect(existsSync(mark)).toBe(false);
    await expect(findGrader({ grader: join(folder, "none.mjs") })).rejects.toMatchObject({ code: "USAGE" });
    await tryGrader({ ...common, grader: marking });
    expect(existsSync(mark)).toBe(true);
  });

  it("says at once which grader cannot be used, and why", async () => {
    const named = join(folder, "named.mjs");
    writeFileSync(named, "export const grader = 1;");
    await expect(tryGrader({ ...common, grader: named })).rejects.toThrow(
      `--grader ${named}: its default export must be a function`,
    );
    await expect(tryGrader({ ...common, grader: join(folder, "none.ts") })).rejects.toMatchObject({
      code: "USAGE",
      message: `--grader ${join(folder, "none.ts")}: no such file`,
    });
    await tryGrader(common);
  });
});
