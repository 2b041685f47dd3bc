/** Interrupted runs say to the last bit what uninterrupted ones say, whatever went wrong in between. */

import { cp, mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadModel, saveModel } from "@soft-tokens/model";
import type { ThoughtName } from "@soft-tokens/sampler";
import { RandomKey } from "@soft-tokens/tensor";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readBestCheckpoint } from "./checkpoint/store.ts";
import type { TrainerEvent } from "./events.ts";
import { createRlooTrainer, type RlooTrainerOptions } from "./rloo-trainer.ts";
import { loadReferenceModel, referenceFolder } from "./test-support/reference.ts";
import { collect, reproducible, tinyOptions } from "./test-support/tiny-run.ts";

type Event = TrainerEvent<unknown>;

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "resume-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** A process of its own, as far as the run can see: fresh backend, the model as first given, a new trainer. */
async function processRun(
  thought: ThoughtName,
  act: (trainer: ReturnType<typeof createRlooTrainer>) => Promise<Event[]>,
  change: Partial<RlooTrainerOptions> = {},
): Promise<Event[]> {
  using loaded = await loadReferenceModel("llama");
  const { settings, ...rest } = change;
  const options = await tinyOptions(rest.model ?? loaded.model, thought, settings);
  using trainer = createRlooTrainer({ ...options, checkpointFolder: folder, ...rest });
  return await act(trainer); // not before the run is over do model and trainer go
}

const resumeAndRun = async (trainer: ReturnType<typeof createRlooTrainer>) => {
  await trainer.resume();
  return collect(trainer);
};
/** Once per kind of thought: it is the same every time. */
const wholeRuns = new Map<ThoughtName, Promise<ReturnType<typeof reproducible>>>();
function uninterrupted(thought: ThoughtName) {
  const run =
    wholeRuns.get(thought) ?? processRun(thought, collect, { checkpointFolder: null }).then(reproducible);
  wholeRuns.set(thought, run);
  return run;
}

/** Runs until an event, then walks away without a word, as a killed process does. */
const killAt =
  (type: Event["type"], step: number) => async (trainer: ReturnType<typeof createRlooTrainer>) => {
    const events: Event[] = [];
    for await (const event of trainer.run()) {
      events.push(event);
      if (event.type === type && event.step === step) break;
    }
    return events;
  };

describe("a continued run", () => {
  it.each<ThoughtName>(["hard", "soft", "fuzzy"])(
    "is bit-equal after an abort between two steps (%s)",
    async (thought) => {
      const whole = await uninterrupted(thought);
      const controller = new AbortController();
      const first = await processRun(thought, async (trainer) => {
        const events: Event[] = [];
        for await (const event of trainer.run({ signal: controller.signal })) {
          events.push(event);
          if (event.type === "step" && event.step === 3) controller.abort();
        }
        return events;
      });
      expect(first.slice(-2)).toMatchObject([
        { type: "checkpoint", step: 3 },
        { type: "stopped", step: 3, reason: "aborted" },
      ]);
      const second = await processRun(thought, resumeAndRun);
      expect(second[0]).toMatchObject({ type: "resumed", step: 3 });
      expect([...reproducible(first), ...reproducible(second)]).toEqual(whole);
    },
  );

  it("is bit-equal after an abort in the middle of a step, which leaves no trace", async () => {
    const whole = await uninterrupted("soft");
    const controller = new AbortController();
    let graded = 0;
    const first = await processRun("soft", (trainer) => collect(trainer, { signal: controller.signal }), {
      reward: ({ rollout }) => {
        if (++graded > 20) controller.abort(new Error("Ctrl-C"));
        const digits = rollout.answerText.replace(/\D/g, "").length;
        return { reward: 10 * digits, correct: digits > 1, boxed: digits > 0, extracted: null };
      },
    });
    expect(first.at(-1)).toMatchObject({ type: "stopped", step: 2, reason: "aborted" });
    const second = await processRun("soft", resumeAndRun);
    expect([...reproducible(first), ...reproducible(second)]).toEqual(whole);
  });

  it("is bit-equal after a kill between checkpoints and in the middle of writing one", async () => {
    const whole = await uninterrupted("soft");
    const first = await processRun("soft", killAt("step", 5));
    await mkdir(join(folder, ".writing-5"));
    await writeFile(join(folder, ".writing-5", "model.safetensors"), "half");
    const second = await processRun("soft", resumeAndRun);
    expect(second[0]).toMatchObject({ type: "resumed", step: 4 });
    const kept = reproducible(first).filter(([, step]) => step <= 4);
    expect([...kept, ...reproducible(second)]).toEqual(whole);
    expect((await readdir(folder)).filter((name) => name.startsWith("."))).toEqual([]);
  });

  it("makes up for a validation that was cut off", async () => {
    const whole = await uninterrupted("hard");
    await processRun("hard", async (trainer) => {
      const events = await killAt("step", 2)(trainer);
      await trainer.save();
      return events;
    });
    let position: object = {};
    const events = await processRun("hard", async (trainer) => {
      await trainer.resume();
      position = { step: trainer.step, validatedStep: trainer.validatedStep };
      return collect(trainer);
    });
    expect(position).toEqual({ step: 2, validatedStep: 0 }); // a caller drops what it has stored of that validation
    const second = reproducible(events);
    expect(second[0]?.slice(0, 2)).toEqual(["validation", 2]);
    expect(second).toEqual(whole.slice(whole.length - second.length));
  });

  it("has nothing left to do where the run is finished, and starts anew where there is no checkpoint", async () => {
    await processRun("soft", resumeAndRun);
    const again = await processRun("soft", resumeAndRun);
    expect(again.map(({ type }) => type)).toEqual(["resumed", "stopped"]);
  });
});

