import { describe, expect, test } from "vitest";
import {
  type BatchShape,
  forwardFlops,
  linearTokens,
  trainingFlops,
  trainingFlopsOfPeaked,
} from "./flops.ts";
import { inspectShape } from "./shapes.ts";

/** A GSM8K step of the method: 2 x 32 samples, prompts of 150 tokens, 128 + 32 tokens after them. */
const step: BatchShape = {
  prompts: 2,
  promptTokens: 150,
  rows: 64,
  suffixTokens: 160,
  thoughtTokens: 64 * 128,
  answerTokens: 64 * 32,
  isMixture: true,
};

describe("the count of operations", () => {
  test("is the sum of its products, by hand, for one token of one layer", () => {
    const { config } = inspectShape("tiny"); // D 32, F 64, N 4, K 2, H 8, L 2, V 512
    const one: BatchShape = {
      ...{ prompts: 1, promptTokens: 1, rows: 1, suffixTokens: 1, thoughtTokens: 1, answerTokens: 0 },
      isMixture: false,
    };
    const matrices = 32 * 32 + 2 * 32 * 16 + 32 * 32 + 3 * 32 * 64;
    // The prompt's token sees itself, the row's token both.
    expect(forwardFlops(config, one)).toEqual({
      linear: 2 * 2 * 2 * matrices,
      attention: 2 * (2 * 2 * 4 * 8) * 3,
      head: 2 * 32 * 512,
      total: 8 * matrices + 768 + 32768,
    });
    expect(trainingFlops(config, one).total).toBe(3 * (8 * matrices + 768 + 32768));
  });

  test("meets the method's estimates: 200 TFLOP for the 3B shape, 10 for SmolLM2", () => {
    const tera = (name: "llama-3.2-3b" | "smollm2-135m") =>
      trainingFlops(inspectShape(name).config, step).total / 1e12;
    expect(tera("llama-3.2-3b")).toBeGreaterThan(180);
    expect(tera("llama-3.2-3b")).toBeLessThan(230);
    expect(tera("smollm2-135m")).toBeGreaterThan(8);
    expect(tera("smollm2-135m")).toBeLessThan(12);
  });

  test("a soft step of the 3B shape needs about 1.1 times a hard one", () => {
    const { config } = inspectShape("llama-3.2-3b");
    const ratio =
      trainingFlops(config, step).total / trainingFlops(config, { ...step, isMixture: false }).total;
    expect(ratio).toBeGreaterThan(1.05);
    expect(ratio).toBeLessThan(1.15);
  });

  test("shared prompts pass the linear layers once", () => {
    expect(linearTokens(step, { isShared: true })).toBe(2 * 150 + 64 * 160);
    expect(linearTokens(step, { isShared: false })).toBe(64 * 310);
  });

  test("of a peaked mixture's head only the logits are a product over the vocabulary", () => {
    const { config } = inspectShape("smollm2-135m");
    const product = 2 * 576 * 49152;
    const { head } = trainingFlopsOfPeaked(config, step);
    expect(head).toBe(product * (64 * 128 + 3 * 64 * 32));
    expect(trainingFlopsOfPeaked(config, { ...step, isMixture: false })).toEqual(
      trainingFlops(config, { ...step, isMixture: false }),
    );
  });
});
