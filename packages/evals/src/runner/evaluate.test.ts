import { appendFileSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type {
  GeneratedSample,
  GenerateFunction,
  GradeFunction,
  InferenceMode,
  JobSamples,
} from "../contract.ts";
import { EvaluationResultsSchema } from "../results/schema.ts";
import { parseTask } from "../tasks/load-task.ts";
import { evaluate } from "./evaluate.ts";
import { readResults } from "./evaluation-folder.ts";
import type { EvaluateOptions, EvaluationProgress } from "./plan.ts";
import { readSampleRows } from "./sample-log.ts";

const QUESTIONS = 6;
const task = parseTask(
  Buffer.from(
    Array.from({ length: QUESTIONS }, (_, index) => `{"question": "q${index}", "answer": "${index}"}\n`).join(
      "",
    ),
  ),
  { file: "sums.jsonl" },
);

/** Sample i of question j is correct where i < j; its thought has i + 1 steps of entropy j. */
function sampleOf(questionId: string, sampleIndex: number): GeneratedSample {
  const question = Number(questionId) - 1;
  const isRight = sampleIndex < question;
  return {
    thought: `thinking of ${question}. The final answer is: `,
    answer: `\\boxed{${isRight ? question : "99"}}`,
    stopReason: sampleIndex === 3 ? "limit" : "stop-string",
    answerStopReason: "closed-box",
    entropies: Array.from({ length: sampleIndex + 1 }, () => question + 0.123456),
    steps: Array.from({ length: sampleIndex + 1 }, () => ({
      token: "t",
      alternatives: [{ token: "t", probability: 0.123456789 }],
    })),
  };
}

interface Calls {
  readonly samples: string[];
  readonly recorded: boolean[];
}

function createGenerator(calls: Calls = { samples: [], recorded: [] }): GenerateFunction {
  return async function* (mode, jobs, { recordSteps }) {
    calls.recorded.push(recordSteps);
    for (const [jobIndex, { questionId, sampleIndexes, prompt }] of jobs.entries()) {
      expect(prompt).toContain(`q${Number(questionId) - 1}`);
      const samples = sampleIndexes.map((index) => {
        calls.samples.push(`${mode} ${questionId} ${index}`);
        const { steps, ...sample } = sampleOf(questionId, index);
        return recordSteps && steps ? { ...sample, steps } : sample;
      });
      yield { jobIndex, samples };
    }
  };
}

const grade: GradeFunction = (text, { answer }) => {
  const extracted = /\\boxed\{(.*)\}/u.exec(text)?.[1] ?? null;
  return { correct: extracted === answer, boxed: extracted !== null, extracted, reason: "compared" };
};

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "evals-runner-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function options(more: Partial<EvaluateOptions> = {}): EvaluateOptions {
  return {
    task,
    model: "tiny",
    modes: ["hard-greedy", "hard-sample"],
    samplesPerQuestion: 4,
    generate: createGenerator(),
    grade,
    folder,
    samplesPerWrite: 8,
    settings: { seed: 1, sampler: { tau: 1 } },
    ...more,
  };
}

async function rows() {
  const found = [];
  for await (const row of readSampleRows(join(folder, "samples.jsonl"))) found.push(row);
  return found;
}

