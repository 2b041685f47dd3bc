/** Rows that were invented for this; the forms are those of lm-evaluation-harness. */

import { describe, expect, test } from "vitest";
import {
  ARC_FORM,
  choiceLength,
  detectLikelihoodForm,
  HELLASWAG_FORM,
  type LikelihoodForm,
  MMLU_FORM,
  moveTrailingSpace,
} from "./forms.ts";
import { capitalize, codePoints, strip } from "./python-text.ts";

const read = (form: LikelihoodForm, row: Record<string, unknown>) =>
  form.read({ row, file: "rows.jsonl", line: 7 });

describe("ARC", () => {
  const wanted = {
    id: "A_1",
    context: "Question: What melts first?\nAnswer:",
    choices: [" ice", " iron", " a stone"],
    gold: 2,
    text: "What melts first?",
  };

  test("reads a list with an index, the hub's labelled choices and AI2's own files alike", () => {
    const texts = ["ice", "iron", "a stone"];
    const question = "What melts first?";
    expect(read(ARC_FORM, { id: "A_1", question, choices: texts, answer: 2, answer_letter: "C" })).toEqual(
      wanted,
    );
    const choices = { text: texts, label: ["A", "B", "C"] };
    expect(read(ARC_FORM, { id: "A_1", question, choices, answerKey: "C" })).toEqual(wanted);
    const stem = { stem: question, choices: texts.map((text, index) => ({ text, label: "ABC"[index] })) };
    expect(read(ARC_FORM, { id: "A_1", question: stem, answerKey: "C" })).toEqual(wanted);
  });

  test("takes a label before an index, because some questions are labelled 1, 2, 3", () => {
    const choices = { text: ["ice", "iron", "a stone"], label: ["1", "2", "3"] };
    expect(read(ARC_FORM, { question: "q", choices, answerKey: "1" }).gold).toBe(0);
  });

  const labelled = (label: readonly unknown[]) => ({
    question: "q",
    choices: { text: ["ice", "iron", "a stone", "tea"].slice(0, label.length), label },
  });
  const digits = labelled(["1", "2", "3", "4"]);
  const numbers = labelled([1, 2, 3, 4]);
  const letters = labelled(["A", "B", "C", "D"]);

  test.each([
    [digits, 2, 1],
    [digits, "2", 1],
    [digits, 4, 3],
    [digits, " 4 ", 3],
    [numbers, "1", 0],
    [numbers, 3, 2],
    [letters, "C", 2],
    [letters, " C", 2],
    [letters, "1", 0], // as the harness's num_to_letter
    [letters, 4, 3],
    [labelled(["E", "F", "G"]), "G", 2],
    [{ question: "q", choices: ["ice", "iron"] }, "B", 1],
    [{ question: "q", choices: ["ice", "iron"] }, 1, 0],
  ])("an answerKey is a label, or counts from 1: %j with %j is choice %i", (row, answerKey, gold) => {
    expect(read(ARC_FORM, { ...row, answerKey }).gold).toBe(gold);
  });

  test.each([
    [digits, 0],
    [digits, 5],
    [digits, "A"],
    [digits, "02"],
    [letters, 0],
    [letters, "0"],
    [letters, 5],
    [letters, "E"],
    [letters, "b"],
    [letters, 1.5],
    [letters, -1],
    [letters, true],
    [letters, null],
    [letters, ["A"]],
    [labelled(["1", "2"]), 3],
  ])("an answerKey that is none is an error of its line: %j with %j", (row, answerKey) => {
    expect(() => read(ARC_FORM, { ...row, answerKey })).toThrowError(
      expect.objectContaining({ code: "TASK_ROW_INVALID", line: 7, field: "answerKey" }),
    );
  });

  test.each([[["A", "B"]], [["A", "A", "B"]], [["A", null, "C"]], ["ABC"]])(
    "labels that do not fit the choices are an error: %j",
    (label) => {
      const row = { question: "q", choices: { text: ["x", "y", "z"], label }, answerKey: "A" };
      expect(() => read(ARC_FORM, row)).toThrowError(expect.objectContaining({ line: 7, field: "choices" }));
    },
  );

  test.each([
    [
      "question",
      { choices: ["a", "b"], answer: 0 },
      /wanted text, got nothing \(the row has "choices", "answer"\)/,
    ],
    ["question", { question: " ", choices: ["a", "b"], answer: 0 }, /is empty/],
    ["choices", { question: "q", choices: ["a"], answer: 0 }, /at least two choices, got 1/],
    ["choices", { question: "q", choices: ["a", null], answer: 0 }, /choice 2: wanted text, got null/],
    ["choices", { question: "q", choices: "a", answer: 0 }, /wanted a list of texts/],
    [
      "answer",
      { question: "q", choices: ["a", "b"], answer: 2 },
      /index from 0 to 1, or one of A, B, got number 2/,
    ],
    ["answer", { question: "q", choices: ["a", "b"], answer: "E" }, /got string "E"/],
    ["answerKey", { question: "q", choices: ["a", "b"] }, /got nothing/],
  ])("names file, line and field %s", (field, row, message) => {
    expect(() => read(ARC_FORM, row)).toThrowError(
      expect.objectContaining({ code: "TASK_ROW_INVALID", file: "rows.jsonl", line: 7, field }),
    );
    expect(() => read(ARC_FORM, row)).toThrowError(message);
  });
});

