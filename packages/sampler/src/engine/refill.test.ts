/** Fewer rows than samples: who waits takes the place of who ended, and nobody's rollout changes. */

import { createTfjsBackend, type TfjsBackend } from "@soft-tokens/backend-tfjs";
import type { LanguageModel } from "@soft-tokens/model";
import { withLeakCheck } from "@soft-tokens/tensor/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ThoughtPolicy } from "../contract.ts";
import { expectSame, makeRequest, type RequestOptions, withInPlaceWrite } from "../fixtures/requests.ts";
import { loadTinyLlama } from "../fixtures/tiny-model.ts";
import { INFERENCE_MODES, type InferenceMode } from "../policies/create-policy.ts";
import { generate, generateStream } from "./generate.ts";

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

describe("generation with fewer rows than samples", () => {
  it.each(INFERENCE_MODES)("gives every sample the rollout it has in one batch (%s)", async (mode) => {
    const request = requestOf(mode, { samples: [5, 4, 7, 3] });
    const { rollouts } = await generate(model, request);
    for (const maxRows of [1, 3, 8]) {
      const refilled = await withLeakCheck(ops, () => generate(model, { ...request, maxRows }));
      expectSame(refilled.rollouts, rollouts);
    }
  });

  it("without in-place writes too", async () => {
    const other = await loadTinyLlama(withInPlaceWrite(ops, false));
    const request = requestOf("soft-sample", { samples: [3, 2, 3, 3] });
    const { rollouts } = await withLeakCheck(ops, () => generate(other, { ...request, maxRows: 4 }));
    expectSame(rollouts, (await generate(model, request)).rollouts);
    other.dispose();
  });

  it("keeps its rows busy as long as samples wait", async () => {
    const request = requestOf("hard-sample", { samples: [40, 40, 40, 40] });
    const { timings } = await generate(model, { ...request, maxRows: 16 });
    // The last samples of all still end one by one.
    expect(timings.tokens / (timings.steps * 16)).toBeGreaterThan(0.85);
  });

  it("gives samples while others are still being made, and frees everything when nobody wants the rest", async () => {
    await withLeakCheck(ops, async () => {
      const seen: string[] = [];
      const stream = generateStream(model, {
        ...requestOf("hard-sample", { samples: [8, 8, 8, 8] }),
        maxRows: 4,
      });
      for await (const { promptIndex, sampleIndex } of stream) {
        seen.push(`${promptIndex} ${sampleIndex}`);
        if (seen.length === 6) break;
      }
      expect(new Set(seen).size).toBe(6);
      expect(seen.every((name) => Number(name[0]) < 2)).toBe(true);
    });
  });

  it.each([0, 2.5, Number.NaN])("refuses room for %d rows", async (maxRows) => {
    await expect(generate(model, { ...requestOf("hard-sample"), maxRows })).rejects.toMatchObject({
      code: "INVALID_REQUEST",
    });
  });
});
