import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gradeBoxed, loadProblems } from "@soft-tokens/app-common";
import { afterAll, describe, expect, it } from "vitest";
import { loadExamples } from "./examples.ts";

const folder = mkdtempSync(join(tmpdir(), "soft-tokens-examples-"));
afterAll(() => rmSync(folder, { recursive: true }));

const data = join(folder, "rows.jsonl");

function load(text: string | Uint8Array, options: { limit?: number; skipBad?: boolean } = {}) {
  writeFileSync(data, text);
  return loadExamples({ data, promptTemplate: "User: QUESTION Assistant:", ...options });
}

const lines = (rows: readonly unknown[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join("");

async function completions(rows: readonly unknown[]): Promise<string[]> {
  return (await load(lines(rows))).examples.map(({ completion }) => completion);
}

describe("examples for supervised fine-tuning", () => {
  it("are rows of prompt and completion, or solved problems in the paper's form", async () => {
    const rows = [
      { prompt: "a", completion: "b" },
      { question: "2+3?", answer: "Two and three <<2+3=5>>5 make five.\n#### 5" },
    ];
    const { examples, lines: at } = await load(rows.map((row) => JSON.stringify(row)).join("\r\n\r\n"));
    expect(examples).toEqual([
      { prompt: "a", completion: "b" },
      {
        prompt: "User: 2+3? Assistant:",
        completion: " Two and three 5 make five. The final answer is: \\boxed{5}",
      },
    ]);
    expect(at).toEqual([1, 3]);
  });

  it("keep a line separator inside a text, and white space around prompt and completion", async () => {
    const row = { prompt: "one\u2028two ", completion: "\n three" };
    expect((await load(`\uFEFF${JSON.stringify(row)}\n\n`)).examples).toEqual([row]);
  });

  it.each([
    [
      "a Markdown heading",
      { problem: "p", solution: "#### Step 1: Count\n12.\n\n#### Step 2: Add\n12 + 5 = 17, so \\boxed{17}." },
      " #### Step 1: Count 12. #### Step 2: Add 12 + 5 = 17, so \\boxed{17}. The final answer is: \\boxed{17}",
    ],
    [
      "shifts and French quotes",
      { question: "q", answer: "x = 1<<4 and y = x>>2; il dit <<oui>>.\n#### 4" },
      " x = 1<<4 and y = x>>2; il dit <<oui>>. The final answer is: \\boxed{4}",
    ],
    [
      "solutions that one sentence lists",
      { problem: "p", solution: "They are $\\boxed{(-3,11)}$ and $\\boxed{(7,31)}$." },
      " They are $\\boxed{(-3,11)}$ and $\\boxed{(7,31)}$. The final answer is: \\boxed{(-3,11), (7,31)}",
    ],
    [
      "an answer of its own next to the solution",
      { problem: "p", solution: "We add.", answer: "7" },
      " We add. The final answer is: \\boxed{7}",
    ],
    ["an answer alone", { question: "2+2?", answer: "4" }, " The final answer is: \\boxed{4}"],
    ["an answer as a number", { question: "2+2?", answer: 4 }, " The final answer is: \\boxed{4}"],
    ["a final line alone", { question: "2+2?", answer: "#### 4" }, " The final answer is: \\boxed{4}"],
    ["a box alone", { question: "2+2?", answer: "$\\boxed{4}$" }, " The final answer is: \\boxed{4}"],
    [
      "our own last sentence",
      { problem: "p", solution: "We add. The final answer is: \\boxed{7}." },
      " We add. The final answer is: \\boxed{7}",
    ],
    [
      "a prompt with an answer, which is a problem",
      { prompt: "2+2?", answer: "Two and two.\n#### 4" },
      " Two and two. The final answer is: \\boxed{4}",
    ],
  ])("read %s", async (_, row, completion) => {
    expect(await completions([row])).toEqual([completion]);
  });

  it("have the reference that training by reward and evaluation have, and their own completion is right by it", async () => {
    const rows = [
      {
        problem: "a",
        solution: "#### Step 1\nTwo.\n#### Step 2\nso $\\boxed{2}$ or $\\boxed{\\frac{4}{2}}$",
      },
      { problem: "b", solution: "Points: $\\boxed{(1,2)}$ and $\\boxed{(3,4)}$." },
      { problem: "c", solution: "First $\\boxed{0}$. Then no: $\\boxed{\\{1\\}}$" },
      { problem: "d", solution: "one\n#### 1,001" },
      { problem: "e", solution: "ignored \\boxed{5}", answer: "6" },
    ];
    const { examples } = await load(lines(rows));
    const { questions } = await loadProblems({ data, task: "auto", split: "train" });
    expect(questions).toHaveLength(rows.length);
    for (const [index, { answer }] of questions.entries()) {
      const { completion } = examples[index] as { completion: string };
      expect(completion.endsWith(` The final answer is: \\boxed{${answer}}`)).toBe(true);
      // What a rollout's answer would be: all after the stop string.
      expect(gradeBoxed(completion.slice(-`\\boxed{${answer}}`.length), answer).correct).toBe(true);
    }
  });

  it("stop at the limit, whatever follows", async () => {
    const { examples } = await load('{"prompt":"a","completion":"b"}\nnot JSON', { limit: 1 });
    expect(examples).toHaveLength(1);
  });

  it("count problems that have nothing to reason with", async () => {
    const rows = [
      { question: "1+1?", answer: "2" },
      { question: "2+2?", answer: "Two and two.\n#### 4" },
    ];
    expect((await load(lines(rows))).withoutReasoning).toBe(1);
  });
});

describe("rows that cannot be examples", () => {
  const good = { prompt: "a", completion: "b" };
  const proof = "Write them 2m and 2n. Their sum is 2(m+n), which is even.";

  it.each([
    ["no field of a completion", { prompt: "a" }, "completion", /no field "completion"/],
    ["no field that is known", { text: "a b c" }, "question", /no field "question".*the row has "text"/],
    ["an empty completion", { prompt: "a", completion: "" }, "completion", /is empty/],
    ["a blank completion", { prompt: "a", completion: " \n" }, "completion", /is empty/],
    ["an empty prompt", { prompt: "", completion: "b" }, "prompt", /is empty/],
    ["a completion without a prompt", { completion: "b" }, "prompt", /no field "prompt"/],
    ["a null completion", { prompt: "a", completion: null }, "completion", /got null/],
    [
      "a list of messages",
      { prompt: [{ role: "user" }], completion: "b" },
      "prompt",
      /wanted text, got a list/,
    ],
    ["a number", { prompt: "a", completion: 5 }, "completion", /wanted text, got number 5/],
    ["half of a character", { prompt: "a", completion: "b \ud835" }, "completion", /surrogate/],
    [
      "half of a character in a solution",
      { problem: "p", solution: "\ud835 \\boxed{2}" },
      "solution",
      /surrogate/,
    ],
    ["a proof", { problem: "p", solution: proof }, "solution", /no closed \\boxed/],
    ["a proof among other names", { question: "q", solution: proof }, "solution", /no answer in it/],
    ["a proof as an answer", { question: "q", answer: proof }, "answer", /no answer in it/],
    [
      "a box that is left empty",
      { problem: "p", solution: "the answer is $\\boxed{}$" },
      "solution",
      /boxed/,
    ],
    ["a heading for an answer", { question: "q", answer: "We see.\n\n#### Conclusion" }, "answer", /answer/],
    ["an empty solution", { problem: "p", solution: "" }, "solution", /is empty/],
    ["a question without an answer", { question: "q" }, "answer", /no field "answer"/],
    ["an answer that is no number", { question: "q", answer: true }, "answer", /boolean true/],
  ])("are refused with line and field: %s", async (_, row, field, message) => {
    const failure = load(lines([good, row]));
    await expect(failure).rejects.toMatchObject({ code: "TASK_ROW_INVALID", line: 2, field });
    await expect(failure).rejects.toThrowError(message);
    const { examples, source } = await load(lines([good, row]), { skipBad: true });
    expect([examples.length, source.rows, source.skipped]).toEqual([1, 1, 1]);
  });

  it.each([
    ["not JSON", Buffer.from(`${JSON.stringify(good)}\n{"prompt":`), /line 2.*cut off/],
    ["NaN", Buffer.from('{"prompt": "a", "completion": "b"}\n{"prompt": NaN}'), /line 2: NaN is not JSON/],
    [
      "Latin-1",
      Buffer.from('{"prompt":"Caf\u00e9?","completion":" d\u00e9j\u00e0"}\n', "latin1"),
      /line 1: not valid UTF-8/,
    ],
    ["UTF-16", Buffer.from(`\ufeff${lines([good])}`, "utf16le"), /UTF-16/],
    ["an array", Buffer.from(JSON.stringify([good])), /JSON array/],
    ["nothing", Buffer.from("\n"), /no rows/],
  ])("are refused by name: %s", async (_, bytes, message) => {
    await expect(load(bytes)).rejects.toThrowError(message);
  });

  it("are all in one error: the first few, and how many more", async () => {
    const bad = Array.from({ length: 6 }, () => ({ prompt: "a", completion: "" }));
    const failure = load(lines([good, ...bad]));
    await expect(failure).rejects.toMatchObject({ line: 2, field: "completion" });
    await expect(failure).rejects.toThrowError(/line 2,.*\n.*line 3,.*\n.*line 4,.*\nand 3 more rows/);
  });

  it("end the run even with skipBad where no row is left", async () => {
    await expect(load(lines([{ prompt: "a" }, { prompt: "b" }]), { skipBad: true })).rejects.toMatchObject({
      code: "TASK_ROW_INVALID",
    });
  });

  it("name a file that is not there", async () => {
    await expect(
      loadExamples({ data: join(folder, "none.jsonl"), promptTemplate: "QUESTION" }),
    ).rejects.toThrowError(/no such file/);
  });
});
