import { describe, expect, it } from "vitest";
import { createWatch, type WatchedRun, WatchState } from "./warnings.ts";

const fuzzy: WatchedRun = {
  thought: { name: "fuzzy", temperature: 1e-4, noiseScale: 0.33, storesThoughts: true },
  dtype: "float32",
};
const hard: WatchedRun = {
  thought: { name: "hard", temperature: 1, noiseScale: 0, storesThoughts: false },
  dtype: "float32",
};
const codes = (warnings: readonly { code: string }[]) => warnings.map(({ code }) => code);

describe("createWatch", () => {
  it("names a gradient spike against the usual norm, and the near-ties that cause it", () => {
    const watch = createWatch(fuzzy);
    for (let step = 1; step <= 12; step++) expect(watch.step(step, { "optim/gradientNorm": 1 })).toEqual([]);
    const [warning] = watch.step(13, { "optim/gradientNorm": 40 });
    expect(warning?.code).toBe("GRADIENT_SPIKE");
    expect(warning?.message).toMatch(/40 times.*near-ties/);
  });

  it("says nothing of large norms before it knows the usual one", () => {
    expect(createWatch(fuzzy).step(1, { "optim/gradientNorm": 1e9 })).toEqual([]);
  });

  it("names soft and fuzzy thoughts that run to the limit five steps long, and hard ones not", () => {
    const watch = createWatch(fuzzy);
    const seen = [1, 2, 3, 4, 5].map((step) => codes(watch.step(step, { "thought/limitRate": 1 })));
    expect(seen).toEqual([[], [], [], [], ["THOUGHTS_AT_LIMIT"]]);
    const watchOfHard = createWatch(hard);
    for (let step = 1; step < 9; step++)
      expect(watchOfHard.step(step, { "thought/limitRate": 1 })).toEqual([]);
  });

  it("repeats a code only after a hundred steps", () => {
    const watch = createWatch(fuzzy);
    const steps = Array.from({ length: 130 }, (_, i) => i + 1);
    const reported = steps.filter((step) => watch.step(step, { "thought/limitRate": 1 }).length > 0);
    expect(reported).toEqual([5, 105]);
  });

  it("names a fall of validation by its cause: noise above rms(E), else rate or temperature", () => {
    const fall = (noiseScale: number) => {
      const watch = createWatch({
        ...fuzzy,
        thought: { ...fuzzy.thought, noiseScale } as WatchedRun["thought"],
      });
      watch.validation(0, { "validation/accuracy": 0.6, "validation/problems": 200 });
      return codes(watch.validation(50, { "validation/accuracy": 0.2, "validation/problems": 200 }));
    };
    expect(fall(3)).toEqual(["NOISE_TOO_LARGE"]);
    expect(fall(0.33)).toEqual(["ACCURACY_COLLAPSED"]);
  });

  it("takes a fall within two standard errors for chance", () => {
    const watch = createWatch(fuzzy);
    watch.validation(0, { "validation/accuracy": 0.5, "validation/problems": 16 });
    expect(watch.validation(50, { "validation/accuracy": 0.3, "validation/problems": 16 })).toEqual([]);
  });

  it("names falling entropy of hard thoughts, and a disagreement on log pi beyond float32", () => {
    const watch = createWatch(hard);
    for (let step = 1; step <= 10; step++) watch.step(step, { "thought/entropy": 0.4 });
    expect(codes(watch.step(11, { "thought/entropy": 0.3, "logprob/gapRelative": 1e-5 }))).toEqual([]);
    expect(codes(watch.step(12, { "thought/entropy": 0.1, "logprob/gapRelative": 1e-2 }))).toEqual([
      "ENTROPY_FALLING",
      "LOGPROB_GAP",
    ]);
  });

  it("says nothing of the entropy of mixtures, which falls with their temperature and not with diversity", () => {
    const watch = createWatch(fuzzy);
    for (let step = 1; step <= 10; step++) watch.step(step, { "thought/entropy": 1e-5 });
    expect(watch.step(11, { "thought/entropy": 1e-30 })).toEqual([]);
  });

  it("continues from its stored state as if it had not stopped", () => {
    const metrics = (step: number) => ({
      "optim/gradientNorm": step === 30 ? 99 : 1,
      "thought/limitRate": 1,
    });
    const whole = createWatch(fuzzy);
    const expected = Array.from({ length: 40 }, (_, i) => whole.step(i + 1, metrics(i + 1)));
    const first = createWatch(fuzzy);
    for (let step = 1; step <= 20; step++) first.step(step, metrics(step));
    const second = createWatch(fuzzy, WatchState.parse(JSON.parse(JSON.stringify(first.state))));
    const resumed = Array.from({ length: 20 }, (_, i) => second.step(i + 21, metrics(i + 21)));
    expect(resumed).toEqual(expected.slice(20));
  });
});