describe("a damaged checkpoint", () => {
  const damages: [string, (checkpoint: string) => Promise<void>][] = [
    ["truncated weights", (checkpoint) => truncate(join(checkpoint, "model.safetensors"), 1000)],
    ["a missing optimizer", (checkpoint) => rm(join(checkpoint, "optimizer.safetensors"))],
    ["an empty document", (checkpoint) => writeFile(join(checkpoint, "trainer.json"), "")],
    [
      "one altered bit",
      async (checkpoint) => {
        const file = join(checkpoint, "optimizer.safetensors");
        const bytes = await readFile(file);
        bytes[bytes.length - 5] = (bytes[bytes.length - 5] as number) ^ 1;
        await writeFile(file, bytes);
      },
    ],
  ];

  it.each(damages)("with %s is set aside, and the one before it continued", async (_, damage) => {
    const first = await processRun("soft", killAt("step", 5), { settings: { validateEvery: 0 } });
    await damage(join(folder, "step-000004"));
    const second = await processRun("soft", resumeAndRun, { settings: { validateEvery: 0 } });
    expect(second.slice(0, 2)).toMatchObject([
      { type: "resumed", step: 2 },
      { type: "warning", code: "CHECKPOINT_DAMAGED" },
    ]);
    const both = [...reproducible(first).filter(([, step]) => step <= 2), ...reproducible(second)];
    expect(both.slice(0, 5)).toEqual(reproducible(first));
    expect((await readdir(folder)).sort()).toEqual([
      "last.json",
      "step-000004",
      "step-000004.damaged",
      "step-000006",
    ]);
  });

  it("is an error where there is no good one", async () => {
    await processRun("soft", killAt("checkpoint", 2), { settings: { validateEvery: 0 } });
    await rm(join(folder, "step-000002", "config.json"));
    const again = () => processRun("soft", resumeAndRun, { settings: { validateEvery: 0 } });
    await expect(again()).rejects.toMatchObject({ code: "CHECKPOINT_DAMAGED" });
    await expect(again()).rejects.toThrow(/config.json: is missing.*Remove the folder to begin anew/); // the second time too
  });
});

