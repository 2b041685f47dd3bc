import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { EvaluationError } from "../errors.ts";
import { loadTask, parseTask, resolveTask } from "./load-task.ts";

const GSM8K_ROWS = [
  { question: "Two and two?", answer: "2 + 2 = <<2+2=4>>4\n#### 4" },
  { question: "A thousand and one?", answer: "It is\n#### 1,001" },
];

const MATH_ROWS = [
  {
    problem: "Half of one?",
    solution: "It is $\\boxed{\\frac{1}{2}}$.",
    answer: "\\frac{1}{2}",
    unique_id: "test/a/1.json",
  },
  { problem: "One?", solution: "First $\\boxed{0}$, no: $\\boxed{\\{1\\}}$", unique_id: "test/a/2.json" },
  { problem: "Two?", solution: "$\\boxed 2$" },
];

function parse(rows: readonly unknown[] | string | Uint8Array, badRows: "error" | "skip" = "error") {
  const bytes =
    typeof rows === "string" ? Buffer.from(rows) : rows instanceof Uint8Array ? rows : jsonLines(rows);
  return parseTask(bytes, { file: "somewhere/rows.jsonl", badRows });
}

function jsonLines(rows: readonly unknown[]): Buffer {
  return Buffer.from(rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
}

function failure(run: () => unknown): EvaluationError {
  try {
    run();
  } catch (error) {
    if (error instanceof EvaluationError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

describe("readers", () => {
  test("GSM8K rows give the text after the last ####, with the line as id", () => {
    const task = parse(GSM8K_ROWS);
    expect(task.source.format).toBe("gsm8k");
    expect(task.questions).toEqual([
      { id: "1", question: "Two and two?", answer: "4", line: 1 },
      { id: "2", question: "A thousand and one?", answer: "1001", line: 2 },
    ]);
  });

  test("MATH rows give the answer, or the last closed box of the solution", () => {
    const task = parse(MATH_ROWS);
    expect(task.source.format).toBe("math");
    expect(task.questions.map(({ id, answer }) => [id, answer])).toEqual([
      ["test/a/1.json", "\\frac{1}{2}"],
      ["test/a/2.json", "\\{1\\}"],
      ["3", "2"],
    ]);
  });

  test("solutions that one sentence lists are one reference, one value in two forms is one too", () => {
    const solutions = [
      "They are $\\boxed{(-3,11)}$ and $\\boxed{(7,31)}$.",
      "So $f(x)=\\boxed{9x-20}$ or $\\boxed{-20+9x}$.",
      "#### Step 1: Count\n12.\n\n#### Step 2: Add\nso $\\boxed{17}$.",
    ];
    const answers = ["(-3,11), (7,31)", "-20+9x", "17"];
    for (const field of ["problem", "question"]) {
      const task = parse(solutions.map((solution) => ({ [field]: "p", solution })));
      expect(task.questions.map(({ answer }) => answer)).toEqual(answers);
    }
  });

  test("other rows are read by the usual field names, numbers and lists included", () => {
    const task = parse([
      { id: 7, problem: "p", question: "q", answer: 27.0 },
      { id: 8, question: "r", final_answer: ["$1$", "2"], solution: ["long"] },
      { prompt: "s", target: -0.5 },
      { input: "t", answer: "so\n#### 3" },
    ]);
    expect(task.questions).toEqual([
      { id: "7", question: "q", answer: "27", line: 1 },
      { id: "8", question: "r", answer: "$1$, 2", line: 2 },
      { id: "3", question: "s", answer: "-0.5", line: 3 },
      { id: "4", question: "t", answer: "3", line: 4 },
    ]);
  });

  test("fields can be named by the caller", () => {
    const format = {
      name: "mine",
      questionFields: ["ask"],
      answerFields: [{ field: "reply", form: "plain" as const }],
      idFields: ["key"],
    };
    const task = parseTask(jsonLines([{ ask: "a", reply: "b", key: "k" }]), { file: "x.jsonl", format });
    expect(task.questions).toEqual([{ id: "k", question: "a", answer: "b", line: 1 }]);
  });
});

describe("what a file may look like", () => {
  test("a byte order mark, CRLF, blank lines and a missing last line feed change nothing but the checksum", () => {
    const plain = parse(GSM8K_ROWS);
    const text = `\uFEFF${GSM8K_ROWS.map((row) => JSON.stringify(row)).join("\r\n\r\n")}`;
    const dressed = parse(text);
    expect(dressed.questions.map(({ answer }) => answer)).toEqual(
      plain.questions.map(({ answer }) => answer),
    );
    expect(dressed.source.sha256).toBe(createHash("sha256").update(Buffer.from(text)).digest("hex"));
  });

  test("repeated questions are kept and counted, repeated ids get a suffix", () => {
    const task = parse([
      { id: "a", question: "One  and\none?", answer: "2" },
      { id: "a", question: "one and one?", answer: "2" },
      { id: "a#2", question: "Else?", answer: "3" },
      { id: "a", question: "More?", answer: "3" },
    ]);
    expect([task.source.duplicates, task.source.repeatedIds]).toEqual([1, 2]);
    expect(parse(GSM8K_ROWS).source).not.toHaveProperty("repeatedIds");
    expect(task.questions.map(({ id }) => id)).toEqual(["a", "a#3", "a#2", "a#4"]);
  });

  test.each([
    ["", "TASK_FILE_EMPTY", "no rows"],
    ["\n \r\n", "TASK_FILE_EMPTY", "no rows"],
    ['[{"question": "a", "answer": "b"}]', "TASK_FORMAT_UNKNOWN", "JSON array"],
    ["PAR1\x15\x04", "TASK_FORMAT_UNKNOWN", "Parquet"],
    ["version https://git-lfs.github.com/spec/v1\n", "TASK_FORMAT_UNKNOWN", "LFS"],
    ["BZh91AY&SY", "TASK_FORMAT_UNKNOWN", "compressed"],
    [Buffer.from("\ufeff{}", "utf16le"), "TASK_FORMAT_UNKNOWN", "UTF-16"],
    [Buffer.from('{"question": "q"}', "utf16le"), "TASK_FORMAT_UNKNOWN", "UTF-16"],
    ["\ufeff[1]", "TASK_FORMAT_UNKNOWN", "JSON array"],
  ] as [string | Uint8Array, string, string][])("%j is refused by name", (text, code, words) => {
    const error = failure(() => parse(text));
    expect(error.code).toBe(code);
    expect(error.message).toContain("somewhere/rows.jsonl");
    expect(error.message).toContain(words);
  });
});

describe("rows that cannot be read", () => {
  const good = { question: "q", answer: "1" };

  test.each([
    ["a truncated row", `${JSON.stringify(good)}\n{"question": "cut of`, 2, "question", "cut off"],
    [
      "a row cut off behind what looks like a field",
      '{"question": "is \\"answer\\": 3',
      1,
      "question",
      "cut off",
    ],
    ["a row cut off before its last value", '{"question": "q", "answer":', 1, "answer", "cut off"],
    ["a row cut off before any field", '{"quest', 1, undefined, "cut off"],
    ["a row of broken JSON", '{"question": q, "answer": "1"}', 1, undefined, "not valid JSON"],
    ["a row that is no object", `${JSON.stringify(good)}\n\n"text"`, 3, undefined, "wanted an object"],
    ["a missing question", [good, { answer: "1" }], 2, "question", 'no field "question"'],
    ["an empty question", [{ question: " ", answer: "1" }], 1, "question", "is empty"],
    ["a question that is no text", [{ question: 3, answer: "1" }], 1, "question", "number 3"],
    ["a missing answer", [good, { question: "q", reply: "1" }], 2, "answer", '"reply"'],
    ["an empty answer", [good, { question: "q", answer: "" }], 2, "answer", "is empty"],
    ["a null question", [good, { question: null, answer: "1" }], 2, "question", "wanted text, got null"],
    ["a null answer", [good, { question: "q", answer: null }], 2, "answer", "null"],
    ["an answer that is a boolean", [good, { question: "q", answer: true }], 2, "answer", "boolean true"],
    ["an answer with half of a character", [{ question: "q", answer: "\ud835" }], 1, "answer", "surrogate"],
    [
      "a question with half of a character",
      [{ question: "q\udfff", answer: "1" }],
      1,
      "question",
      "surrogate",
    ],
    ["an answer beyond all numbers", '{"question": "q", "answer": 1e999}', 1, "answer", "as text"],
    ["Python's NaN", '{"question": "q", "answer": NaN}', 1, undefined, "NaN is not JSON"],
    [
      "Python's Infinity",
      '{"question": "q", "answer": [1, -Infinity]}',
      1,
      undefined,
      "-Infinity is not JSON",
    ],
    [
      "a solution that says no answer",
      [good, { question: "q", answer: "We count them. Then we add them up." }],
      2,
      "answer",
      "no answer in it",
    ],
    [
      "a proof where an answer may be alone",
      [good, { question: "q", solution: "It follows by symmetry." }],
      2,
      "solution",
      "no answer in it",
    ],
    [
      "a heading in place of a final line",
      [good, { question: "q", answer: "So.\n#### Result" }],
      2,
      "answer",
      "####",
    ],
    [
      "a MATH row whose last box is empty",
      [MATH_ROWS[0], { problem: "p", solution: "\\boxed{4}, no: the answer is \\boxed{}" }],
      2,
      "solution",
      "boxed",
    ],
    ["an answer that is an object", [good, { question: "q", answer: {} }], 2, "answer", "an object"],
    [
      "an answer too large for a number",
      '{"question": "q", "answer": 12345678901234567890}',
      1,
      "answer",
      "as text",
    ],
    [
      "a GSM8K row without its final line",
      [GSM8K_ROWS[0], { question: "q", answer: "#### " }],
      2,
      "answer",
      "####",
    ],
    [
      "a MATH row whose box stays open",
      [MATH_ROWS[0], { problem: "p", solution: "\\boxed{1" }],
      2,
      "solution",
      "boxed",
    ],
  ])("%s is named with its line and field", (_, rows, line, field, words) => {
    const error = failure(() => parse(rows));
    expect(error.code).toBe("TASK_ROW_INVALID");
    expect(error.line).toBe(line);
    expect(error.field).toBe(field);
    expect(error.message).toContain(`somewhere/rows.jsonl, line ${line}`);
    expect(error.message).toContain(words);
  });

  test("are all in one error with the place of the first, the first few and how many more", () => {
    const bad = { question: "q", answer: "" };
    const error = failure(() => parse([good, bad, bad, good, bad, bad, bad]));
    expect([error.code, error.line, error.field]).toEqual(["TASK_ROW_INVALID", 2, "answer"]);
    expect(error.message.split("\n")).toEqual([
      'somewhere/rows.jsonl, line 2, field "answer": is empty',
      'somewhere/rows.jsonl, line 3, field "answer": is empty',
      'somewhere/rows.jsonl, line 5, field "answer": is empty',
      "and 2 more rows",
    ]);
    expect(failure(() => parse([good, bad])).message).not.toContain("\n");
  });

  test("are no reason to take another format: one lost final line makes no answers of all solutions", () => {
    const rows = [...GSM8K_ROWS, ...GSM8K_ROWS, { question: "q", answer: "She has 12 pens." }];
    expect(failure(() => parse(rows))).toMatchObject({ line: 5, field: "answer" });
    expect(parse(rows, "skip").source).toMatchObject({ format: "gsm8k", rows: 4, skipped: 1 });
  });

  test("invalid UTF-8 is named with its line", () => {
    const bytes = Buffer.concat([
      jsonLines([good]),
      Buffer.from('{"question": "q\xff", "answer": "1"}', "latin1"),
    ]);
    const error = failure(() => parse(bytes));
    expect([error.line, error.message]).toEqual([2, "somewhere/rows.jsonl, line 2: not valid UTF-8"]);
  });

  test("are left out and counted on request, unless all of them are bad", () => {
    const task = parse(`${JSON.stringify(good)}\n{"question": "no answer"}\nnonsense\n`, "skip");
    expect(task.questions).toHaveLength(1);
    expect(task.source).toMatchObject({ rows: 1, skipped: 2 });
    expect(failure(() => parse([{ a: 1 }, { b: 2 }], "skip")).code).toBe("TASK_ROW_INVALID");
  });
});

describe("files and names", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "evals-tasks-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test("a file is a task by its name", async () => {
    const file = join(folder, "sums.jsonl");
    writeFileSync(file, jsonLines(GSM8K_ROWS));
    const task = await resolveTask(file);
    expect(task.name).toBe("sums");
    expect(task.source.file).toBe("sums.jsonl");
    expect((await resolveTask("gsm8k", { data: file })).name).toBe("gsm8k");
  });

  test("a name without data says that data are needed", async () => {
    await expect(resolveTask("gsm8k")).rejects.toMatchObject({ code: "TASK_NEEDS_DATA" });
  });

  test("a missing file and a folder are unreadable", async () => {
    await expect(loadTask({ file: join(folder, "no.jsonl") })).rejects.toMatchObject({
      code: "TASK_FILE_UNREADABLE",
      message: expect.stringContaining("no such file") as string,
    });
    await expect(resolveTask(folder)).rejects.toMatchObject({ code: "TASK_FILE_UNREADABLE" });
  });
});
