/** Weights that are whole, named otherwise, and broken. */

import { cp, mkdir, mkdtemp, rename, rm, truncate } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createTfjsBackend } from "@soft-tokens/backend-tfjs";
import { withLeakCheck } from "@soft-tokens/tensor/testing";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { changeJsonFile, changeWeightsFile, readAll } from "../fixtures/change-files.ts";
import { fixtureFolder } from "../fixtures/open-fixture.ts";
import { inspectModel } from "../inspect-model.ts";
import { loadModel } from "../load-model.ts";
import type { SafetensorsTensor } from "../safetensors/write.ts";
import { saveModel } from "../save-model.ts";

const backend = await createTfjsBackend({ variant: "cpu" });
let root: string;
let folder: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "load-parameters-"));
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

const load = () => loadModel(folder, { backend });
const takeFixture = (name: string) => cp(fixtureFolder(name), folder, { recursive: true });
const changeJson = (name: string, change: (json: Record<string, unknown>) => object) =>
  changeJsonFile(join(folder, name), change);
const changeWeights = (change: (tensors: SafetensorsTensor[]) => SafetensorsTensor[]) =>
  changeWeightsFile(join(folder, "model.safetensors"), change);
const EMBEDDING = "model.embed_tokens.weight";

describe("weights", () => {
  it("in a pickle are refused with the reason", async () => {
    await takeFixture("qwen3");
    await rename(join(folder, "model.safetensors"), join(folder, "pytorch_model.bin"));
    await expect(load()).rejects.toMatchObject({ code: "WEIGHTS_MISSING", file: folder });
    await expect(load()).rejects.toThrowError(/pickle.*safetensors/);
    await rm(join(folder, "pytorch_model.bin"));
    await expect(load()).rejects.toThrowError(/neither model.safetensors nor model.safetensors.index.json/);
  });

  const norm = "model.layers.1.input_layernorm.weight";
  it.each<[string, (tensors: SafetensorsTensor[]) => SafetensorsTensor[], object]>([
    [
      "a tensor too few",
      (all) => all.filter(({ name }) => name !== norm),
      { code: "WEIGHTS_MISSING", key: norm },
    ],
    [
      "a wrong shape",
      (all) => all.map((tensor) => (tensor.name === norm ? { ...tensor, shape: [4, 4] } : tensor)),
      { code: "WEIGHTS_SHAPE", key: norm },
    ],
    [
      "integers",
      (all) =>
        all.map((tensor) =>
          tensor.name === norm ? { ...tensor, dtype: "I32", data: new Int32Array(16) } : tensor,
        ),
      { code: "WEIGHTS_DTYPE", key: norm },
    ],
    [
      "a tensor that the config knows nothing of",
      (all) => [
        ...all,
        { name: "model.layers.0.self_attn.q_proj.bias", dtype: "F32", shape: [1], data: new Float32Array(1) },
      ],
      { code: "WEIGHTS_UNEXPECTED", key: "model.layers.0.self_attn.q_proj.bias" },
    ],
  ])("with %s are refused by file and key", async (_, change, error) => {
    await takeFixture("qwen3");
    await changeWeights(change);
    await withLeakCheck(backend, () => expect(load()).rejects.toMatchObject(error));
  });

  it("may hold the buffers of old versions and an equal copy of a tied head", async () => {
    await takeFixture("smollm2-like");
    const buffer: SafetensorsTensor = {
      name: "model.layers.0.self_attn.rotary_emb.inv_freq",
      dtype: "F32",
      shape: [3],
      data: new Float32Array(3),
    };
    const withHead = (all: SafetensorsTensor[], change: (data: Uint16Array) => Uint16Array) => {
      const embedding = all.find(({ name }) => name === "model.embed_tokens.weight") as SafetensorsTensor;
      const data = change(embedding.data as Uint16Array);
      return [
        ...all.filter(({ name }) => name !== "lm_head.weight"),
        { ...embedding, name: "lm_head.weight", data },
      ];
    };
    await changeWeights((all) => withHead([...all, buffer], (data) => data));
    (await load()).dispose();
    await changeWeights((all) =>
      withHead(all, (data) => data.map((bits, index) => (index === 7 ? bits ^ 1 : bits))),
    );
    await expect(load()).rejects.toMatchObject({ code: "WEIGHTS_UNEXPECTED", key: "lm_head.weight" });
  });

  it("without the prefix of the whole model are those of the model", async () => {
    await takeFixture("qwen3");
    using whole = await load();
    const strip = ({ name, ...rest }: SafetensorsTensor) => ({ ...rest, name: name.replace(/^model\./, "") });
    await changeWeights((all) => all.map(strip));
    using bare = await load();
    expect([...bare.parameters.keys()]).toEqual([...whole.parameters.keys()]);
    expect(await readAll(bare)).toEqual(await readAll(whole));
    expect((await inspectModel(folder, {})).parameters).toBeGreaterThan(0);
    await changeWeights((all) =>
      all.map((tensor) => ({ ...tensor, name: `_orig_mod.model.${tensor.name}` })),
    );
    await expect(load()).rejects.toMatchObject({ code: "WEIGHTS_MISSING", key: EMBEDDING });
    await expect(load()).rejects.toThrowError(
      /they have _orig_mod\.model\.embed_tokens\.weight, under a prefix/,
    );
  });

  it("may lack the prefix in part, or have it twice, but not hold one tensor under two names", async () => {
    await takeFixture("qwen3");
    using whole = await load();
    const rename = (change: (name: string) => string) =>
      changeWeights((all) => all.map((tensor) => ({ ...tensor, name: change(tensor.name) })));
    await rename((name) => (name === norm ? norm.replace("model.", "") : name));
    using mixed = await load();
    expect(await readAll(mixed)).toEqual(await readAll(whole));
    await rename((name) => `model.${name}`);
    using twice = await load();
    expect(await readAll(twice)).toEqual(await readAll(whole));
    await takeFixture("qwen3");
    const bare = norm.replace("model.", "");
    await changeWeights((all) => [
      ...all,
      { ...(all.find(({ name }) => name === norm) as SafetensorsTensor), name: bare },
    ]);
    await expect(load()).rejects.toMatchObject({ code: "WEIGHTS_UNEXPECTED", key: bare });
  });

  it.each(["model.", ""])("of a tied model may be its head alone (prefix %j)", async (prefix) => {
    await takeFixture("smollm2-like");
    using whole = await load();
    await changeWeights((all) =>
      all.map((tensor) => ({
        ...tensor,
        name: tensor.name === EMBEDDING ? "lm_head.weight" : tensor.name.replace(/^model\./, prefix),
      })),
    );
    using model = await load();
    expect(await readAll(model)).toEqual(await readAll(whole));
    expect(model.head.weight_VD).toBe(model.head.embedding_VD);
    expect((await inspectModel(folder, {})).weightsDtype).toBe("bfloat16");
    await changeJson("config.json", (json) => ({ ...json, tie_word_embeddings: false }));
    await expect(load()).rejects.toMatchObject({ code: "WEIGHTS_MISSING", key: EMBEDDING });
  });

  it("are those that config.json names, and a saved model has the usual name again", async () => {
    await takeFixture("qwen3");
    using first = await load();
    await cp(join(folder, "model.safetensors"), join(folder, "other.safetensors"));
    await changeWeights((all) =>
      all.map((tensor) =>
        tensor.name === norm ? { ...tensor, data: new Float32Array(16).fill(3) } : tensor,
      ),
    );
    await changeJson("config.json", (json) => ({ ...json, transformers_weights: "other.safetensors" }));
    using named = await load();
    expect(await readAll(named)).toEqual(await readAll(first));
    await saveModel(named, join(root, "saved"));
    using saved = await loadModel(join(root, "saved"), { backend });
    expect(await readAll(saved)).toEqual(await readAll(first));
    const refused = async (transformers_weights: unknown, error: object) => {
      await changeJson("config.json", (json) => ({ ...json, transformers_weights }));
      await expect(load()).rejects.toMatchObject(error);
    };
    await refused("none.safetensors", { code: "WEIGHTS_MISSING", key: "none.safetensors" });
    for (const name of ["../other.safetensors", "sub/other.safetensors", "adapter_model.bin", 7]) {
      await refused(name, { code: "CONFIG_INVALID", key: "transformers_weights" });
    }
  });

  it("are those of the index that config.json names", async () => {
    await takeFixture("qwen2");
    using first = await load();
    await rename(join(folder, "model.safetensors.index.json"), join(folder, "other.safetensors.index.json"));
    await changeJson("config.json", (json) => ({
      ...json,
      transformers_weights: "other.safetensors.index.json",
    }));
    using named = await load();
    expect(await readAll(named)).toEqual(await readAll(first));
  });

  it("that are truncated are refused before anything is read", async () => {
    await takeFixture("qwen3");
    const path = join(folder, "model.safetensors");
    await truncate(path, 20_000);
    await expect(load()).rejects.toMatchObject({ code: "SAFETENSORS_TRUNCATED", file: path });
  });
});
