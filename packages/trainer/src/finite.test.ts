/** NaN and infinity end a run, by step and name; what was saved before stays as it was. */

import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { LanguageModel } from "@soft-tokens/model";
import { createThoughtPolicy } from "@soft-tokens/sampler";
import { RandomKey } from "@soft-tokens/tensor";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { TrainerEvent } from "./events.ts";
import { createRlooTrainer, type RlooTrainerOptions } from "./rloo-trainer.ts";
import { scoreRollouts } from "./score-rollouts.ts";
import { createSupervisedTrainer, type SupervisedTrainerOptions } from "./supervised-trainer.ts";
import { loadReferenceModel } from "./test-support/reference.ts";
import { tinyOptions } from "./test-support/tiny-run.ts";

type Loaded = Awaited<ReturnType<typeof loadReferenceModel>>;

let folder = "";
let loaded: Loaded;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "finite-"));
  loaded = await loadReferenceModel("llama");
});
afterEach(async () => {
  loaded[Symbol.dispose]();
  await rm(folder, { recursive: true, force: true });
});

const sums = Array.from({ length: 10 }, (_, i) => ({ prompt: `${i}+${i}=`, completion: `${2 * i}` }));
const source = (examples: typeof sums) => ({
  size: examples.length,
  get: (index: number) => examples[index] as (typeof sums)[number],
});

async function change(
  model: LanguageModel,
  name: string,
  edit: (value: number, at: number) => number,
): Promise<void> {
  const parameter = model.parameters.get(name);
  if (!parameter) throw new Error(`no parameter ${name}`);
  const values = (await model.backend.read(parameter)) as Float32Array;
  using edited = model.backend.tensor(values.map(edit), parameter.shape, parameter.dtype);
  model.backend.assign(parameter, edited);
}
const breakWeight = (name: string, value: number, place = 3) =>
  change(loaded.model, name, (old, at) => (at === place ? value : old));
/** Finite weights, logits that are not. */
const overflow = () => change(loaded.model, "model.norm.weight", (old) => Math.sign(old) * 3e38);

async function follow<Sample>(
  trainer: { run(): AsyncGenerator<TrainerEvent<Sample>>; dispose(): void },
  act: (event: TrainerEvent<Sample>) => void | Promise<void> = () => {},
) {
  const events: string[] = [];
  let error: { code?: string; message?: string } = {};
  try {
    for await (const event of trainer.run()) {
      events.push(`${event.type} ${event.step}${"isBest" in event && event.isBest ? " best" : ""}`);
      await act(event);
    }
  } catch (thrown) {
    error = thrown as typeof error;
  } finally {
    trainer.dispose();
  }
  return { events, error };
}

const rloo = async (settings: RlooTrainerOptions["settings"], checkpointFolder: string | null = null) =>
  createRlooTrainer({ ...(await tinyOptions(loaded.model, "soft", settings)), checkpointFolder });

const supervised = (
  settings: SupervisedTrainerOptions["settings"],
  more: Partial<SupervisedTrainerOptions> = {},
) =>
  createSupervisedTrainer({
    model: loaded.model,
    examples: source(sums),
    key: RandomKey.fromSeed(1),
    settings: { steps: 6, batchSize: 4, lengthBucket: 2, warmupSteps: 0, validateEvery: 0, ...settings },
    ...more,
  });

describe("a model that is broken from the start", () => {
  it.each([
    ["NaN in a norm", "model.layers.0.input_layernorm.weight", Number.NaN],
    ["Infinity in a layer", "model.layers.1.mlp.down_proj.weight", Number.POSITIVE_INFINITY],
  ])("ends a run by the name of the parameter: %s", async (_, name, value) => {
    const policyOf = await tinyOptions(loaded.model, "soft", { validateEvery: 0 });
    await breakWeight(name, value);
    const run = await follow(createRlooTrainer({ ...policyOf, checkpointFolder: folder }));
    expect(run.error).toMatchObject({
      code: "WEIGHTS_NOT_FINITE",
      message: expect.stringContaining(`step 1: ${name}`),
    });
    expect(run.events).toEqual([]);
    const sft = await follow(supervised({}));
    expect(sft.error).toMatchObject({ code: "WEIGHTS_NOT_FINITE", message: expect.stringContaining(name) });
    expect(sft.events).toEqual([]);
    expect(await readdir(folder)).toEqual([]);
  });

  it("ends a run whose weights are finite and whose logits are not, by step and problem; no validation is the best", async () => {
    const options = await tinyOptions(loaded.model, "soft", { validateEvery: 1 });
    await overflow();
    const validated = await follow(createRlooTrainer({ ...options, checkpointFolder: folder }));
    expect(validated.events).toEqual([]);
    expect(validated.error).toMatchObject({ code: "LOGITS_NOT_FINITE" });
    expect(validated.error.message).toMatch(/^validation after step 0: problem v8: .*thought step 1/);
    const trained = await follow(
      createRlooTrainer({ ...options, settings: { ...options.settings, validateEvery: 0 } }),
    );
    expect(trained.error).toMatchObject({ code: "LOGITS_NOT_FINITE" });
    expect(trained.error.message).toMatch(/^step 1: problem p\d: .*sample 0: the logits of thought step 1/);
  });

  it("ends supervised training by step and example, without a word about the learning rate", async () => {
    await overflow();
    const { events, error } = await follow(supervised({}, { checkpointFolder: folder }));
    expect(events).toEqual([]);
    expect(error).toMatchObject({ code: "LOGITS_NOT_FINITE" });
    expect(error.message).toMatch(/^step 1: example \d: the log-probability of answer token 1 is NaN/);
    expect(error.message).not.toMatch(/learning rate/);
    const held = await follow(supervised({ validateEvery: 1 }, { validation: source(sums.slice(0, 2)) }));
    expect(held.events).toEqual([]);
    expect(held.error.message).toMatch(/^validation after step 0: held-out example \d/);
  });

  it("is no score of rollouts", async () => {
    await overflow();
    const rollout = {
      promptIds: [1, 2],
      shadowIds: Int32Array.of(3),
      thoughts: null,
      forcedIds: [],
      answerIds: Int32Array.of(4),
    };
    const policy = createThoughtPolicy("hard", { rms: 1 });
    await expect(
      scoreRollouts({ model: loaded.model, policy, rollouts: [rollout, { ...rollout, promptIds: [2] }] }),
    ).rejects.toMatchObject({ code: "LOGITS_NOT_FINITE", message: expect.stringMatching(/^sample [01]: /) });
  });
});