describe("HellaSwag", () => {
  const endings = ["runs  away.", "[step] sits [substeps] down.", "sleeps. [title] Wake up."];

  test("joins activity, context and its capitalised last clause, and cleans what WikiHow left", () => {
    const row = {
      ind: 24,
      activity_label: "Walking the dog",
      ctx_a: "A man walks [x] his dog. [title] He is late.",
      ctx_b: "the dog AND he",
      endings,
      label: "1",
    };
    // The space that a removed mark leaves at the start stays, as it does there.
    expect(read(HELLASWAG_FORM, row)).toMatchObject({
      id: "24",
      context: "Walking the dog: A man walks his dog.. He is late. The dog and he",
      choices: [" runs away.", "  sits down.", " sleeps.. Wake up."],
      gold: 1,
    });
  });

  test("leaves no space behind a context without a last clause", () => {
    const row = { activity_label: "Tea", ctx_a: "Boil water. ", ctx_b: "", endings, label: 0 };
    expect(read(HELLASWAG_FORM, row).context).toBe("Tea: Boil water.");
  });

  test("begins the open last clause of a context in one piece with a capital, a finished sentence not", () => {
    const context = (ctx: string) =>
      read(HELLASWAG_FORM, { activity_label: "Tea", ctx, endings, label: 0 }).context;
    expect(context("Boil water. the cat")).toBe("Tea: Boil water. The cat");
    expect(context("Open at 9 a.m. to 5 p.m.")).toBe("Tea: Open at 9 a.m. to 5 p.m.");
  });

  test.each([
    [2, 2],
    ["2", 2],
    [" 0 ", 0],
    [0, 0],
  ])("a label is an index from 0, as a number or as text: %j", (label, gold) => {
    expect(read(HELLASWAG_FORM, { activity_label: "Tea", ctx: "Boil.", endings, label }).gold).toBe(gold);
  });

  test.each([3, -1, "3", "", "1.0", 1.5, null, true, "B"])(
    "a label that is none is an error: %j",
    (label) => {
      expect(() =>
        read(HELLASWAG_FORM, { activity_label: "Tea", ctx: "Boil.", endings, label }),
      ).toThrowError(expect.objectContaining({ code: "TASK_ROW_INVALID", line: 7, field: "label" }));
    },
  );

  test("half of a character is no text", () => {
    const row = { activity_label: "Tea", ctx: "Boil \ud83d", endings, label: 0 };
    expect(() => read(HELLASWAG_FORM, row)).toThrowError(/"ctx": holds half of a surrogate pair/);
    const broken = { activity_label: "Tea", ctx: "Boil.", endings: ["a", "\udc00", "c"], label: 0 };
    expect(() => read(HELLASWAG_FORM, broken)).toThrowError(expect.objectContaining({ field: "endings" }));
  });

  test("takes a finished query as it is", () => {
    const row = { ind: 3, query: "Tea: Boil water. The cat", choices: ["a", "b"], gold: 1 };
    expect(read(HELLASWAG_FORM, row)).toMatchObject({
      id: "3",
      context: "Tea: Boil water. The cat",
      gold: 1,
    });
  });
});