describe("an evaluation", () => {
  test("measures accuracy, pass@k, majority, outcomes and entropy of every mode", async () => {
    const results = await evaluate(options());
    const [greedy, sampled] = results.results;
    // Greedy: sample 0 of question j is correct where j > 0.
    expect(greedy).toMatchObject({ mode: "hard-greedy", n: 1, questions: 6 });
    expect(greedy?.metrics).toMatchObject({ accuracy: 5 / 6, passAt: { 1: 5 / 6 } });
    expect(greedy?.metrics.intervals.accuracy.method).toBe("wilson");
    // Sampled: 0, 1, 2, 3, 4 and 4 of 4 samples are correct.
    expect(sampled?.metrics.accuracy).toBeCloseTo(14 / 24, 12);
    expect(sampled?.metrics.passAt).toEqual({
      1: sampled?.metrics.accuracy,
      2: expect.closeTo((0 + 1 / 2 + 5 / 6 + 1 + 1 + 1) / 6, 12) as number,
      4: expect.closeTo(5 / 6, 12) as number,
    });
    expect(sampled?.metrics.majority).toBeCloseTo((0 + 0 + 1 / 2 + 1 + 1 + 1) / 6, 12);
    expect(sampled?.metrics.intervals.accuracy.method).toBe("bootstrap");
    expect(sampled?.correctByQuestion).toEqual({ 1: 0, 2: 1, 3: 2, 4: 3, 5: 4, 6: 4 });
    expect(sampled?.outcomes).toEqual({
      samples: 24,
      correct: 14,
      wrong: 10,
      noAnswer: 0,
      graderTimeout: 0,
      errors: 0,
      limitReached: 6,
    });
    expect(sampled?.entropyByPosition.count).toEqual([24, 18, 12, 6]);
    expect(sampled?.entropyByPosition.mean[3]).toBeCloseTo(2.6235, 4);
    expect(sampled?.metrics.thoughtLength).toBe(2.5);
    expect(results).toMatchObject({ complete: true, checksum: task.source.sha256, n: 4, questions: 6 });
    // The mode with the most samples stands at the top too.
    expect([results.mode, results.n]).toEqual([sampled?.mode, sampled?.n]);
    expect(results.metrics).toEqual(sampled?.metrics);
  });

  test("writes results that its schema reads back, and one row per sample", async () => {
    const results = await evaluate(options());
    const stored: unknown = JSON.parse(readFileSync(join(folder, "results.json"), "utf8"));
    expect(EvaluationResultsSchema.parse(stored)).toEqual(results);
    const written = await rows();
    expect(written).toHaveLength(6 + 24);
    expect(written[7]).toMatchObject({
      id: "1",
      sampleIndex: 1,
      mode: "hard-sample",
      gold: "0",
      answer: "\\boxed{99}",
      extracted: "99",
      correct: false,
      stopReason: "stop-string",
      answerStopReason: "closed-box",
      entropies: [0.1235, 0.1235],
    });
  });

  test("of GSM8K gives the strict and the lenient score of the same samples", async () => {
    const lines = Array.from(
      { length: QUESTIONS },
      (_, at) => `{"question": "q${at}", "answer": "So #### ${at}"}`,
    );
    const gsm8k = parseTask(Buffer.from(lines.join("\n")), { file: "gsm8k.jsonl" });
    // Never a closed box, and the number last: nothing is strictly right, everything leniently.
    const generate: GenerateFunction = async function* (_, jobs) {
      for (const [jobIndex, { questionId, sampleIndexes }] of jobs.entries()) {
        const answer = `\\boxed{${Number(questionId) - 1}`;
        yield {
          jobIndex,
          samples: sampleIndexes.map((index) => ({ ...sampleOf(questionId, index), answer })),
        };
      }
    };
    const { metrics } = await evaluate(options({ task: gsm8k, generate, modes: ["hard-sample"] }));
    expect(metrics?.gsm8k).toMatchObject({ strict: { value: 0 }, flexible: { value: 1 } });
    expect((await evaluate(options({ folder: join(folder, "other") }))).metrics?.gsm8k).toBeUndefined();
  });

  test("of one mode has its metrics at the top too", async () => {
    const results = await evaluate(options({ modes: ["soft-sample"] }));
    expect(results.mode).toBe("soft-sample");
    expect(results.metrics).toEqual(results.results[0]?.metrics);
  });

  test("keeps steps of the first questions and samples only", async () => {
    const calls: Calls = { samples: [], recorded: [] };
    await evaluate(
      options({
        modes: ["hard-sample"],
        record: { questions: 2, samples: 1 },
        generate: createGenerator(calls),
      }),
    );
    const withSteps = (await rows()).filter((row) => row.steps !== undefined);
    expect(withSteps.map((row) => [row.id, row.sampleIndex])).toEqual([
      ["1", 0],
      ["2", 0],
    ]);
    expect(withSteps[0]?.steps).toEqual([
      { token: "t", alternatives: [{ token: "t", probability: 0.1235 }] },
    ]);
    expect(calls.recorded).toEqual([true, false]);
  });

  test("reports progress that ends with everything done", async () => {
    const seen: EvaluationProgress[] = [];
    await evaluate(options({ onProgress: (progress) => seen.push(progress) }));
    expect(seen[0]).toMatchObject({ mode: "hard-greedy", modeIndex: 0, done: 0, total: 30, accuracy: null });
    expect(seen.at(-1)).toMatchObject({ mode: "hard-sample", done: 30, total: 30, restored: 0, errors: 0 });
    expect(seen.at(-1)?.accuracy).toBeCloseTo(14 / 24, 12);
  });

  test("needs no folder", async () => {
    const { folder: _, ...rest } = options();
    expect((await evaluate(rest)).results).toHaveLength(2);
  });

  test.each([
    ["no modes", { modes: [] }],
    ["no samples", { samplesPerQuestion: 0 }],
    ["half a limit", { limit: 1.5 }],
  ])("with %s is refused before anything is written", async (_, wrong) => {
    await expect(evaluate(options(wrong as Partial<EvaluateOptions>))).rejects.toThrow(RangeError);
    expect(await readResults(folder)).toBeNull();
  });
});

