import { createTfjsBackend } from "@soft-tokens/backend-tfjs";
import type { Backend } from "@soft-tokens/tensor";
import { describe, expect, test, vi } from "vitest";
import { type Diagnosis, diagnose } from "./diagnose.ts";
import { renderDiagnosis } from "./render.ts";
import { runSelfTest } from "./self-test.ts";

const { signal } = new AbortController();

describe("diagnose", () => {
  test("finds plain JavaScript usable, computes rightly on it and says what would be faster", async () => {
    vi.stubEnv("SOFT_TOKENS_NATIVE", "/nowhere.node");
    const diagnosis = await diagnose({ backend: "tfjs-cpu", seconds: 0, signal });
    vi.unstubAllEnvs();
    expect(diagnosis).toMatchObject({ isUsable: true, chosen: { asked: "tfjs-cpu", name: "tfjs-cpu" } });
    expect(diagnosis.native.problem).toMatchObject({ code: "NOT_BUILT" });
    expect(diagnosis.backends.filter(({ isChosen }) => isChosen).map(({ name }) => name)).toEqual([
      "tfjs-cpu",
    ]);
    expect(diagnosis.backends.map(({ name }) => name)).toEqual([
      ...new Set(diagnosis.backends.map(({ name }) => name)),
    ]);
    expect(diagnosis.advice.join()).toContain("npm run build:native");
    expect(diagnosis.selfTest?.checks.map(({ name, passed }) => [name, passed])).toEqual([
      ["matmul", true],
      ["softmax", true],
      ["gradient", true],
    ]);
    expect(JSON.parse(JSON.stringify(diagnosis))).toMatchObject({ machine: { node: process.version } });

    const text = renderDiagnosis(diagnosis, { isColoured: false, columns: 80 });
    for (const words of [
      "Node            v20",
      "tfjs-cpu        plain JavaScript   <- chosen",
      "not built",
      "Ready.",
    ])
      expect(text.replace(process.version, "v20")).toContain(words);
    expect(text).not.toContain("\x1b");
  });

  test("says of a GPU whether steps can be graphs there", async () => {
    vi.stubEnv("SOFT_TOKENS_NATIVE", "/nowhere.node");
    const diagnosis = await diagnose({ backend: "tfjs-cpu", seconds: 0, signal });
    vi.unstubAllEnvs();
    const addon = {
      path: "/a.node",
      origin: "build",
      info: null,
      libtorchLib: null,
      libtorchVersion: null,
    } as const;
    const render = (cudaDevices: number, cudaGraphs: boolean) =>
      renderDiagnosis(
        { ...diagnosis, native: { ...diagnosis.native, addon, description: { cudaDevices, cudaGraphs } } },
        { isColoured: false, columns: 80 },
      );
    expect(render(0, false)).not.toContain("CUDA graphs");
    expect(render(1, true)).toContain("a decode step is one launch");
    expect(render(1, false)).toContain("build:native");
  });

  test("is not usable with a backend that cannot be opened, and says which", async () => {
    vi.stubEnv("SOFT_TOKENS_NATIVE", "/nowhere.node");
    const diagnosis = await diagnose({ backend: "libtorch", seconds: 0, signal });
    vi.unstubAllEnvs();
    expect(diagnosis).toMatchObject({ isUsable: false, chosen: null, selfTest: null });
    expect(renderDiagnosis(diagnosis, { isColoured: true, columns: 80 })).toContain(
      "Nothing here can train yet.",
    );
  });
});

describe("runSelfTest", () => {
  test("finds a backend that computes wrongly, and one whose operation fails", async () => {
    using right = await createTfjsBackend({ variant: "cpu" });
    const wrong: Backend = Object.create(right, {
      softmax: { value: (x: Parameters<Backend["softmax"]>[0]) => right.exp(x) },
      square: {
        value: () => {
          throw new Error("no squares today");
        },
      },
    });
    const { checks } = await runSelfTest(wrong, 0, signal);
    expect(checks).toMatchObject([
      { name: "matmul", passed: true },
      { name: "softmax", passed: false },
      { name: "gradient", passed: false, error: null, message: "no squares today" },
    ]);
    expect(right.memory().tensors).toBe(0);
  });

  test("measures a rate where all operations work", async () => {
    using backend = await createTfjsBackend({ variant: "cpu" });
    const { matrixRate } = await runSelfTest(backend, 0.05, signal);
    expect(matrixRate.float32?.gflops).toBeGreaterThan(0);
    expect(backend.memory().tensors).toBe(0);
  });
});

test("every line of the text fits the terminal but for paths", async () => {
  const diagnosis: Diagnosis = {
    machine: {
      node: "v20.20.2",
      platform: "linux-x64",
      processor: "A processor with quite a long name, as processors have",
      cores: 1,
      features: ["AVX2", "AVX-512", "AVX-512 bfloat16", "AMX bfloat16"],
      memoryBytes: 2 ** 34,
      freeMemoryBytes: 2 ** 33,
      gpus: [],
      noGpuReason: "none",
      cache: "/cache",
      cacheFreeBytes: null,
      buildTools: { cmake: null, compiler: null, "ninja or make": "GNU Make 4.3" },
    },
    native: {
      addon: null,
      description: null,
      problem: { code: "NATIVE_ABI", message: "words ".repeat(40) },
      libtorch: null,
      tried: Array.from({ length: 9 }, (_, index) => ({ place: `/place/${index}`, reason: "nothing there" })),
      supported: "2.10 to 2.11",
    },
    backends: [],
    chosen: null,
    selfTest: null,
    advice: ["install cmake"],
    isUsable: false,
  };
  const text = renderDiagnosis(diagnosis, { isColoured: false, columns: 72 });
  expect(text.split("\n").filter((line) => line.length > 72)).toEqual([]);
  expect(text).toContain("missing: cmake, compiler; found: GNU Make 4.3");
});
