import { describe, expect, it } from "vitest";
import { checkRollouts } from "./check-rollouts.ts";
import type { StoredRollout } from "./format.ts";

const config = { vocabularySize: 10, hiddenSize: 3, maxPositions: 8 };
const fine: StoredRollout = {
  promptIds: [0, 9],
  shadowIds: Int32Array.of(4, 5),
  thoughts: new Float32Array(6),
  forcedIds: [9],
  answerIds: Int32Array.of(6, 0, 1, 2),
};
const refusal = (change: Partial<StoredRollout>, options = {}) => {
  try {
    checkRollouts(config, [fine, { ...fine, ...change }], options);
  } catch (error) {
    return error as { code: string; key: string; sampleIndex: number; message: string };
  }
  return null;
};

describe("checkRollouts", () => {
  it("passes what fits, to the last position, embedding and component", () => {
    expect(refusal({})).toBeNull();
    expect(refusal({ thoughts: null })).toBeNull();
    expect(refusal({ shadowIds: [], thoughts: new Float32Array(0), answerIds: [] })).toBeNull();
  });

  it.each([10, 11, -1, 2 ** 31 - 1, 0.5, Number.NaN])("refuses the id %s wherever it is", (id) => {
    const keys = {
      promptIds: "prompt_ids",
      shadowIds: "shadow_ids",
      forcedIds: "forced_ids",
      answerIds: "answer_ids",
    } as const;
    for (const [name, key] of Object.entries(keys) as [keyof typeof keys, string][]) {
      const ids = Array.from(fine[name]);
      ids[ids.length - 1] = id;
      expect(refusal({ [name]: ids })).toMatchObject({ code: "INVALID_ROLLOUTS", key, sampleIndex: 1 });
    }
  });

  it("refuses thoughts of another width, a sequence that is too long and an empty prompt", () => {
    expect(refusal({ thoughts: new Float32Array(8) })?.message).toBe(
      `"thoughts" of sample 1 has width 4, the model's hidden size is 3: it is of another model`,
    );
    expect(refusal({ promptIds: [1, 2, 3] })).toMatchObject({ code: "INVALID_ROLLOUTS", key: "prompt_ids" });
    expect(refusal({ promptIds: [] })?.message).toMatch(/empty/);
  });

  it("names the file and the sample's number in it", () => {
    const options = { file: "step-7.safetensors", first: 32 };
    expect(refusal({ answerIds: [12] }, options)).toMatchObject({
      file: "step-7.safetensors",
      sampleIndex: 33,
      message: `step-7.safetensors: "answer_ids" of sample 33 holds id 12 at place 0, the model has 10 embeddings`,
    });
  });
});