describe("a run that breaks its weights", () => {
  it("says at which step, and leaves the last good checkpoint as it is", async () => {
    const trainer = supervised(
      { learningRate: 1e-3, checkpointEvery: 1, keepCheckpoints: 1 },
      { checkpointFolder: folder },
    );
    const { events, error } = await follow(trainer, async (event) => {
      // What an update with too large a step does, made by hand so that it comes at a known step.
      if (event.type === "checkpoint" && event.step === 2)
        await breakWeight("model.embed_tokens.weight", Number.NaN);
    });
    expect(events).toEqual(["step 1", "checkpoint 1", "step 2", "checkpoint 2"]);
    expect(error).toMatchObject({
      code: "WEIGHTS_NOT_FINITE",
      message: expect.stringMatching(/^step 3: model\.embed_tokens\.weight holds NaN or infinity/),
    });
    expect((await readdir(folder)).filter((name) => name.startsWith("step-"))).toEqual(["step-000002"]);
    using fresh = await loadReferenceModel("llama");
    loaded[Symbol.dispose]();
    loaded = await loadReferenceModel("llama");
    using again = createSupervisedTrainer({
      model: fresh.model,
      examples: source(sums),
      key: RandomKey.fromSeed(1),
      settings: {
        ...{ steps: 6, batchSize: 4, lengthBucket: 2, warmupSteps: 0, validateEvery: 0 },
        ...{ learningRate: 1e-3, checkpointEvery: 1, keepCheckpoints: 1 },
      },
      checkpointFolder: folder,
    });
    expect(await again.resume()).toBe(2);
  });

  it("says so at once where the update itself leaves float32", async () => {
    const { events, error } = await follow(
      supervised({ learningRate: 1e39, checkpointEvery: 1 }, { checkpointFolder: folder }),
    );
    expect(events).toEqual([]);
    expect(error).toMatchObject({
      code: "WEIGHTS_NOT_FINITE",
      message: expect.stringMatching(/^after step 1: /),
    });
    expect(await readdir(folder)).toEqual([]);
  });

  it("saves no weights that are not finite, asked to or not", async () => {
    using trainer = await rloo({ validateEvery: 0 }, folder);
    await breakWeight("model.layers.0.self_attn.q_proj.weight", Number.NEGATIVE_INFINITY);
    await expect(trainer.save()).rejects.toMatchObject({
      code: "WEIGHTS_NOT_FINITE",
      message: expect.stringContaining("model.layers.0.self_attn.q_proj.weight"),
    });
    expect((await readdir(folder)).filter((name) => name.startsWith("step-"))).toEqual([]);
    await breakWeight("model.layers.0.self_attn.q_proj.weight", 3e38);
    await breakWeight("model.layers.0.self_attn.q_proj.weight", 3e38, 4); // their sum is infinite, they are not
    const saved = await trainer.save();
    expect(JSON.parse(await readFile(join(saved, "trainer.json"), "utf8"))).toMatchObject({ format: 1 });
  });

  it("does not blame the learning rate where no step has changed a weight", async () => {
    let calls = 0;
    const reward = () => ({ reward: calls++ % 2 ? 1e38 : 0, correct: false, boxed: false, extracted: null });
    const options = await tinyOptions(loaded.model, "soft", { steps: 20, validateEvery: 0 });
    const { error } = await follow(createRlooTrainer({ ...options, reward }));
    expect(error.code).toBe("NON_FINITE_GRADIENT");
    expect(error.message).toMatch(/no step has changed the weights/);
    expect(error.message).not.toMatch(/learning rate/);
  });
});
