/** The fast engine against the slow one, and everything that must not change a rollout. */

import { createTfjsBackend, type TfjsBackend } from "@soft-tokens/backend-tfjs";
import type { LanguageModel } from "@soft-tokens/model";
import type { RandomKey } from "@soft-tokens/tensor";
import { withLeakCheck } from "@soft-tokens/tensor/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { GenerateRequest, GenerationSettings, Rollout, ThoughtPolicy } from "../contract.ts";
import {
  expectSame,
  makeRequest,
  type RequestOptions,
  rms,
  root,
  withInPlaceWrite,
} from "../fixtures/requests.ts";
import { loadTinyLlama } from "../fixtures/tiny-model.ts";
import { INFERENCE_MODES, type InferenceMode, inferencePolicy } from "../policies/create-policy.ts";
import { sampleKeys } from "../sample-keys.ts";
import { defaultGenerationSettings } from "../settings.ts";
import { generate } from "./generate.ts";
import { generateNaive } from "./naive.ts";
import { mostForcedTokens } from "./plan.ts";

let ops: TfjsBackend;
let model: LanguageModel;
beforeAll(async () => {
  ops = await createTfjsBackend({ variant: "wasm" });
  model = await loadTinyLlama(ops);
});
afterAll(() => {
  model.dispose();
  ops[Symbol.dispose]();
});

const requestOf = (mode: InferenceMode | ThoughtPolicy, options?: RequestOptions) =>
  makeRequest(model, mode, options);

/** The model with a note of every keepRows call. */
function watched(target: LanguageModel): { model: LanguageModel; kept: number[] } {
  const kept: number[] = [];
  const model = new Proxy(target, {
    get(object, name) {
      const value = Reflect.get(object, name, object);
      if (name !== "prefill") return typeof value === "function" ? value.bind(object) : value;
      return (...args: Parameters<LanguageModel["prefill"]>) => {
        const prefilled = object.prefill(...args);
        const keepRows = prefilled.session.keepRows.bind(prefilled.session);
        prefilled.session.keepRows = (rows) => {
          kept.push(rows.length);
          keepRows(rows);
        };
        return prefilled;
      };
    },
  });
  return { model, kept };
}