describe("running again", () => {
  test("generates nothing and gives the same results", async () => {
    const first = await evaluate(options());
    const calls: Calls = { samples: [], recorded: [] };
    const second = await evaluate(options({ generate: createGenerator(calls) }));
    expect(calls.samples).toEqual([]);
    expect(second).toEqual(first);
  });

  test("after a cut in the middle of a row generates what is missing, with the same results", async () => {
    const whole = await evaluate(options());
    const file = join(folder, "samples.jsonl");
    const text = readFileSync(file, "utf8");
    const lines = text.trimEnd().split("\n");
    truncateSync(file, Buffer.byteLength(lines.slice(0, 20).join("\n")) + 40); // 20 rows and a part of the next
    const calls: Calls = { samples: [], recorded: [] };
    const seen: EvaluationProgress[] = [];
    const resumed = await evaluate(
      options({ generate: createGenerator(calls), onProgress: (progress) => seen.push(progress) }),
    );
    expect(calls.samples).toHaveLength(10);
    expect(seen[0]).toMatchObject({ restored: 20, done: 20 });
    expect(resumed).toEqual(whole);
    expect(await rows()).toHaveLength(30);
    expect(readFileSync(file, "utf8").trimEnd().split("\n").sort()).toEqual(lines.sort());
  });

  test("reads rows with the line separators of Unicode in them, which JSON leaves as they are", async () => {
    const generate: GenerateFunction = async function* (_, jobs) {
      for (const [jobIndex, { questionId, sampleIndexes }] of jobs.entries()) {
        const samples = sampleIndexes.map((index) => ({
          ...sampleOf(questionId, index),
          thought: "one\u2028two\u2029three\u0085four",
        }));
        yield { jobIndex, samples };
      }
    };
    const first = await evaluate(options({ generate }));
    expect(await evaluate(options({ generate: createGenerator() }))).toEqual(first);
    expect((await rows())[0]?.thought).toBe("one\u2028two\u2029three\u0085four");
  });

  test("adds modes, samples and questions to what is there", async () => {
    await evaluate(options({ modes: ["hard-sample"], samplesPerQuestion: 2, limit: 3 }));
    const calls: Calls = { samples: [], recorded: [] };
    const more = await evaluate(
      options({ modes: ["hard-sample", "soft-greedy"], generate: createGenerator(calls) }),
    );
    expect(calls.samples.filter((call) => call.startsWith("hard-sample"))).toHaveLength(24 - 6);
    expect(more.results.map((result) => [result.mode, result.questions, result.n])).toEqual([
      ["hard-sample", 6, 4],
      ["soft-greedy", 6, 1],
    ]);
    const { folder: _, ...fresh } = options({ modes: ["hard-sample", "soft-greedy"] });
    expect(more).toEqual(await evaluate(fresh));
  });

  test("with a smaller limit measures those questions only and keeps the rows", async () => {
    await evaluate(options());
    const fewer = await evaluate(options({ limit: 2, modes: ["hard-sample"] }));
    expect(fewer.results.find((result) => result.mode === "hard-sample")?.questions).toBe(2);
    expect(await rows()).toHaveLength(30);
  });

  test("with other settings is refused with the differences", async () => {
    await evaluate(options());
    const other = options({ model: "other", settings: { seed: 1, sampler: { tau: 0.5 } } });
    await expect(evaluate(other)).rejects.toMatchObject({
      code: "FOLDER_OF_ANOTHER_EVALUATION",
      differences: ['model: "tiny" there, "other" here', "settings.sampler.tau: 1 there, 0.5 here"],
    });
  });

  test("in a folder with samples of unknown origin is refused", async () => {
    await evaluate(options());
    rmSync(join(folder, "results.json"));
    await expect(evaluate(options())).rejects.toMatchObject({ code: "FOLDER_OF_ANOTHER_EVALUATION" });
  });

  test("in the folder of a grid is refused as such", async () => {
    writeFileSync(join(folder, "results.json"), JSON.stringify({ format: 1, kind: "grid" }));
    await expect(evaluate(options())).rejects.toMatchObject({
      code: "FOLDER_OF_ANOTHER_EVALUATION",
      message: expect.stringContaining("holds a grid") as string,
    });
  });

  test("over a damaged row names its line", async () => {
    await evaluate(options());
    const file = join(folder, "samples.jsonl");
    const lines = readFileSync(file, "utf8").split("\n");
    lines[4] = '{"id": "5"}';
    writeFileSync(file, lines.join("\n"));
    await expect(evaluate(options())).rejects.toMatchObject({ code: "SAMPLE_LOG_INVALID", line: 5 });
    writeFileSync(file, `${lines.slice(0, 5).join("\n")}\n`); // as the last one too: rows appended to it would hide it
    await expect(evaluate(options())).rejects.toMatchObject({ code: "SAMPLE_LOG_INVALID", line: 5 });
  });

  test("over damaged results says so", async () => {
    await evaluate(options());
    appendFileSync(join(folder, "results.json"), "}");
    await expect(evaluate(options())).rejects.toMatchObject({ code: "RESULTS_UNREADABLE" });
  });
});

