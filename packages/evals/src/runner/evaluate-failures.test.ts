import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { GenerateFunction, GradeFunction, JobSamples } from "../contract.ts";
import { type Calls, createGenerator, grade, useEvaluationFolder } from "../fixtures/evaluation.ts";
import { evaluate } from "./evaluate.ts";
import { readResults } from "./evaluation-folder.ts";

const { options, rows, path } = useEvaluationFolder();

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
    expect((await readResults(path()))?.complete).toBe(false);
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
    const throwing: GradeFunction = (text, question, answer) => {
      if (question.id === "6") throw new RangeError("too deep");
      return grade(text, question, answer);
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
    const slow: GradeFunction = async (text, question, answer) => {
      most = Math.max(most, ++atOnce);
      await new Promise((resolve) => setTimeout(resolve, Number(question.id) % 2 === 0 ? 4 : 1));
      atOnce -= 1;
      return grade(text, question, answer);
    };
    const together = await evaluate(options({ modes: ["hard-sample"], grade: slow }));
    expect(most).toBeGreaterThan(4);
    const keys = (await rows()).map((row) => `${row.id}/${row.sampleIndex}`);
    rmSync(path(), { recursive: true });
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

  test.each([
    [
      "that gives up on every sample",
      (_: number) => true,
      /gave up on 32 samples in a row: it ran out of time/,
    ],
    [
      "that gives up and fails by turns",
      (index: number) => index % 2 === 0,
      /32 samples in a row got no verdict: the grader gave up on 16 and failed on 16, the last failure: broken/,
    ],
  ])("a grader %s ends the evaluation: that is no 0 %%", async (_, givesUp, message) => {
    let index = 0;
    const silent: GradeFunction = () => {
      if (!givesUp(index++)) throw new Error("broken");
      return { correct: false, boxed: false, extracted: null, reason: "timeout" };
    };
    const evaluation = evaluate(options({ modes: ["hard-sample"], samplesPerQuestion: 8, grade: silent }));
    await expect(evaluation).rejects.toMatchObject({
      code: "GRADER_KEEPS_FAILING",
      message: expect.stringMatching(message) as string,
    });
  });

  test("a few samples without a single verdict are no 0 % either, and are tried again", async () => {
    const late: GradeFunction = () => ({ correct: false, boxed: false, extracted: null, reason: "timeout" });
    const evaluation = evaluate(options({ modes: ["hard-greedy"], grade: late }));
    await expect(evaluation).rejects.toMatchObject({
      code: "GRADER_KEEPS_FAILING",
      message: "hard-greedy: none of the 6 samples got a verdict of the grader",
    });
    expect((await readResults(path()))?.complete).toBe(false);
    const again = await evaluate(options({ modes: ["hard-greedy"] }));
    expect(again.complete).toBe(true);
    expect(again.results[0]?.outcomes).toMatchObject({ samples: 6, graderTimeout: 0, errors: 0 });
  });

  test("a verdict now and then keeps an evaluation alive, and what got none is counted", async () => {
    let index = 0;
    const hesitant: GradeFunction = () => ({
      ...{ correct: index % 8 === 7, boxed: false, extracted: "1" },
      reason: index++ % 8 === 7 ? "equal" : "timeout",
    });
    const results = await evaluate(
      options({ modes: ["hard-sample"], samplesPerQuestion: 8, grade: hesitant }),
    );
    expect(results.results[0]?.outcomes).toMatchObject({ samples: 48, graderTimeout: 42, correct: 6 });
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
    const file = path("file");
    writeFileSync(file, "");
    await expect(evaluate(options({ folder: join(file, "inside") }))).rejects.toMatchObject({
      code: expect.stringMatching(/WRITE_FAILED|RESULTS_UNREADABLE/u) as string,
    });
  });
});