describe("generate", () => {
  it.each(INFERENCE_MODES)("equals the slow engine in %s mode, while finished rows leave", async (mode) => {
    const request = requestOf(mode, { recordTopK: 3 });
    const { model: watchedModel, kept } = watched(model);
    const fast = await withLeakCheck(ops, () => generate(watchedModel, request));
    const slow = await withLeakCheck(ops, () => generateNaive(model, request));
    expectSame(fast.rollouts, slow.rollouts);
    expect(new Set(fast.rollouts.map(({ shadowIds }) => shadowIds.length)).size).toBeGreaterThan(1);
    expect(kept.length).toBeGreaterThan(0);
    expect(kept).toEqual([...kept].sort((a, b) => b - a));
  });

  it.each([true, false])(
    "equals itself whether the backend writes its cache in place (%s)",
    async (inPlaceWrite) => {
      const other = await loadTinyLlama(withInPlaceWrite(ops, inPlaceWrite));
      const request = requestOf("soft-sample");
      const { rollouts } = await withLeakCheck(ops, () => generate(other, request));
      expectSame(rollouts, (await generate(model, request)).rollouts);
      other.dispose();
    },
  );

  it.each<InferenceMode>(["hard-sample", "soft-sample"])(
    "gives a sample the same rollout alone, in another batch and in another order (%s)",
    async (mode) => {
      const request = requestOf(mode);
      const { rollouts } = await generate(model, request);
      const wanted = rollouts.find((r) => r.promptIndex === 2 && r.sampleIndex === 1) as Rollout;
      const prompt = request.prompts[2] as GenerateRequest["prompts"][number];
      const key = prompt.sampleKeys[1] as RandomKey;
      const other = sampleKeys(root, { step: 5, promptIndex: 0 }, 4);
      for (const prompts of [
        [{ ids: prompt.ids, sampleKeys: [key] }],
        [
          { ids: [7, 8, 9], sampleKeys: other },
          { ids: prompt.ids, sampleKeys: [...other, key] },
        ],
        [
          { ids: prompt.ids, sampleKeys: [key, ...other] },
          { ids: [7], sampleKeys: other },
        ],
      ]) {
        const again = await generate(model, { ...request, prompts });
        const found = again.rollouts.find((r) => {
          const from = prompts[r.promptIndex] as GenerateRequest["prompts"][number];
          return from.sampleKeys[r.sampleIndex] === key;
        }) as Rollout;
        expectSame([{ ...found, promptIndex: 2, sampleIndex: 1 }], [wanted]);
      }
    },
  );

  it("does not depend on the memory that the head may take", async () => {
    const request = requestOf("soft-sample");
    const { rollouts } = await generate(model, request);
    const chunked = await withLeakCheck(ops, () =>
      generate(model, { ...request, chunk: { maxElements: 700 } }),
    );
    expectSame(chunked.rollouts, rollouts);
  });

  it("stops at any string, wherever its borders fall", async () => {
    const settings = { answerTemperature: 0, maxAnswerTokens: 3, samples: [1] };
    const { rollouts: free } = await generate(
      model,
      requestOf("hard-greedy", { ...settings, stopString: "\u0000" }),
    );
    const text = free[0]?.thoughtText ?? "";
    let straddling = 0;
    for (let at = 0; at + 3 <= Math.min(18, text.length); at += 2) {
      const stopString = text.slice(at, at + 3);
      const request = requestOf("hard-greedy", {
        ...settings,
        stopString,
        answerPrefix: text.slice(at + 3, at + 5),
      });
      const fast = await generate(model, request);
      expectSame(fast.rollouts, (await generateNaive(model, request)).rollouts);
      expect(fast.rollouts[0]).toMatchObject({ thoughtStop: "stop-string" });
      expect(fast.rollouts[0]?.thoughtText).toContain(stopString);
      if (!fast.rollouts[0]?.thoughtText.endsWith(stopString)) straddling++;
    }
    expect(straddling).toBeGreaterThan(0);
  });

  it("records alternatives and entropies for every thought step", async () => {
    const { rollouts } = await generate(model, requestOf("soft-sample", { recordTopK: 4 }));
    for (const { top, shadowIds, entropies, thoughts } of rollouts) {
      expect(entropies.length).toBe(shadowIds.length);
      expect(thoughts?.length).toBe(shadowIds.length * model.config.hiddenSize);
      expect(top?.k).toBe(4);
      shadowIds.forEach((id, step) => {
        expect(top?.ids[step * 4]).toBe(id);
      });
    }
    const { rollouts: plain } = await generate(model, requestOf("soft-sample"));
    expect(plain[0]).not.toHaveProperty("top");
  });

  it("forces the answer at once when no thought is allowed", async () => {
    const request = requestOf("soft-sample", { maxThoughtSteps: 0 });
    const { rollouts } = await withLeakCheck(ops, () => generate(model, request));
    expectSame(rollouts, (await generateNaive(model, request)).rollouts);
    expect(rollouts[0]).toMatchObject({
      thoughtText: "",
      thoughtStop: "limit",
      forcedText: " The final answer is: \\boxed{",
      thoughtLogProb: null,
    });
    expect(rollouts[0]?.answerIds.length).toBeGreaterThan(0);
  });

  it("ends without an answer when none is allowed, and without a step when nothing is", async () => {
    const noAnswer = await generate(
      model,
      requestOf("hard-sample", { maxAnswerTokens: 0, maxThoughtSteps: 5 }),
    );
    expect(
      noAnswer.rollouts.every(({ answerIds, forcedIds }) => answerIds.length === 0 && forcedIds.length > 0),
    ).toBe(true);
    const nothing = await generate(
      model,
      requestOf("hard-sample", { maxAnswerTokens: 0, maxThoughtSteps: 0 }),
    );
    expect(nothing.timings.steps).toBe(0);
    expect(nothing.rollouts).toHaveLength(6);
  });

  it("handles a batch of one, prompts without samples and no prompts at all", async () => {
    const one = requestOf("hard-sample", { samples: [0, 0, 1, 0] });
    const { rollouts } = await withLeakCheck(ops, () => generate(model, one));
    expectSame(rollouts, (await generateNaive(model, one)).rollouts);
    expect(rollouts.map(({ promptIndex }) => promptIndex)).toEqual([2]);
    expect((await generate(model, requestOf("hard-sample", { samples: [] }))).rollouts).toEqual([]);
    expect((await generate(model, { ...one, prompts: [] })).rollouts).toEqual([]);
  });

  it("counts steps and tokens", async () => {
    const { rollouts, timings } = await generate(model, requestOf("hard-sample"));
    const lengths = rollouts.map((r) => r.shadowIds.length + r.forcedIds.length + r.answerIds.length);
    expect(timings.steps).toBe(Math.max(...lengths));
    expect(timings.tokens).toBe(lengths.reduce((sum, length) => sum + length, 0));
  });
});

