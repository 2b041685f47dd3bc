import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RandomKey } from "@soft-tokens/tensor";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { SupervisedExample, TokenizedExample } from "./contract.ts";
import { encodeExamples } from "./encode-examples.ts";
import type { TrainerEvent } from "./events.ts";
import { createSupervisedTrainer, type SupervisedTrainerOptions } from "./supervised-trainer.ts";
import { loadReferenceModel } from "./test-support/reference.ts";
import { collect, reproducible } from "./test-support/tiny-run.ts";

const sums = Array.from({ length: 10 }, (_, i) => ({ prompt: `${i}+${i}=`, completion: `${2 * i}` }));
const source = (examples: readonly SupervisedExample[]) => ({
  size: examples.length,
  get: (index: number) => examples[index] as SupervisedExample,
});

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "supervised-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function run(
  change: Partial<SupervisedTrainerOptions>,
  act: (trainer: ReturnType<typeof createSupervisedTrainer>) => Promise<TrainerEvent<never>[]> = collect,
): Promise<TrainerEvent<never>[]> {
  using loaded = await loadReferenceModel("llama");
  const { settings, ...rest } = change;
  using trainer = createSupervisedTrainer({
    model: loaded.model,
    examples: source(sums),
    key: RandomKey.fromSeed(1),
    settings: {
      steps: 6,
      batchSize: 4,
      lengthBucket: 2,
      learningRate: 1e-2,
      warmupSteps: 0,
      validateEvery: 0,
      ...settings,
    },
    ...rest,
  });
  return await act(trainer);
}

describe("createSupervisedTrainer", () => {
  it("learns its examples", async () => {
    const events = await run({ settings: { steps: 40, schedule: "constant" } });
    const losses = events.flatMap((event) =>
      event.type === "step" ? [event.metrics["loss/total"] as number] : [],
    );
    expect(losses).toHaveLength(40);
    const mean = (part: number[]) => part.reduce((total, loss) => total + loss, 0) / part.length;
    expect(mean(losses.slice(-3))).toBeLessThan(mean(losses.slice(0, 3)) / 3);
  });

  it("keeps the checkpoint with the lowest held-out loss", async () => {
    const events = await run({
      validation: source(sums.slice(0, 2)),
      checkpointFolder: folder,
      settings: { steps: 4, validateEvery: 1, keepCheckpoints: 1 },
    });
    const validations = events.flatMap((event) => (event.type === "validation" ? [event] : []));
    expect(validations.map(({ step }) => step)).toEqual([0, 1, 2, 3, 4]);
    let lowest = Number.POSITIVE_INFINITY;
    for (const { step, metrics, isBest } of validations) {
      const loss = metrics["validation/loss"] as number;
      expect(isBest).toBe(step > 0 && loss < lowest);
      if (step > 0) lowest = Math.min(lowest, loss);
    }
  });

  it("continues to the last bit", async () => {
    const whole = reproducible(await run({}));
    const controller = new AbortController();
    const first = await run({ checkpointFolder: folder }, async (trainer) => {
      const events: TrainerEvent<never>[] = [];
      for await (const event of trainer.run({ signal: controller.signal })) {
        events.push(event);
        if (event.type === "step" && event.step === 3) controller.abort();
      }
      return events;
    });
    const second = await run({ checkpointFolder: folder }, async (trainer) => {
      expect(await trainer.resume()).toBe(3);
      return collect(trainer);
    });
    expect([...reproducible(first), ...reproducible(second)]).toEqual(whole);
  });

  it("does not change its losses with the cut into micro-batches", async () => {
    const losses = async (settings: SupervisedTrainerOptions["settings"]) =>
      (await run({ settings: { steps: 3, ...settings } })).flatMap((event) =>
        event.type === "step" ? [event.metrics["loss/total"] as number] : [],
      );
    const whole = await losses({});
    const cut = await losses({ maxRowsPerMicroBatch: 1, checkpointLayers: true });
    for (const [step, loss] of cut.entries()) expect(loss).toBeCloseTo(whole[step] as number, 5);
  });

  it("draws the noise on its inputs by step and example, whatever the micro-batch", async () => {
    const losses = async (settings: SupervisedTrainerOptions["settings"]) =>
      (await run({ settings: { steps: 2, ...settings } })).flatMap((event) =>
        event.type === "step" ? [event.metrics["loss/total"] as number] : [],
      );
    const clean = await losses({});
    const noisy = await losses({ inputNoiseScale: 0.5 });
    const cut = await losses({ inputNoiseScale: 0.5, maxRowsPerMicroBatch: 1 });
    expect(Math.abs((noisy[0] as number) - (clean[0] as number))).toBeGreaterThan(1e-3);
    for (const [step, loss] of cut.entries()) expect(loss).toBeCloseTo(noisy[step] as number, 4);
  });

  it("names all examples that cannot be learned from before the first step", async () => {
    const bad = Array.from({ length: 4 }, () => ({ prompt: "1".repeat(200), completion: "1" }));
    const steps: unknown[] = [];
    const failure = run({ examples: source([...sums, ...bad]) }, async (trainer) => {
      for await (const event of trainer.run()) steps.push(event);
      return [];
    });
    await expect(failure).rejects.toThrow(
      /example 10: .*; example 11: .*; example 12: .*; and 1 more \(of 14, counted from 0\)/,
    );
    expect(steps).toEqual([]);
    await expect(run({ validation: source(bad) })).rejects.toMatchObject({ code: "INVALID_EXAMPLE" });
  });

  it("takes examples that are encoded already, and checks them too", async () => {
    using loaded = await loadReferenceModel("llama");
    const { examples, problems } = encodeExamples(loaded.model, source(sums), { appendEndOfSequence: false });
    expect(problems).toEqual([]);
    const settings = { appendEndOfSequence: false, steps: 2 };
    const encoded = { size: examples.length, get: (index: number) => examples[index] as TokenizedExample };
    const [fromIds, fromTexts] = [await run({ examples: encoded, settings }), await run({ settings })];
    expect(reproducible(fromIds)).toEqual(reproducible(fromTexts));
    const { vocabularySize } = loaded.model.config;
    const outside = { size: 1, get: () => ({ promptIds: [1], completionIds: [vocabularySize] }) };
    await expect(run({ examples: outside, settings })).rejects.toThrow(
      new RegExp(
        `completion cannot be embedded: token .* is id ${vocabularySize}, the model has ${vocabularySize}`,
      ),
    );
  });

  it("names an example that cannot be learnt from", async () => {
    const withExample = (example: SupervisedExample) =>
      run({ examples: source([example]), settings: { appendEndOfSequence: false } });
    await expect(withExample({ prompt: "1", completion: "" })).rejects.toThrow(
      /example 0: the completion has no token/,
    );
    await expect(withExample({ prompt: "1".repeat(200), completion: "1" })).rejects.toMatchObject({
      code: "INVALID_EXAMPLE",
    });
    await expect(run({ examples: source([]) })).rejects.toMatchObject({ code: "EMPTY_SOURCE" });
  });
});