describe("what goes wrong on the way", () => {
  const failingFor = (ids: readonly string[], calls?: Calls): GenerateFunction => {
    const generate = createGenerator(calls);
    return async function* (mode, jobs, settings) {
      if (jobs.some((job) => ids.includes(job.questionId))) throw new Error("out of memory");
      yield* generate(mode, jobs, settings);
    };
  };

  test("a question that cannot be generated costs itself only, and is tried again later", async () => {
    const calls: Calls = { samples: [], recorded: [] };
    const results = await evaluate(options({ modes: ["hard-sample"], generate: failingFor(["5"], calls) }));
    expect(calls.samples).toHaveLength(20);
    expect(results.results[0]?.outcomes).toMatchObject({ samples: 24, errors: 4, correct: 10 });
    expect((await rows()).find((row) => row.id === "5")?.error).toEqual({
      name: "Error",
      message: "out of memory",
    });
    const again = await evaluate(options({ modes: ["hard-sample"] }));
    expect(again.results[0]?.outcomes).toMatchObject({ samples: 24, errors: 0, correct: 14 });
  });

  test("several failing questions in a row end the evaluation with the cause", async () => {
    const generate = failingFor(["2", "3", "4"]);
    await expect(evaluate(options({ generate }))).rejects.toMatchObject({
      code: "GENERATION_KEEPS_FAILING",
      cause: expect.objectContaining({ message: "out of memory" }) as Error,
    });
    expect((await readResults(folder))?.complete).toBe(false);
  });

  test("a generator that returns too few samples is a mistake of the program", async () => {
    const generate: GenerateFunction = async function* (mode, jobs, settings) {
      for await (const { jobIndex, samples } of createGenerator()(mode, jobs, settings)) {
        yield { jobIndex, samples: samples.slice(1) };
      }
    };
    await expect(evaluate(options({ generate }))).rejects.toThrow(/question 1: wanted 1 samples, got 0/u);
  });

  test("so is one that leaves out a question, or gives one twice", async () => {
    const picking = (...places: number[]): GenerateFunction =>
      async function* (mode, jobs, settings) {
        const all: JobSamples[] = [];
        for await (const result of createGenerator()(mode, jobs, settings)) all.push(result);
        for (const place of places) yield all[place] as JobSamples;
      };
    await expect(evaluate(options({ generate: picking(0, 2) }))).rejects.toThrow(
      /samples of 6 questions, got 2/u,
    );
    await expect(evaluate(options({ generate: picking(1, 1) }))).rejects.toThrow(/job 1 .* came twice/u);
  });

  test("a generator that fails on the way keeps what it gave, and what is missing is asked for in halves", async () => {
    const asked: string[][] = [];
    const generate: GenerateFunction = async function* (mode, jobs, settings) {
      asked.push(jobs.map((job) => job.questionId));
      for await (const result of createGenerator()(mode, jobs, settings)) {
        if (result.jobIndex === 2) throw new Error("lost");
        yield result;
      }
    };
    const record = { questions: 0, samples: 0 };
    const results = await evaluate(options({ modes: ["hard-sample"], generate, record }));
    expect(results.results[0]?.outcomes).toMatchObject({ samples: 24, errors: 0, correct: 14 });
    expect(asked).toEqual([
      ["1", "2", "3", "4", "5", "6"],
      ["3", "4"],
      ["5", "6"],
    ]);
  });

  test("an evaluation that ends early ends its generator", async () => {
    let isEnded = false;
    const generate: GenerateFunction = async function* (mode, jobs, settings) {
      try {
        yield* createGenerator()(mode, jobs, settings);
      } finally {
        isEnded = true;
      }
    };
    const broken: GradeFunction = () => {
      throw new TypeError("not a grader");
    };
    const evaluation = evaluate(options({ samplesPerQuestion: 40, generate, grade: broken }));
    await expect(evaluation).rejects.toMatchObject({ code: "GRADER_KEEPS_FAILING" });
    expect(isEnded).toBe(true);
  });

  test("a grader that throws is recorded with its sample", async () => {
    const throwing: GradeFunction = (text, question) => {
      if (question.id === "6") throw new RangeError("too deep");
      return grade(text, question);
    };
    const results = await evaluate(options({ modes: ["hard-sample"], grade: throwing }));
    expect(results.results[0]?.outcomes).toMatchObject({ errors: 4, correct: 10 });
    const failed = (await rows()).filter((row) => row.error);
    expect(failed[0]).toMatchObject({ id: "6", reason: "grader-error", error: { name: "RangeError" } });
    expect(failed[0]?.thought).toContain("thinking of 5");
  });

  test("the samples of a batch are graded together, and stay in their order", async () => {
    let atOnce = 0;
    let most = 0;
    const slow: GradeFunction = async (text, question) => {
      most = Math.max(most, ++atOnce);
      await new Promise((resolve) => setTimeout(resolve, Number(question.id) % 2 === 0 ? 4 : 1));
      atOnce -= 1;
      return grade(text, question);
    };
    const together = await evaluate(options({ modes: ["hard-sample"], grade: slow }));
    expect(most).toBeGreaterThan(4);
    const keys = (await rows()).map((row) => `${row.id}/${row.sampleIndex}`);
    rmSync(folder, { recursive: true });
    const oneByOne = await evaluate(options({ modes: ["hard-sample"] }));
    expect(together.results).toEqual(oneByOne.results);
    expect(keys).toEqual((await rows()).map((row) => `${row.id}/${row.sampleIndex}`));
  });

  test("a grader that fails for every sample ends the evaluation, with what it said", async () => {
    const broken: GradeFunction = () => {
      throw new TypeError("not a grader");
    };
    const evaluation = evaluate(options({ modes: ["hard-sample"], samplesPerQuestion: 8, grade: broken }));
    await expect(evaluation).rejects.toMatchObject({
      code: "GRADER_KEEPS_FAILING",
      message: expect.stringContaining("not a grader") as string,
    });
  });

  test("timeouts and missing answers are counted apart from wrong answers", async () => {
    const grades: GradeFunction = (_, { id }) => ({
      correct: false,
      boxed: false,
      extracted: id === "1" ? null : id === "3" ? "" : "1",
      reason: id === "2" ? "timeout" : "different",
    });
    const results = await evaluate(options({ modes: ["hard-greedy"], grade: grades }));
    expect(results.results[0]?.outcomes).toMatchObject({
      noAnswer: 2,
      graderTimeout: 1,
      wrong: 3,
      errors: 0,
    });
  });

  test("an abort stops with its reason, keeps what was sampled, and the rest follows later", async () => {
    const controller = new AbortController();
    const stopped = evaluate(
      options({
        signal: controller.signal,
        onProgress: ({ done }) => done >= 14 && controller.abort(new Error("stop now")),
      }),
    );
    await expect(stopped).rejects.toThrow("stop now");
    const kept = (await rows()).length;
    expect(kept).toBeGreaterThanOrEqual(14);
    expect(kept).toBeLessThan(30);
    const calls: Calls = { samples: [], recorded: [] };
    expect((await evaluate(options({ generate: createGenerator(calls) }))).complete).toBe(true);
    expect(calls.samples).toHaveLength(30 - kept);
  });

  test("a folder that cannot be written is named", async () => {
    const file = join(folder, "file");
    writeFileSync(file, "");
    await expect(evaluate(options({ folder: join(file, "inside") }))).rejects.toMatchObject({
      code: expect.stringMatching(/WRITE_FAILED|RESULTS_UNREADABLE/u) as string,
    });
  });
});

test("modes given twice are evaluated once", async () => {
  const modes: InferenceMode[] = ["hard-greedy", "hard-greedy"];
  expect((await evaluate(options({ modes }))).results).toHaveLength(1);
});
