import { parameterCount, parseConfig } from "@soft-tokens/model";
import type { Backend } from "@soft-tokens/tensor";
import { describe, expect, test } from "vitest";
import { UsageError } from "../errors.ts";
import { resolveDtype } from "../open-model.ts";
import { availableMemory } from "./available.ts";
import { estimateMemory, type MemoryNeeds } from "./estimate.ts";
import { type MemoryCheck, refuseTooLarge } from "./refuse-too-large.ts";

const config = parseConfig(
  {
    architectures: ["LlamaForCausalLM"],
    model_type: "llama",
    hidden_act: "silu",
    vocab_size: 128256,
    hidden_size: 4096,
    intermediate_size: 14336,
    num_hidden_layers: 32,
    num_attention_heads: 32,
    num_key_value_heads: 8,
    max_position_embeddings: 131072,
    rms_norm_eps: 1e-5,
    rope_theta: 500000,
    tie_word_embeddings: false,
  },
  "config.json",
);
const model = { folder: "m", config, weightsDtype: "bfloat16" as const, ...parameterCount(config) };
const training: MemoryNeeds = {
  rows: 64,
  tokensPerRow: 160,
  headElements: 2 ** 22,
  training: { optimizerMoments: "float32", activationBytes: 2 ** 30 },
};

describe("estimateMemory", () => {
  test("has the method's figures for the 8B shape: 2 + 4 + 2 x 2 bytes of state per number with moments in bfloat16", () => {
    expect(model.parameters).toBe(8_030_261_248);
    const narrow = {
      ...training,
      training: { optimizerMoments: "bfloat16", activationBytes: 2 ** 30 },
    } as const;
    const estimate = estimateMemory(model, "bfloat16", narrow);
    const { weights, master, moments } = estimate;
    expect([weights, master, moments].map((bytes) => bytes / model.parameters)).toEqual([2, 4, 4]);
    expect(estimateMemory(model, "bfloat16", training).moments).toBe(2 * moments);
    expect(estimateMemory(model, "float32", training)).toMatchObject({ weights: 2 * weights, master: 0 });
  });

  test("counts caches and no optimizer where nothing is trained", () => {
    const estimate = estimateMemory(model, "bfloat16", {
      rows: 10,
      tokensPerRow: 744,
      headElements: 2 ** 20,
    });
    expect(estimate).toMatchObject({ gradients: 0, master: 0, moments: 0 });
    // 1,000 tokens of 10 rows at 2 x 32 layers x 8 heads x 128 x 2 bytes, or the largest tensor read twice in float32
    const caches = 10 * 1000 * 131_072 + 5 * 4 * 2 ** 20;
    expect(estimate.activations).toBe(Math.max(caches, 2 * 4 * 128256 * 4096));
  });
});

describe("refuseTooLarge", () => {
  const check: MemoryCheck = {
    model,
    name: "some/model",
    dtype: "float32",
    dtypes: new Set(["float32", "bfloat16"]),
    needs: training,
    available: { bytes: 140 * 2 ** 30, where: "the device" },
  };
  const message = (change: Partial<MemoryCheck>): string => {
    try {
      refuseTooLarge({ ...check, ...change });
    } catch (error) {
      expect(error).toBeInstanceOf(UsageError);
      return (error as Error).message;
    }
    return "";
  };

  test("says what is needed, what is free, where it goes and what to change", () => {
    const text = message({});
    expect(text).toMatch(
      /^some\/model needs about 1\d\d\.\d GiB to train in float32, and 140\.0 GiB are free on the device/,
    );
    for (const part of ["weights", "gradients", "moments", "activations"])
      expect(text).toContain(`  ${part} `);
    expect(text).toMatch(/--dtype bfloat16: about \d+\.\d GiB/);
    expect(text).toMatch(/--optimizer-moments bfloat16: about/);
    expect(text).toContain("--ignore-memory-check");
  });

  test("gives no advice that does not help, and lets through what fits", () => {
    expect(message({ dtypes: new Set(["float32"]) })).not.toContain("bfloat16");
    expect(message({ dtype: "bfloat16" })).not.toContain("--dtype");
    const narrow = {
      ...training,
      training: { optimizerMoments: "bfloat16", activationBytes: 2 ** 30 },
    } as const;
    expect(message({ dtype: "bfloat16", needs: narrow })).toBe("");
  });
});

describe("availableMemory", () => {
  const backend = (availableBytes?: number) =>
    ({
      memory: () => ({
        tensors: 0,
        bytes: 0,
        peakBytes: 0,
        ...(availableBytes !== undefined && { availableBytes }),
      }),
      capabilities: { device: "a GPU" },
    }) as unknown as Backend;

  test("is the device's where it says so, else what the host has left", () => {
    expect(availableMemory(backend(123))).toEqual({ bytes: 123, where: "a GPU" });
    const { bytes, where } = availableMemory(backend());
    expect(bytes).toBeGreaterThan(0);
    expect(where).toMatch(/machine|container/);
  });
});

describe("the dtype of a model in memory", () => {
  const backend = (...dtypes: ("float32" | "bfloat16")[]) => ({
    capabilities: { dtypes: new Set(dtypes) } as unknown as Backend["capabilities"],
  });

  test("is that of the file where the backend computes in it, and never narrower unasked", () => {
    const both = backend("float32", "bfloat16");
    expect(resolveDtype("auto", "bfloat16", both)).toBe("bfloat16");
    expect(resolveDtype("auto", "float32", both)).toBe("float32");
    expect(resolveDtype("auto", "bfloat16", backend("float32"))).toBe("float32");
    expect(resolveDtype("bfloat16", "float32", both)).toBe("bfloat16");
  });
});