describe("a generation that does not come to its end", () => {
  /** A policy that calls `act` at its nth step. */
  function actingAt(step: number, act: () => void): ThoughtPolicy {
    const policy = inferencePolicy("soft-sample", { rms });
    let steps = 0;
    return {
      ...policy,
      think(...args) {
        if (++steps === step) act();
        return policy.think(...args);
      },
    };
  }

  it("throws the signal's reason between two steps and leaves nothing behind", async () => {
    const controller = new AbortController();
    const reason = new Error("enough");
    const request = { ...requestOf(actingAt(6, () => controller.abort(reason))), signal: controller.signal };
    await withLeakCheck(ops, async () => {
      await expect(generate(model, request)).rejects.toBe(reason);
    });
    await expect(generate(model, request)).rejects.toBe(reason);
  });

  it("lets others run, so that a timer or a signal handler can stop it", async () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(new Error("timer")), 0);
    const request = {
      ...requestOf("hard-sample", { maxThoughtSteps: 150, stopString: "\u0000" }),
      signal: controller.signal,
    };
    await expect(generate(model, request)).rejects.toThrow("timer");
  });

  it("passes an error of the policy on and leaves nothing behind", async () => {
    const request = requestOf(
      actingAt(6, () => {
        throw new TypeError("broken policy");
      }),
    );
    await withLeakCheck(ops, async () => {
      await expect(generate(model, request)).rejects.toThrow("broken policy");
    });
  });

  it("passes an error of the model on and leaves nothing behind", async () => {
    let steps = 0;
    const failing = new Proxy(model, {
      get(object, name) {
        const value = Reflect.get(object, name, object);
        if (name !== "prefill") return typeof value === "function" ? value.bind(object) : value;
        return (...args: Parameters<LanguageModel["prefill"]>) => {
          const prefilled = object.prefill(...args);
          const step = prefilled.session.step.bind(prefilled.session);
          prefilled.session.step = (input) => {
            if (++steps === 5) throw new RangeError("broken model");
            return step(input);
          };
          return prefilled;
        };
      },
    });
    await withLeakCheck(ops, async () => {
      await expect(generate(failing, requestOf("soft-sample"))).rejects.toThrow("broken model");
    });
  });
});

describe("requests that cannot be met", () => {
  const code = (wanted: string) => expect.objectContaining({ code: wanted });

  it("refuses a prompt exactly where forced tokens and settings leave it no room", async () => {
    const settings = { ...defaultGenerationSettings, maxThoughtSteps: 40, maxAnswerTokens: 2 };
    const room = model.config.maxPositions - 40 - mostForcedTokens(model, settings) - 2;
    const run = (length: number) =>
      generate(model, {
        ...requestOf("hard-sample", { ...settings, maxThoughtSteps: 40 }),
        prompts: [{ ids: Array<number>(length).fill(5), sampleKeys: [root] }],
      });
    expect((await run(room)).rollouts).toHaveLength(1);
    await expect(run(room + 1)).rejects.toEqual(code("SAMPLER_PROMPT_TOO_LONG"));
  });

  it("names the sizes when a prompt does not fit", async () => {
    const ids = Array<number>(220).fill(5);
    const prompts = [
      { ids: [5], sampleKeys: [root] },
      { ids, sampleKeys: [root] },
    ];
    const request = { ...requestOf("hard-sample", { maxThoughtSteps: 40 }), prompts };
    const error = await generate(model, request).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: "SAMPLER_PROMPT_TOO_LONG" });
    expect((error as Error).message).toMatch(/prompt 1 has 220 tokens .* 256 positions/);
  });

  it("uses every position that the model has", async () => {
    const request = requestOf("hard-sample", { maxThoughtSteps: 40, stopString: "\u0000", samples: [1] });
    const grows = 40 + model.tokenizer.encode(" \u0000\\boxed{", { addSpecialTokens: false }).length + 6;
    const ids = Array<number>(256 - grows).fill(30);
    const { rollouts } = await generate(model, { ...request, prompts: [{ ids, sampleKeys: [root] }] });
    expect(rollouts).toHaveLength(1);
  });

  it.each([
    ["an empty prompt", []],
    ["an id beyond the vocabulary", [5, 324]],
    ["a negative id", [-1]],
    ["an id that is no whole number", [0.5]],
  ])("refuses %s", async (_, ids) => {
    const request = { ...requestOf("hard-sample"), prompts: [{ ids, sampleKeys: [root] }] };
    await expect(generate(model, request)).rejects.toEqual(code("INVALID_REQUEST"));
  });

  it.each<[string, Partial<GenerationSettings>]>([
    ["a negative thought limit", { maxThoughtSteps: -1 }],
    ["half an answer token", { maxAnswerTokens: 0.5 }],
    ["an empty stop string", { stopString: "" }],
    ["a negative answer temperature", { answerTemperature: -1 }],
    ["a number of alternatives that is none", { recordTopK: Number.NaN }],
  ])("refuses %s", async (_, settings) => {
    await expect(generate(model, requestOf("hard-sample", settings))).rejects.toEqual(
      code("INVALID_SETTINGS"),
    );
  });
});
