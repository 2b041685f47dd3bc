/** A saved model is the model that was saved. That transformers loads it is checked by fixtures-scripts/check_saved_model.py. */

import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createTfjsBackend } from "@soft-tokens/backend-tfjs";
import { RandomKey, type Tensor } from "@soft-tokens/tensor";
import { withLeakCheck } from "@soft-tokens/tensor/testing";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import type { LanguageModel } from "./contract.ts";
import { embeddingRms } from "./embedding-rms.ts";
import { readAll } from "./fixtures/change-files.ts";
import { FIXTURE_NAMES, fixtureFolder } from "./fixtures/open-fixture.ts";
import { initializeModel } from "./initialize-model.ts";
import { loadModel } from "./load-model.ts";
import { readSafetensors } from "./safetensors/read.ts";
import { saveModel } from "./save-model.ts";

const backend = await createTfjsBackend({ variant: "cpu" });
const root = await mkdtemp(join(tmpdir(), "save-model-"));
const folder = join(root, "deep", "model");
beforeEach(() => rm(join(root, "deep"), { recursive: true, force: true }));
afterAll(async () => {
  await rm(root, { recursive: true });
  backend[Symbol.dispose]();
});

const load = (path: string) => loadModel(path, { backend });

describe("saveModel", () => {
  it.each(FIXTURE_NAMES)("writes %s so that loading gives the same model", async (name) => {
    await withLeakCheck(backend, async () => {
      using model = await load(fixtureFolder(name));
      await saveModel(model, folder);
      using again = await load(folder);
      expect(again.config).toEqual(model.config);
      expect(await readAll(again)).toEqual(await readAll(model));
      expect([...again.files.keys()]).toEqual([...model.files.keys()]);
      expect(again.files.get("tokenizer.json")).toEqual(model.files.get("tokenizer.json"));
    });
    expect(await readdir(join(root, "deep"))).toEqual(["model"]);
  });

  it("writes files in Hugging Face's names, orientation and metadata", async () => {
    using model = await load(fixtureFolder("llama-untied"));
    await saveModel(model, folder);
    await using original = await readSafetensors(join(fixtureFolder("llama-untied"), "model.safetensors"));
    await using saved = await readSafetensors(join(folder, "model.safetensors"));
    expect(saved.metadata).toEqual({ format: "pt" });
    expect([...saved.entries.keys()].sort()).toEqual([...original.entries.keys()].sort());
    for (const name of original.entries.keys())
      expect(await saved.read(name), name).toEqual(await original.read(name));
  });

  it("keeps the original config and tells the new precision under the key that it used", async () => {
    const readConfig = async (path: string) =>
      JSON.parse(await readFile(join(path, "config.json"), "utf8")) as Record<string, unknown>;
    for (const [name, key] of [
      ["qwen2", "torch_dtype"],
      ["smollm2-like", "dtype"],
    ] as const) {
      using model = await load(fixtureFolder(name));
      await saveModel(model, folder);
      expect(await readConfig(folder)).toEqual({
        ...(await readConfig(fixtureFolder(name))),
        [key]: "float32",
      });
      await saveModel(model, folder, { dtype: "bfloat16" });
      expect(await readConfig(folder)).toEqual({
        ...(await readConfig(fixtureFolder(name))),
        [key]: "bfloat16",
      });
      using again = await load(folder);
      expect(await readAll(again)).toEqual(await readAll(model)); // the fixture's weights are bfloat16 numbers
      const { size } = await stat(join(folder, "model.safetensors"));
      expect(size).toBeLessThan(30_000);
    }
  });

  it("adds the precision with the config's own indent", async () => {
    using model = await load(fixtureFolder("qwen2"));
    const files = withoutDType(model);
    await saveModel({ ...describeParts(model), files }, folder);
    const before = new TextDecoder().decode(files.get("config.json"));
    const after = await readFile(join(folder, "config.json"), "utf8");
    expect(after).toBe(before.replace(/\n\}\n$/, ',\n "dtype": "float32"\n}\n'));
  });

  it("writes every other number of the config as it was", async () => {
    await cp(fixtureFolder("qwen2"), folder, { recursive: true });
    const path = join(folder, "config.json");
    const numbers = [
      '"attention_dropout": 0.0',
      '"rope_scaling": {"type": "linear", "factor": 2.0}',
      '"rms_norm_eps": 1e-05',
      '"initializer_range": 2E-2',
      '"seed": 12345678901234567890',
      '"model_name": "dtype \\u00e9 \\" 1.0"',
    ];
    const { attention_dropout, rope_scaling, rms_norm_eps, ...rest } = JSON.parse(
      await readFile(path, "utf8"),
    ) as Record<string, unknown>;
    const before = `{${numbers.join(", ")},\n ${JSON.stringify(rest, null, 1).slice(1)}`;
    await writeFile(path, before);
    using model = await load(folder);
    await saveModel(model, folder);
    const after = await readFile(path, "utf8");
    expect(after).toBe(before.replace('"torch_dtype": "bfloat16"', '"torch_dtype": "float32"'));
    expect(before).not.toBe(after);
    await saveModel({ ...describeParts(model), files: withoutDType(model) }, folder);
    const added = await readFile(path, "utf8");
    for (const number of numbers) expect(added).toContain(number);
    expect((JSON.parse(added) as { dtype: string }).dtype).toBe("float32");
  });

  it("shards a model that is too large for one file, with an index", async () => {
    using model = await load(fixtureFolder("qwen3"));
    await saveModel(model, folder, { maxShardBytes: 20_000 });
    const shards = (await readdir(folder)).filter((name) => name.endsWith(".safetensors"));
    expect(shards).toHaveLength(3);
    expect(shards[0]).toBe("model-00001-of-00003.safetensors");
    const index = JSON.parse(await readFile(join(folder, "model.safetensors.index.json"), "utf8")) as {
      metadata: { total_size: number };
      weight_map: Record<string, string>;
    };
    expect(new Set(Object.keys(index.weight_map))).toEqual(new Set(model.parameters.keys()));
    const elements = [...model.parameters.values()].reduce((sum, { size }) => sum + size, 0);
    expect(index.metadata.total_size).toBe(4 * elements);
    using again = await load(folder);
    expect(await readAll(again)).toEqual(await readAll(model));
    await saveModel(model, folder);
    expect((await readdir(folder)).filter((name) => /shard|index|-of-/.test(name))).toEqual([]);
  });

  it("saves what training made of the weights", async () => {
    using model = await load(fixtureFolder("qwen3"));
    const weight = model.parameters.get("model.layers.0.mlp.up_proj.weight") as Tensor;
    using changed = backend.affine(weight, { scale: 2 });
    backend.assign(weight, changed);
    await saveModel(model, folder);
    using again = await load(folder);
    expect(await readAll(again)).toEqual(await readAll(model));
  });

  it("replaces a model, and nothing else", async () => {
    using model = await load(fixtureFolder("qwen2"));
    await saveModel(model, folder);
    await saveModel(model, folder);
    await writeFile(join(folder, "thesis.docx"), "years of work");
    await expect(saveModel(model, folder)).rejects.toMatchObject({
      code: "FOLDER_NOT_REPLACEABLE",
      key: "thesis.docx",
    });
    expect(await readFile(join(folder, "thesis.docx"), "utf8")).toBe("years of work");
    await mkdir(join(root, "deep", "other", "sub"), { recursive: true });
    await expect(saveModel(model, join(root, "deep", "other"))).rejects.toMatchObject({
      code: "FOLDER_NOT_REPLACEABLE",
    });
    await writeFile(join(root, "deep", "file"), "");
    await expect(saveModel(model, join(root, "deep", "file"))).rejects.toMatchObject({
      code: "FOLDER_NOT_REPLACEABLE",
    });
    expect((await readdir(join(root, "deep"))).sort()).toEqual(["file", "model", "other"]);
  });

  it("leaves the old model in place when it fails", async () => {
    using model = await load(fixtureFolder("qwen2"));
    await saveModel(model, folder);
    const failing = { ...describeParts(model), parameters: new Map([...model.parameters].slice(0, 5)) };
    await expect(saveModel(failing, folder)).rejects.toThrowError();
    expect(await readdir(join(root, "deep"))).toEqual(["model"]);
    (await load(folder)).dispose();
  });
});

