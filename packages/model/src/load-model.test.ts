/** Folders that are whole and broken. */

import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createTfjsBackend } from "@soft-tokens/backend-tfjs";
import { withLeakCheck } from "@soft-tokens/tensor/testing";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { LoadProgress } from "./contract.ts";
import { changeWeightsFile } from "./fixtures/change-files.ts";
import { fixtureFolder } from "./fixtures/open-fixture.ts";
import { loadModel } from "./load-model.ts";
import type { SafetensorsTensor } from "./safetensors/write.ts";

const backend = await createTfjsBackend({ variant: "cpu" });
let root: string;
let folder: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "load-model-"));
});
beforeEach(async () => {
  folder = join(root, "model");
  await rm(root, { recursive: true, force: true });
  await mkdir(root);
});
afterAll(async () => {
  await rm(root, { recursive: true });
  backend[Symbol.dispose]();
});

const load = (options: object = {}) => loadModel(folder, { backend, ...options });
const takeFixture = (name: string) => cp(fixtureFolder(name), folder, { recursive: true });
const changeWeights = (change: (tensors: SafetensorsTensor[]) => SafetensorsTensor[]) =>
  changeWeightsFile(join(folder, "model.safetensors"), change);

describe("loadModel", () => {
  it("loads config, tokenizer and weights, and reports its progress", async () => {
    await takeFixture("qwen2");
    await withLeakCheck(backend, async () => {
      const seen: LoadProgress[] = [];
      using model = await load({ onProgress: (progress: LoadProgress) => seen.push(progress) });
      expect(model.config).toMatchObject({ family: "qwen2", tiedHead: true, eosTokenIds: [265, 267] });
      expect(model.tokenizer.eosTokenIds).toEqual([265, 267]);
      expect(model.tokenizer.decode(model.tokenizer.encode("the bone"))).toBe("the bone");
      expect(model.head.weight_VD).toBe(model.head.embedding_VD);
      expect(model.parameters.has("lm_head.weight")).toBe(false);
      expect(model.parameters.get("model.layers.0.mlp.gate_proj.weight")?.shape).toEqual([16, 24]);
      expect([...model.files.keys()].sort()).toEqual([
        "config.json",
        "generation_config.json",
        "tokenizer.json",
        "tokenizer_config.json",
      ]);
      expect(seen.at(-1)).toMatchObject({ phase: "read", bytes: seen[0]?.totalBytes });
      expect(seen.map(({ bytes }) => bytes)).toEqual(seen.map(({ bytes }) => bytes).sort((a, b) => a - b));
    });
  });

  it.each([
    ["NaN in a layer", "model.layers.1.mlp.down_proj.weight", Number.NaN],
    ["NaN in a norm", "model.norm.weight", Number.NaN],
    [
      "Infinity in the embedding of a token that nobody uses",
      "model.embed_tokens.weight",
      Number.POSITIVE_INFINITY,
    ],
    ["-Infinity in the head", "lm_head.weight", Number.NEGATIVE_INFINITY],
  ])("refuses %s, in every precision of the file", async (_, name, bad) => {
    for (const dtype of ["F32", "F16", "BF16"] as const) {
      await rm(folder, { recursive: true, force: true });
      await takeFixture("llama-untied");
      await changeWeights((tensors) =>
        tensors.map((tensor) => {
          const values = Float32Array.from(tensor.data as Float32Array);
          if (tensor.name === name) values[values.length - 2] = bad;
          return { ...tensor, dtype, data: values };
        }),
      );
      await withLeakCheck(backend, async () => {
        await expect(load()).rejects.toMatchObject({
          code: "WEIGHTS_NOT_FINITE",
          key: name,
          file: join(folder, "model.safetensors"),
          message: expect.stringContaining(`${name}: 1 of `),
        });
      });
    }
  });

  it("takes zeros of both signs, subnormal numbers and the largest", async () => {
    await takeFixture("llama-untied");
    const edges = [0, -0, 1e-45, -1e-40, 3.4028234663852886e38];
    await changeWeights((tensors) =>
      tensors.map((tensor) => {
        if (tensor.name !== "lm_head.weight") return tensor;
        return {
          ...tensor,
          dtype: "F32" as const,
          data: Float32Array.from(tensor.data as Float32Array, (x, at) => edges[at] ?? x),
        };
      }),
    );
    using model = await load();
    const head = await backend.read(model.head.weight_VD);
    expect(Array.from(head.slice(0, edges.length))).toEqual(Array.from(Float32Array.from(edges)));
  });

  it("widens bfloat16 where the backend does not compute in it", async () => {
    await takeFixture("smollm2-like");
    using model = await load();
    expect(backend.capabilities.dtypes.has("bfloat16")).toBe(false);
    expect([...model.parameters.values()].every(({ dtype }) => dtype === "float32")).toBe(true);
  });

  it("stops when it is told to, and keeps nothing", async () => {
    await takeFixture("qwen3");
    await withLeakCheck(backend, async () => {
      const controller = new AbortController();
      const onProgress = ({ bytes }: LoadProgress) => bytes > 20_000 && controller.abort(new Error("enough"));
      await expect(load({ onProgress, signal: controller.signal })).rejects.toThrowError("enough");
    });
  });

  it("says what a name that is no folder could be", async () => {
    await expect(loadModel("no such folder", { backend })).rejects.toMatchObject({ code: "MODEL_NOT_FOUND" });
    await expect(loadModel("/tmp/definitely/not/there", { backend })).rejects.toThrowError(
      /organisation\/name/,
    );
    await writeFile(join(root, "model"), "");
    await expect(load()).rejects.toThrowError(/is a file; wanted the folder/);
  });

  it.each([
    ["config.json", "CONFIG_INVALID"],
    ["tokenizer.json", "TOKENIZER_INVALID"],
  ])("names a missing or broken %s", async (name, code) => {
    await takeFixture("qwen3");
    await writeFile(join(folder, name), "{");
    await expect(load()).rejects.toMatchObject({ code, file: join(folder, name) });
    await rm(join(folder, name));
    await expect(load()).rejects.toMatchObject({ code, file: folder, key: name });
  });
});