describe("a checkpoint folder", () => {
  it("loses nothing when the disk is full, and the run goes on once there is room", async () => {
    const whole = await uninterrupted("soft");
    let isFull = false;
    const saveOnSmallDisk: RlooTrainerOptions["saveModel"] = async (model, target) => {
      await saveModel(model, target);
      if (!isFull) return;
      await truncate(join(target, "model.safetensors"), 100);
      throw Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
    };
    let stored: Event[] = [];
    await processRun(
      "soft",
      async (trainer) => {
        const run = async () => {
          for await (const event of trainer.run()) {
            stored.push(event);
            if (event.type === "step" && event.step === 3) isFull = true;
          }
        };
        await expect(run()).rejects.toMatchObject({ code: "CHECKPOINT_WRITE_FAILED" });
        expect(trainer.step).toBe(4);
        isFull = false;
        await trainer.save(); // nothing of the run is lost: the same trainer can save again
        return stored;
      },
      { saveModel: saveOnSmallDisk },
    );
    expect((await readdir(folder)).some((name) => name.startsWith("."))).toBe(false);
    stored = [...stored, ...(await processRun("soft", resumeAndRun))];
    expect(reproducible(stored)).toEqual(whole);
  });

  it("of another run is neither continued nor mixed with this one", async () => {
    await processRun("soft", killAt("checkpoint", 2));
    const mismatch = (change: Partial<RlooTrainerOptions>, message: RegExp) =>
      expect(processRun("soft", resumeAndRun, change)).rejects.toThrow(message);
    await mismatch({ settings: { learningRate: 2e-3 } }, /learningRate was 0.001 and is 0.002/);
    await mismatch({ key: RandomKey.fromSeed(6) }, /key was/);
    await expect(processRun("hard", resumeAndRun)).rejects.toMatchObject({ code: "CHECKPOINT_MISMATCH" });
    using own = await loadReferenceModel("llama");
    using other = await loadReferenceModel("qwen2");
    const { policy } = await tinyOptions(own.model, "soft");
    await mismatch({ model: other.model, policy }, /holds a model of another architecture/);
    await expect(processRun("soft", collect)).rejects.toThrow(/holds a run already: call resume/);
    expect(
      await processRun("soft", resumeAndRun, { settings: { memoryBudgetBytes: 1e6, keepCheckpoints: 1 } }),
    ).toBeTruthy();
  });

  it("keeps the best by validation beside the newest, each a model that loads", async () => {
    const events = await processRun("soft", collect, {
      settings: { keepCheckpoints: 1, checkpointEvery: 1 },
    });
    const validations = events.filter((event) => event.type === "validation" && event.step > 0);
    const best = validations.filter((event) => event.type === "validation" && event.isBest).at(-1);
    const pointer = await readBestCheckpoint(folder);
    expect(pointer?.step).toBe(best?.step);
    const names = (await readdir(folder)).filter((name) => name.startsWith("step-"));
    expect(names.sort()).toEqual([...new Set([`step-00000${best?.step}`, "step-000006"])]);

    using loaded = await loadReferenceModel("llama");
    using model = await loadModel(pointer?.folder as string, { backend: loaded.backend });
    expect(model.config).toEqual(loaded.model.config);
    expect(model.tokenizer.encode("1+1")).toEqual(loaded.model.tokenizer.encode("1+1"));
  });

  it("is told of before it is written, so that the caller can sync what it has stored of its steps", async () => {
    const order: string[] = [];
    await processRun(
      "soft",
      async (trainer) => {
        const events: Event[] = [];
        for await (const event of trainer.run()) {
          if (event.type === "step" || event.type === "checkpoint") order.push(`${event.type} ${event.step}`);
          events.push(event);
        }
        return events;
      },
      {
        settings: { checkpointEvery: 3, validateEvery: 0 },
        beforeCheckpoint: async () => {
          const names = await readdir(folder);
          order.push(`before, ${names.filter((name) => name.startsWith("step-")).length} there`);
        },
      },
    );
    const steps = (from: number) => [from, from + 1, from + 2].map((step) => `step ${step}`);
    expect(order).toEqual([
      ...[...steps(1), "before, 0 there", "checkpoint 3"],
      ...[...steps(4), "before, 1 there", "checkpoint 6"],
    ]);
  });

  it("can be moved to another place and continued there", async () => {
    await processRun("soft", killAt("checkpoint", 2));
    const moved = join(folder, "moved");
    await cp(join(folder, "step-000002"), join(moved, "step-000002"), { recursive: true });
    const events = await processRun("soft", resumeAndRun, { checkpointFolder: moved });
    expect(events[0]).toMatchObject({ type: "resumed", step: 2, folder: join(moved, "step-000002") });
    expect(await readFile(join(referenceFolder("llama"), "tokenizer.json"), "utf8")).toBe(
      await readFile(join(moved, "step-000006", "tokenizer.json"), "utf8"),
    );
  });
});
