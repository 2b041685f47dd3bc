import { appendFileSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { GenerateFunction } from "../contract.ts";
import { type Calls, createGenerator, sampleOf, useEvaluationFolder } from "../fixtures/evaluation.ts";
import { evaluate } from "./evaluate.ts";
import type { EvaluationProgress } from "./plan.ts";

const { options, rows, path } = useEvaluationFolder();

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
    const file = path("samples.jsonl");
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

  test("after a power cut that left zeros in place of the last rows makes these again, with the same results", async () => {
    const whole = await evaluate(options());
    const file = path("samples.jsonl");
    const lines = readFileSync(file, "utf8").trimEnd().split("\n");
    const lost = lines.slice(26).join("\n");
    const rest = lost.slice(Math.floor(lost.length / 2)); // a later block had reached the disk, the one before it had not
    const zeros = "\0".repeat(lost.length - rest.length);
    writeFileSync(file, `${lines.slice(0, 26).join("\n")}\n${zeros}${rest}\n`);
    const calls: Calls = { samples: [], recorded: [] };
    expect(await evaluate(options({ generate: createGenerator(calls) }))).toEqual(whole);
    expect(calls.samples).toHaveLength(4);
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
    rmSync(path("results.json"));
    await expect(evaluate(options())).rejects.toMatchObject({ code: "FOLDER_OF_ANOTHER_EVALUATION" });
  });

  test("in the folder of a grid is refused as such", async () => {
    writeFileSync(path("results.json"), JSON.stringify({ format: 1, kind: "grid" }));
    await expect(evaluate(options())).rejects.toMatchObject({
      code: "FOLDER_OF_ANOTHER_EVALUATION",
      message: expect.stringContaining("holds a grid") as string,
    });
  });

  test("over a damaged row names its line", async () => {
    await evaluate(options());
    const file = path("samples.jsonl");
    const lines = readFileSync(file, "utf8").split("\n");
    lines[4] = '{"id": "5"}';
    writeFileSync(file, lines.join("\n"));
    await expect(evaluate(options())).rejects.toMatchObject({ code: "SAMPLE_LOG_INVALID", line: 5 });
    writeFileSync(file, `${lines.slice(0, 5).join("\n")}\n`); // as the last one too: rows appended to it would hide it
    await expect(evaluate(options())).rejects.toMatchObject({ code: "SAMPLE_LOG_INVALID", line: 5 });
  });

  test("over damaged results says so", async () => {
    await evaluate(options());
    appendFileSync(path("results.json"), "}");
    await expect(evaluate(options())).rejects.toMatchObject({ code: "RESULTS_UNREADABLE" });
  });
});
