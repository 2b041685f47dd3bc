import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { GenerateFunction, InferenceMode } from "../contract.ts";
import {
  type Calls,
  createGenerator,
  QUESTIONS,
  sampleOf,
  task,
  useEvaluationFolder,
} from "../fixtures/evaluation.ts";
import { EvaluationResultsSchema } from "../results/schema.ts";
import { parseTask } from "../tasks/load-task.ts";
import { evaluate } from "./evaluate.ts";
import { readResults } from "./evaluation-folder.ts";
import type { EvaluateOptions, EvaluationProgress } from "./plan.ts";

const { options, rows, path } = useEvaluationFolder();

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

  test("gives the grader the answer as the generator gave it, apart from the text, and keeps all parts", async () => {
    const asked = new Set<string>();
    const again = "\\boxed{7 The final answer is: \\boxed{7}";
    const generate: GenerateFunction = async function* (_mode, jobs) {
      for (const [jobIndex, { questionId }] of jobs.entries()) {
        const sample = {
          ...sampleOf(questionId, 0),
          thought: "long",
          forced: " The final answer is: ",
          answer: again,
        };
        yield { jobIndex, samples: [sample] };
      }
    };
    const grade: EvaluateOptions["grade"] = (text, _question, answer) => {
      asked.add(`${text}|${answer}`);
      return { correct: false, boxed: false, extracted: null, reason: "compared" };
    };
    await evaluate(options({ modes: ["hard-greedy"], generate, grade }));
    expect([...asked]).toEqual([`long The final answer is: ${again}|${again}`]);
    expect((await rows())[0]).toMatchObject({
      thought: "long",
      forced: " The final answer is: ",
      answer: again,
    });
  });

  test("writes results that its schema reads back, and one row per sample", async () => {
    const results = await evaluate(options());
    const stored: unknown = JSON.parse(readFileSync(path("results.json"), "utf8"));
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
    expect((await evaluate(options({ folder: path("other") }))).metrics?.gsm8k).toBeUndefined();
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
    expect(await readResults(path())).toBeNull();
  });
});

test("modes given twice are evaluated once", async () => {
  const modes: InferenceMode[] = ["hard-greedy", "hard-greedy"];
  expect((await evaluate(options({ modes }))).results).toHaveLength(1);
});