describe("MMLU", () => {
  test("lists lettered options under the subject's description and scores the letter", () => {
    const row = {
      subject: "high_school_tea",
      index: 4,
      question: " Which? ",
      choices: ["x", "y"],
      answer: "B",
    };
    expect(read(MMLU_FORM, row)).toEqual({
      id: "high_school_tea/4",
      context:
        "The following are multiple choice questions (with answers) about high school tea.\n\nWhich?\nA. x\nB. y\nAnswer:",
      choices: [" A", " B"],
      gold: 1,
      text: "Which?",
      group: "high_school_tea",
    });
  });

  test.each([
    ["B", 1],
    [1, 1],
    ["1", 1],
    [0, 0],
  ])("an answer is a letter, or an index from 0: %j", (answer, gold) => {
    expect(read(MMLU_FORM, { subject: "s", question: "q", choices: ["x", "y"], answer }).gold).toBe(gold);
  });

  test.each([2, "2", "C", -1, null])("an answer that is none is an error: %j", (answer) => {
    expect(() => read(MMLU_FORM, { subject: "s", question: "q", choices: ["x", "y"], answer })).toThrowError(
      expect.objectContaining({ line: 7, field: "answer" }),
    );
  });

  test("needs a subject", () => {
    expect(() => read(MMLU_FORM, { question: "q", choices: ["x", "y"], answer: 0 })).toThrowError(
      expect.objectContaining({ field: "subject", line: 7 }),
    );
  });
});

describe("the form of rows without a task's name", () => {
  test("goes by their fields", () => {
    expect(detectLikelihoodForm({ ctx: "", endings: [] })?.name).toBe("hellaswag");
    expect(detectLikelihoodForm({ query: "", choices: [] })?.name).toBe("hellaswag");
    expect(detectLikelihoodForm({ subject: "", question: "", choices: [] })?.name).toBe("mmlu");
    expect(detectLikelihoodForm({ question: "", choices: [] })?.name).toBe("arc");
    expect(detectLikelihoodForm({ question: { stem: "", choices: [] } })?.name).toBe("arc");
    expect(detectLikelihoodForm({ question: "", answer: "" })).toBeNull();
  });
});

describe("texts as Python sees them", () => {
  test("white space at the end of a context goes to the choice", () => {
    expect(moveTrailingSpace("a b \n", " c")).toEqual({ context: "a b", choice: " \n c" });
    expect(moveTrailingSpace("a:", " c")).toEqual({ context: "a:", choice: " c" });
  });

  test("strip knows Python's white space, not JavaScript's", () => {
    expect(strip("\u001c\u0085 a \u3000\n")).toBe("a");
    expect(strip("\ufeffa")).toBe("\ufeffa"); // trim() would take it away
  });

  test("capitalize lowers the rest, and lengths count code points", () => {
    expect(capitalize("the Dog AND he")).toBe("The dog and he");
    expect(capitalize("")).toBe("");
    // Title case, which is not upper case for letters that are two in one.
    expect(
      ["\ufb01nd It", "\u01c6 X", "\u00dfen", "\u1f80 X", "\u10d0 X", "\u0149 X"].map(capitalize),
    ).toEqual(["Find it", "\u01c5 x", "Ssen", "\u1f88 x", "\u10d0 x", "\u02bcN x"]);
    expect(codePoints("a😀")).toBe(2);
    expect(choiceLength(" a😀")).toBe(2);
    expect(choiceLength("  a")).toBe(2);
  });
});
