import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { ChoiceQuestion, ScoredQuestion, ScoreFunction } from "./contract.ts";
import { type EvaluateLikelihoodOptions, evaluateLikelihood, readLikelihoodResults } from "./evaluate.ts";
import type { ChoiceTask } from "./load-choices.ts";
import { LikelihoodResultsSchema, type LikelihoodRow } from "./schema.ts";
import { summarizeLikelihood } from "./summarize.ts";

const questions: ChoiceQuestion[] = Array.from({ length: 6 }, (_, index) => ({
  id: `q${index}`,
  context: `Question: ${index}?\nAnswer:`,
  choices: [" yes", " certainly not"],
  gold: index % 2,
  text: `${index}?`,
  group: index < 4 ? "tea" : "milk",
}));
const task: ChoiceTask = {
  name: "made-up",
  questions,
  source: { file: "m.jsonl", sha256: "abc", format: "arc", rows: 6, duplicates: 0, skipped: 0 },
};

/** Longest questions first, two at a time: the order of the file is not the scorer's. */
function scorer(asked: string[][] = []): ScoreFunction {
  return async function* score(list) {
    asked.push(list.map(({ id }) => id));
    const reversed = [...list].reverse();
    for (let at = 0; at < reversed.length; at += 2) yield reversed.slice(at, at + 2).map(scoreOne);
  };
}

/** " yes" has -2 in one token, " certainly not" -3 in two: by characters the second is likelier. */
const scoreOne = ({ id }: ChoiceQuestion): ScoredQuestion => ({
  id,
  choices: [
    { tokens: 1, logProb: -2 },
    { tokens: 2, logProb: -3 },
  ],
});

