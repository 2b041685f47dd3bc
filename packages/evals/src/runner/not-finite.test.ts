/** A broken model has no accuracy, and a results file can always be read again. */

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { GenerateFunction, GradeFunction } from "../contract.ts";
import { EvaluationError } from "../errors.ts";
import { createGenerator, useEvaluationFolder } from "../fixtures/evaluation.ts";
import { evaluate } from "./evaluate.ts";
import { readResults } from "./evaluation-folder.ts";

const { options, rows, path } = useEvaluationFolder();

const MODES = ["hard-greedy", "hard-sample", "soft-sample"] as const;

describe("a model that gives no numbers", () => {
  const throwing = (at: string, error: Error): GenerateFunction =>
    async function* (mode, jobs, settings) {
      for await (const result of createGenerator()(mode, jobs, settings)) {
        if (jobs[result.jobIndex]?.questionId === at) throw error;
        yield result;
      }
    };

  it("ends the evaluation at its first question, even where there is one question only", async () => {
    const error = new EvaluationError("LOGITS_NOT_FINITE", "question 3: NaN");
    for (const limit of [3, 6]) {
      const run = evaluate(options({ limit, generate: throwing("3", error) }));
      await expect(run).rejects.toBe(error);
      const left = await readResults(path());
      expect(left).toMatchObject({ complete: false, results: [] });
      expect((await rows()).filter((row) => row.error)).toEqual([]);
    }
    expect((await evaluate(options())).results[0]?.outcomes.errors).toBe(0);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])(
    "is known by an entropy of %s where its generator does not say so",
    async (entropy) => {
      const generate: GenerateFunction = async function* (mode, jobs, settings) {
        for await (const { jobIndex, samples } of createGenerator()(mode, jobs, settings)) {
          const broken = samples.map((sample) => ({ ...sample, entropies: [0.5, entropy] }));
          yield { jobIndex, samples: jobs[jobIndex]?.questionId === "2" ? broken : samples };
        }
      };
      await expect(evaluate(options({ generate }))).rejects.toMatchObject({
        code: "LOGITS_NOT_FINITE",
        message: expect.stringMatching(/^question 2, sample 0: the entropy of thought step 2 is/),
      });
      expect(await readResults(path())).toMatchObject({ complete: false });
    },
  );

  it("writes no row with a number that is none, whatever part of the sample holds it", async () => {
    const generate: GenerateFunction = async function* (mode, jobs, settings) {
      for await (const { jobIndex, samples } of createGenerator()(mode, jobs, settings)) {
        const steps = [{ token: "t", alternatives: [{ token: "t", probability: Number.NaN }] }];
        yield { jobIndex, samples: samples.map((sample) => ({ ...sample, steps })) };
      }
    };
    await expect(evaluate(options({ generate }))).rejects.toMatchObject({
      code: "RESULT_NOT_FINITE",
      field: "steps.0.alternatives.0.probability",
    });
    expect(readFileSync(path("samples.jsonl"), "utf8")).toBe("");
  });
});

describe("results.json", () => {
  const nothing: GenerateFunction = async function* () {
    yield* [];
    throw new Error("no memory");
  };
  const quiet: GenerateFunction = async function* (mode, jobs, settings) {
    for await (const { jobIndex, samples } of createGenerator()(mode, jobs, settings)) {
      yield { jobIndex, samples: samples.map((sample) => ({ ...sample, entropies: [] })) };
    }
  };
  const failing: GradeFunction = (_, { id }) => {
    if (id === "1") throw new Error("no grader");
    return { correct: false, boxed: false, extracted: null, reason: id === "2" ? "timeout" : "compared" };
  };

  it.each([
    ["of one question", { limit: 1 }],
    ["of one sample", { limit: 2, samplesPerQuestion: 1 }],
    ["of thoughts without a step", { generate: quiet }],
    ["of questions that could not be generated", { limit: 2, generate: nothing }],
    ["of answers that could not be graded", { grade: failing }],
    [
      "of questions that are all right",
      { grade: () => ({ correct: true, boxed: true, extracted: "1", reason: "" }) },
    ],
    [
      "of none that is right",
      { grade: () => ({ correct: false, boxed: false, extracted: null, reason: "compared" }) },
    ],
    ["with odd settings", { settings: { zero: -0, small: 5e-324, large: Number.MAX_VALUE, none: null } }],
  ] as const)("is read as it was written: %s", async (_, change) => {
    for (const mode of MODES) {
      const results = await evaluate(options({ ...change, modes: [mode] } as Parameters<typeof options>[0]));
      const read = await readResults(path());
      expect(read).toEqual(JSON.parse(JSON.stringify(results)));
      expect(read?.complete).toBe(true);
      expect(await evaluate(options({ modes: [mode], limit: 1, settings: results.settings }))).toMatchObject({
        complete: true,
      });
    }
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])("is not written with a setting of %s", async (sigma) => {
    await expect(evaluate(options({ settings: { noise: { sigma } } }))).rejects.toMatchObject({
      code: "RESULT_NOT_FINITE",
      field: "settings.noise.sigma",
    });
    expect(existsSync(path("results.json"))).toBe(false);
  });

  it("with null for a number, as an earlier version left it, is refused in words", async () => {
    await evaluate(options());
    const old = JSON.parse(readFileSync(path("results.json"), "utf8")) as {
      results: { entropyByPosition: { mean: (number | null)[] } }[];
    };
    (old.results[0] as (typeof old.results)[number]).entropyByPosition.mean[0] = null;
    writeFileSync(path("results.json"), JSON.stringify(old));
    const refused = {
      code: "RESULTS_UNREADABLE",
      field: "results.0.entropyByPosition.mean.0",
      message: expect.stringMatching(/NaN or infinite.*another folder/),
    };
    await expect(readResults(path())).rejects.toMatchObject(refused);
    await expect(evaluate(options())).rejects.toMatchObject(refused);
    expect(JSON.parse(readFileSync(path("results.json"), "utf8"))).toEqual(old);
  });
});