/** Its files, with a config that says nothing of precision. */
function withoutDType(model: LanguageModel): Map<string, Uint8Array> {
  const config = new TextDecoder().decode(model.files.get("config.json"));
  const without = config.replace(/\s*"torch_dtype": "bfloat16",/, "");
  return new Map(model.files).set("config.json", new TextEncoder().encode(without));
}

function describeParts(model: LanguageModel) {
  const { config, backend: ops, parameters, files } = model;
  return { config, backend: ops, parameters, files };
}

describe("initializeModel", () => {
  const readFiles = async (name: string) => {
    const files: Record<string, string> = {};
    for (const file of ["config.json", "tokenizer.json", "tokenizer_config.json"]) {
      files[file] = await readFile(join(fixtureFolder(name), file), "utf8");
    }
    return files;
  };

  it("makes a model of the config's shape that depends on the key alone", async () => {
    await withLeakCheck(backend, async () => {
      const files = await readFiles("llama-untied");
      const make = (seed: number) => initializeModel({ backend, key: RandomKey.fromSeed(seed), files });
      using first = make(1);
      using same = make(1);
      using other = make(2);
      using loaded = await load(fixtureFolder("llama-untied"));
      expect([...first.parameters].map(([name, { shape }]) => [name, shape])).toEqual(
        [...loaded.parameters].map(([name, { shape }]) => [name, shape]),
      );
      expect(await readAll(first)).toEqual(await readAll(same));
      expect(await embeddingRms(first)).toBeCloseTo(0.02, 3);
      expect(await embeddingRms(other)).not.toBe(await embeddingRms(first));
      const values = await readAll(first);
      expect(new Set(Array.from(values.get("model.norm.weight") ?? []))).toEqual(new Set([1]));
      expect(new Set(Array.from(values.get("model.layers.0.mlp.up_proj.bias") ?? []))).toEqual(new Set([0]));
      await saveModel(first, folder);
      using saved = await load(folder);
      expect(await readAll(saved)).toEqual(values);
    });
  });

  it("takes the files as objects, and the deviation from config or caller", async () => {
    const files = await readFiles("qwen3");
    const config = { ...(JSON.parse(files["config.json"] as string) as object), initializer_range: 0.5 };
    const all = { ...files, "config.json": config };
    using model = initializeModel({ backend, key: RandomKey.fromSeed(3), files: all });
    expect(await embeddingRms(model)).toBeCloseTo(0.5, 1);
    using small = initializeModel({
      backend,
      key: RandomKey.fromSeed(3),
      files: all,
      standardDeviation: 0.1,
    });
    expect(await embeddingRms(small)).toBeCloseTo(0.1, 2);
  });
});

describe("embeddingRms", () => {
  it("is the root of the mean square of all components", async () => {
    using model = await load(fixtureFolder("qwen2"));
    const values = Array.from(await backend.read(model.head.embedding_VD));
    const mean = values.reduce((sum, x) => sum + x * x, 0) / values.length;
    expect(await embeddingRms(model)).toBeCloseTo(Math.sqrt(mean), 12);
  });
});
