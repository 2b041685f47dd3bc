/** Generation as an evaluation sees it, with the model that the demo begins with. */

import { fileURLToPath } from "node:url";
import { createTfjsBackend, type TfjsBackend } from "@soft-tokens/backend-tfjs";
import type { GenerateFunction, GenerationJob, JobSamples } from "@soft-tokens/evals";
import { type LanguageModel, loadModel } from "@soft-tokens/model";
import { defaultGenerationSettings } from "@soft-tokens/sampler";
import { RandomKey } from "@soft-tokens/tensor";
import { withLeakCheck } from "@soft-tokens/tensor/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createGenerateFunction, type DecodedBatch } from "./generate-function.ts";

let backend: TfjsBackend;
let model: LanguageModel;
beforeAll(async () => {
  backend = await createTfjsBackend({ variant: "wasm" });
  const folder = fileURLToPath(new URL("../../train/demo/model", import.meta.url));
  model = await loadModel(folder, { backend });
}, 60_000);
afterAll(() => {
  model.dispose();
  backend[Symbol.dispose]();
});

const JOBS: readonly GenerationJob[] = ["Tom has 2 apples.", "Ann", "Sam buys 3 pens and 4 cups."].map(
  (prompt, index) => ({ prompt, questionId: `q${index}`, sampleIndexes: [0, 1, 2, 5].slice(index) }),
);

async function create(
  more: { maxRows?: number; onBatch?: (batch: DecodedBatch) => void } = {},
): Promise<GenerateFunction> {
  const settings = { ...defaultGenerationSettings, maxThoughtSteps: 16, maxAnswerTokens: 6 };
  return createGenerateFunction({ model, key: RandomKey.fromSeed(3), settings, ...more });
}

async function collect(
  generate: GenerateFunction,
  jobs = JOBS,
  options = { recordSteps: false },
): Promise<JobSamples[]> {
  const results: JobSamples[] = [];
  for await (const result of generate("soft-sample", jobs, options)) results.push(result);
  return results.sort((a, b) => a.jobIndex - b.jobIndex);
}

describe("createGenerateFunction", () => {
  it("gives every job all of its samples, the same however many are decoded at once", async () => {
    const together = await collect(await create());
    expect(together.map(({ samples }) => samples.length)).toEqual([4, 3, 2]);
    const batches: DecodedBatch[] = [];
    const refilled = await collect(await create({ maxRows: 2, onBatch: (batch) => batches.push(batch) }));
    expect(refilled.map(texts)).toEqual(together.map(texts));
    expect(batches).toEqual([
      { rows: 2, steps: expect.any(Number) as number, tokens: expect.any(Number) as number },
    ]);
    const [{ rows, steps, tokens }] = batches as [DecodedBatch];
    expect(tokens).toBeGreaterThan(rows * steps * 0.7);
    expect(tokens).toBeLessThanOrEqual(rows * steps);
  });

  it("names a sample's randomness by its question and index, not by its place", async () => {
    const [, second] = await collect(await create());
    const generate = await create();
    const [alone] = await collect(generate, [{ ...(JOBS[1] as GenerationJob), sampleIndexes: [5] }]);
    expect(alone && texts(alone)[0]).toEqual(second && texts(second)[2]);
  });

  it("begins every answer with the box that was opened for it, and puts what was forced before it apart", async () => {
    const samples = (await collect(await create())).flatMap((job) => job.samples);
    for (const { thought, forced = "", answer, stopReason } of samples) {
      expect(answer.startsWith("\\boxed{")).toBe(true);
      expect(thought).not.toMatch(/\\$/); // the beginning of the box belongs to the answer, also where the thought wrote it
      if (stopReason === "stop-string") expect(thought + forced).toMatch(/The final answer is: $/);
      else expect(forced.trimStart()).toBe("The final answer is: ");
    }
    expect(samples).toHaveLength(9);
  });

  it("records alternatives of every step when asked", async () => {
    const [first] = await collect(await create(), JOBS.slice(0, 1), { recordSteps: true });
    const sample = first?.samples[0];
    expect(sample?.steps).toHaveLength(sample?.entropies.length ?? -1);
    expect(sample?.steps?.[0]?.alternatives).toHaveLength(5);
  });

  it("frees everything when its reader leaves early", async () => {
    const generate = await create({ maxRows: 1 });
    await withLeakCheck(backend, async () => {
      for await (const { samples } of generate("hard-sample", JOBS, { recordSteps: false })) {
        expect(samples.length).toBeGreaterThan(0);
        break;
      }
    });
  });
});

function texts({ samples }: JobSamples): string[] {
  return samples.map(({ thought, answer }) => `${thought}|${answer}`);
}