let folder: string;
const options = (more: Partial<EvaluateLikelihoodOptions> = {}): EvaluateLikelihoodOptions => ({
  task,
  model: "tiny",
  score: scorer(),
  folder,
  ...more,
});
const rowsOf = () =>
  readFileSync(join(folder, "samples.jsonl"), "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as LikelihoodRow);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "likelihood-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe("a likelihood evaluation", () => {
  test("gives accuracy by log-probability and per character, and nats per token of the right answer", async () => {
    const results = await evaluateLikelihood(options());
    expect(results).toMatchObject({ task: "made-up", mode: "likelihood", model: "tiny", n: 1, questions: 6 });
    expect(results.metrics).toMatchObject({ accuracy: 0.5, acc: 0.5, acc_norm: 0.5, passAt: { "1": 0.5 } });
    // Right answers: three times 2 nats in one token, three times 3 nats in two.
    expect(results.metrics?.nllPerToken).toBeCloseTo((3 * 2 + 3 * 1.5) / 6, 12);
    expect(results.metrics?.nllPerTokenPooled).toBeCloseTo((3 * 2 + 3 * 3) / 9, 12);
    expect(results.correctByQuestion).toEqual({ q0: 1, q1: 0, q2: 1, q3: 0, q4: 1, q5: 0 });
    const { low, high, method } = results.metrics?.intervals.acc ?? {};
    expect([low, high].every((bound) => (bound ?? -1) >= 0 && (bound ?? 2) <= 1)).toBe(true);
    expect(method).toBe("bootstrap");
  });

  test("divides by characters for acc_norm: 3 nats over 13 beat 2 over 3", () => {
    const row = {
      id: "q",
      context: "c",
      choices: [
        { text: " yes", tokens: 1, logProb: -2 },
        { text: " certainly not", tokens: 2, logProb: -3 },
      ],
      gold: 1,
    };
    expect(summarizeLikelihood([row], { seed: 0 })).toMatchObject({ acc: 0, acc_norm: 1 });
    expect(summarizeLikelihood([{ ...row, gold: 0 }], { seed: 0 })).toMatchObject({ acc: 1, acc_norm: 0 });
  });

  test("gives every group apart, by name, and the whole by questions", async () => {
    const { groups, metrics } = await evaluateLikelihood(options({ limit: 5 }));
    expect(groups.map(({ name, questions: count, metrics: own }) => [name, count, own.acc])).toEqual([
      ["milk", 1, 1],
      ["tea", 4, 0.5],
    ]);
    expect(metrics?.acc).toBeCloseTo(3 / 5, 12);
  });

  test("writes rows in the order of the questions, and results that the schema reads", async () => {
    const results = await evaluateLikelihood(options());
    expect(
      LikelihoodResultsSchema.parse(JSON.parse(readFileSync(join(folder, "results.json"), "utf8"))),
    ).toEqual(results);
    expect(await readLikelihoodResults(folder)).toEqual(results);
    expect(rowsOf().map(({ id }) => id)).toEqual(questions.map(({ id }) => id));
    expect(rowsOf()[1]).toEqual({
      id: "q1",
      group: "tea",
      context: "Question: 1?\nAnswer:",
      choices: [
        { text: " yes", tokens: 1, logProb: -2 },
        { text: " certainly not", tokens: 2, logProb: -3 },
      ],
      gold: 1,
    });
  });

  test("continues where it was killed, and its numbers are those of one run", async () => {
    const whole = await evaluateLikelihood(options({ folder: join(folder, "whole") }));
    const killed: ScoreFunction = async function* score(list, given) {
      for await (const batch of scorer()(list, given)) {
        yield batch;
        throw new Error("killed");
      }
    };
    await expect(evaluateLikelihood(options({ score: killed }))).rejects.toThrowError("killed");
    expect((await readLikelihoodResults(folder))?.complete).toBe(false);
    const samples = join(folder, "samples.jsonl");
    truncateSync(samples, readFileSync(samples).length - 5); // the last row was being written
    const asked: string[][] = [];
    const results = await evaluateLikelihood(options({ score: scorer(asked) }));
    expect(asked).toEqual([["q0", "q1", "q2", "q3", "q4"]]);
    expect(results).toEqual(whole);
    const again: string[][] = [];
    await evaluateLikelihood(options({ score: scorer(again) }));
    expect(again).toEqual([[]]);
  });

  test("keeps rows beyond a smaller limit for later", async () => {
    await evaluateLikelihood(options());
    const asked: string[][] = [];
    const fewer = await evaluateLikelihood(options({ limit: 2, score: scorer(asked) }));
    expect([fewer.questions, fewer.metrics?.acc, rowsOf().length]).toEqual([2, 0.5, 6]);
    await evaluateLikelihood(options({ score: scorer(asked) }));
    expect(asked).toEqual([[], []]);
  });

  test("refuses the folder of another configuration and says what differs", async () => {
    await evaluateLikelihood(options({ settings: { dtype: "float32" } }));
    const other = evaluateLikelihood(options({ model: "large", settings: { dtype: "bfloat16" } }));
    await expect(other).rejects.toMatchObject({
      code: "FOLDER_OF_ANOTHER_EVALUATION",
      differences: ['model: "tiny" there, "large" here', 'settings.dtype: "float32" there, "bfloat16" here'],
    });
  });

  test("refuses a folder of generated samples", async () => {
    writeFileSync(
      join(folder, "results.json"),
      JSON.stringify({ task: "made-up", model: "tiny", checksum: "abc", settings: {}, mode: "hard-greedy" }),
    );
    await expect(evaluateLikelihood(options())).rejects.toMatchObject({
      code: "FOLDER_OF_ANOTHER_EVALUATION",
      differences: ['kind: "generation" there, "likelihood" here'],
    });
  });

  test("stops at a log-probability that is no number, at a missing question and at a wrong count", async () => {
    const broken = (change: (scored: ScoredQuestion) => ScoredQuestion[]): ScoreFunction =>
      async function* score(list) {
        yield list.flatMap((question) => change(scoreOne(question)));
      };
    const fails = async (score: ScoreFunction, message: RegExp) => {
      const run = evaluateLikelihood({ task, model: "tiny", score });
      await expect(run).rejects.toMatchObject({ code: "SCORES_INVALID" });
      await expect(evaluateLikelihood({ task, model: "tiny", score })).rejects.toThrowError(message);
    };
    const nan = { tokens: 1, logProb: Number.NaN };
    await fails(
      broken((scored) => [{ ...scored, choices: [nan, nan] }]),
      /q0, choice 1.*NaN/,
    );
    await fails(
      broken((scored) => (scored.id === "q3" ? [] : [scored])),
      /q3: was not scored/,
    );
    await fails(
      broken((scored) => [{ ...scored, choices: [nan] }]),
      /wanted scores of 2 choices, got 1/,
    );
  });
});
