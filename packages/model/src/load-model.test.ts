/** Folders that are whole, broken and hostile. */

import { cp, mkdir, mkdtemp, readFile, rename, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createTfjsBackend } from "@soft-tokens/backend-tfjs";
import { withLeakCheck } from "@soft-tokens/tensor/testing";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { chatTemplates } from "./chat-templates.ts";
import type { LanguageModel, LoadProgress } from "./contract.ts";
import { FIXTURE_NAMES, fixtureFolder } from "./fixtures/open-fixture.ts";
import { inspectModel } from "./inspect-model.ts";
import { loadModel } from "./load-model.ts";
import { readSafetensors } from "./safetensors/read.ts";
import { type SafetensorsTensor, writeSafetensors } from "./safetensors/write.ts";
import { saveModel } from "./save-model.ts";

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

const EMBEDDING = "model.embed_tokens.weight";

async function readAll(model: LanguageModel): Promise<Map<string, ArrayLike<number>>> {
  const values = new Map<string, ArrayLike<number>>();
  for (const [name, tensor] of model.parameters) values.set(name, await backend.read(tensor));
  return values;
}

const load = (options: object = {}) => loadModel(folder, { backend, ...options });
const takeFixture = (name: string) => cp(fixtureFolder(name), folder, { recursive: true });

async function changeJson(name: string, change: (json: Record<string, unknown>) => object): Promise<void> {
  const json = JSON.parse(await readFile(join(folder, name), "utf8")) as Record<string, unknown>;
  await writeFile(join(folder, name), JSON.stringify(change(json)));
}

/** Rewrites the weights after a change of the list of tensors. */
async function changeWeights(change: (tensors: SafetensorsTensor[]) => SafetensorsTensor[]): Promise<void> {
  const path = join(folder, "model.safetensors");
  const tensors: SafetensorsTensor[] = [];
  {
    await using file = await readSafetensors(path);
    for (const { name, dtype, shape } of file.entries.values()) {
      tensors.push({ name, dtype, shape, data: await file.read(name) });
    }
  }
  await writeSafetensors(path, change(tensors), { format: "pt" });
}

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

describe("a Git LFS pointer", () => {
  const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${"0".repeat(64)}\nsize 269060552\n`;

  it.each([
    ["qwen3", "model.safetensors"],
    ["qwen3", "tokenizer.json"],
    ["qwen3", "tokenizer_config.json"],
    ["qwen3", "config.json"],
    ["qwen3", "generation_config.json"],
    ["qwen2", "model-00002-of-00002.safetensors"],
    ["qwen2", "model.safetensors.index.json"],
  ])("in %s in place of %s is called one", async (fixture, name) => {
    await takeFixture(fixture);
    await writeFile(join(folder, name), pointer);
    await expect(load()).rejects.toMatchObject({ code: "LFS_POINTER", file: join(folder, name) });
    await expect(load()).rejects.toThrowError(
      /this is a Git LFS pointer, the file itself was not downloaded/,
    );
  });

  it("is not what a template is called that speaks of one", async () => {
    await takeFixture("qwen3");
    await writeFile(join(folder, "chat_template.jinja"), `{# ${pointer} #}`);
    (await load()).dispose();
  });
});

describe("small files", () => {
  it.each([
    ["config.json", "rms_norm_eps", "Infinity", "CONFIG_INVALID"],
    ["config.json", "initializer_range", "NaN", "CONFIG_INVALID"],
    ["tokenizer_config.json", "model_max_length", "-Infinity", "TOKENIZER_INVALID"],
    ["generation_config.json", "temperature", "Infinity", "CONFIG_INVALID"],
  ])("%s with %s: %s of Python's JSON says so", async (name, key, number, code) => {
    await takeFixture("qwen3");
    await changeJson(name, (json) => ({ "a string of NaN and Infinity": 1, ...json, [key]: "NUMBER" }));
    const text = (await readFile(join(folder, name), "utf8")).replace(`"NUMBER"`, `\n${number}`);
    await writeFile(join(folder, name), text);
    await expect(load()).rejects.toMatchObject({ code, file: join(folder, name) });
    await expect(load()).rejects.toThrowError(`has ${number} in line 2, which Python writes`);
  });

  it("of which none names an end token, or one without a row, give a warning", async () => {
    await takeFixture("qwen3");
    await changeJson("config.json", (json) => ({ ...json, eos_token_id: 999 }));
    using outside = await load();
    expect(outside.warnings).toMatchObject([
      { code: "TOKEN_OUTSIDE_EMBEDDINGS", file: join(folder, "tokenizer.json") },
    ]);
    expect(outside.warnings[0]?.message).toContain('"" (999, an end token) are beyond the 272 rows');
    await changeJson("config.json", (json) => ({ ...json, eos_token_id: null }));
    await changeJson("tokenizer_config.json", () => ({}));
    await rm(join(folder, "generation_config.json"));
    using endless = await load();
    expect(endless.warnings).toMatchObject([{ code: "END_TOKEN_MISSING", file: folder }]);
  });

  it("that hold a path are links that were copied as text", async () => {
    await takeFixture("qwen3");
    await writeFile(join(folder, "config.json"), "../../blobs/5f3a-1.json\n");
    await expect(load()).rejects.toMatchObject({ code: "CONFIG_INVALID", file: join(folder, "config.json") });
    await expect(load()).rejects.toThrowError(/nothing but the path \.\.\/\.\.\/blobs\/5f3a-1\.json: a link/);
  });

  it("that name tokens are all read, and warnings say what was noticed", async () => {
    await takeFixture("qwen3");
    await writeFile(join(folder, "special_tokens_map.json"), JSON.stringify({ eos_token: "<|eot|>" }));
    await writeFile(join(folder, "added_tokens.json"), JSON.stringify({ "<extra>": 272, "<|eot|>": 267 }));
    await changeJson("config.json", (json) => ({ ...json, favourite_colour: "blue" }));
    using model = await load();
    expect(model.tokenizer.eosTokenIds[0]).toBe(267);
    expect(model.tokenizer.encode("<extra>", { addSpecialTokens: false })).toEqual([272]);
    expect(model.warnings.map(({ code, keys }) => [code, keys])).toEqual([
      ["CONFIG_KEY_UNKNOWN", ["favourite_colour"]],
      ["TOKEN_OUTSIDE_EMBEDDINGS", ["<extra>"]],
    ]);
    for (const { file, message } of model.warnings) expect(message).toContain(file);
  });

  it("of no fixture give a warning", async () => {
    for (const name of FIXTURE_NAMES) {
      using model = await loadModel(fixtureFolder(name), { backend });
      expect(model.warnings, name).toEqual([]);
    }
  });

  it("with templates are kept and saved, and the templates found where transformers finds them", async () => {
    await takeFixture("qwen3");
    const named = [
      { name: "default", template: "of the settings" },
      { name: "tool_use", template: "tools" },
    ];
    await changeJson("tokenizer_config.json", (json) => ({ ...json, chat_template: named }));
    using first = await load();
    expect([...chatTemplates(first.files)]).toEqual([
      ["default", "of the settings"],
      ["tool_use", "tools"],
    ]);
    await changeJson("tokenizer_config.json", (json) => ({ ...json, chat_template: "one" }));
    using second = await load();
    expect([...chatTemplates(second.files)]).toEqual([["default", "one"]]);
    await writeFile(join(folder, "chat_template.json"), JSON.stringify({ chat_template: "of a processor" }));
    await writeFile(join(folder, "chat_template.jinja"), "of a file");
    await mkdir(join(folder, "additional_chat_templates"));
    await writeFile(join(folder, "additional_chat_templates", "rag.jinja"), "documents");
    using third = await load();
    const wanted = [
      ["default", "of a file"],
      ["rag", "documents"],
    ];
    expect([...chatTemplates(third.files)]).toEqual(wanted);
    await saveModel(third, join(root, "saved"));
    await saveModel(third, join(root, "saved")); // a folder with templates is still a model's
    using saved = await loadModel(join(root, "saved"), { backend });
    expect([...chatTemplates(saved.files)]).toEqual(wanted);
    expect(saved.files.has("chat_template.json")).toBe(true);
    await mkdir(join(root, "saved", "additional_chat_templates", "thesis"));
    await expect(saveModel(third, join(root, "saved"))).rejects.toMatchObject({
      code: "FOLDER_NOT_REPLACEABLE",
    });
    expect([...chatTemplates(new Map())]).toEqual([]);
    const broken = new Map([["tokenizer_config.json", new TextEncoder().encode('{"chat_template": 7}')]]);
    expect(() => chatTemplates(broken)).toThrowError(expect.objectContaining({ key: "chat_template" }));
  });
});

describe("a shard index", () => {
  const INDEX = "model.safetensors.index.json";
  const pointTo = (shard: string) =>
    changeJson(INDEX, (json) => ({
      ...json,
      weight_map: { ...(json.weight_map as object), [EMBEDDING]: shard },
    }));

  it.each([
    "../outside.safetensors",
    "/etc/passwd",
    "sub/shard.safetensors",
    "..\\outside.safetensors",
    "C:shard.safetensors",
    "shard.safetensors\0.bin",
    "weights.bin",
    "",
  ])("that names %j is refused", async (shard) => {
    await takeFixture("qwen2");
    await cp(join(folder, "model-00001-of-00002.safetensors"), join(root, "outside.safetensors"));
    await pointTo(shard);
    await expect(load()).rejects.toMatchObject({
      code: "INDEX_INVALID",
      key: EMBEDDING,
      file: join(folder, INDEX),
    });
    await expect(load()).rejects.toThrowError(/is not the name of a .safetensors file/);
  });

  it("that reaches outside through a link is refused", async () => {
    await takeFixture("qwen2");
    await cp(join(folder, "model-00001-of-00002.safetensors"), join(root, "outside.safetensors"));
    await symlink("../outside.safetensors", join(folder, "inside.safetensors"));
    await pointTo("inside.safetensors");
    await expect(load()).rejects.toMatchObject({ code: "INDEX_INVALID", key: EMBEDDING });
    await expect(load()).rejects.toThrowError(/link that leads out/);
  });

  it("may name links into the blobs of the hub's cache", async () => {
    const repository = join(root, "models--org--name");
    folder = join(repository, "snapshots", "0123");
    await takeFixture("qwen2");
    await mkdir(join(repository, "blobs"));
    for (const shard of ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"]) {
      await rename(join(folder, shard), join(repository, "blobs", shard));
      await symlink(join("../../blobs", shard), join(folder, shard));
    }
    (await load()).dispose();
  });

  it("that names a missing shard, or the wrong one, is refused", async () => {
    await takeFixture("qwen2");
    await pointTo("model-00003-of-00002.safetensors");
    await expect(load()).rejects.toThrowError(
      /names the shard model-00003-of-00002.safetensors, which is not there/,
    );
    const index = JSON.parse(await readFile(join(fixtureFolder("qwen2"), INDEX), "utf8")) as {
      weight_map: Record<string, string>;
    };
    const other = Object.values(index.weight_map).find(
      (shard) => shard !== index.weight_map[EMBEDDING],
    ) as string;
    await pointTo(other);
    await expect(load()).rejects.toMatchObject({ code: "INDEX_INVALID", key: EMBEDDING });
    await expect(load()).rejects.toThrowError(/which is not so/);
  });

  it("may name tables that no shard holds any more, and the second copy of a tied head", async () => {
    await takeFixture("qwen2");
    using whole = await load();
    const add = (name: string) =>
      changeJson(INDEX, (json) => ({
        ...json,
        weight_map: { ...(json.weight_map as object), [name]: "model-00001-of-00002.safetensors" },
      }));
    await add("model.layers.0.self_attn.rotary_emb.inv_freq");
    await add("model.rotary_emb.inv_freq");
    await add("lm_head.weight");
    using model = await load();
    expect(await readAll(model)).toEqual(await readAll(whole));
    await add("model.layers.0.self_attn.o_proj.bias");
    await expect(load()).rejects.toMatchObject({
      code: "INDEX_INVALID",
      key: "model.layers.0.self_attn.o_proj.bias",
    });
  });

  it("with two shards that hold one tensor is refused", async () => {
    await takeFixture("qwen2");
    const shard = "model-00001-of-00002.safetensors";
    await cp(join(folder, shard), join(folder, "copy.safetensors"));
    await changeJson(INDEX, (json) => {
      const map = json.weight_map as Record<string, string>;
      const [first] = Object.entries(map).find(([, name]) => name === shard) as [string, string];
      return { ...json, weight_map: { ...map, [first]: "copy.safetensors" } };
    });
    await expect(load()).rejects.toMatchObject({ code: "INDEX_INVALID" });
    await expect(load()).rejects.toThrowError(/is also in/);
  });

  it.each([{}, { weight_map: {} }, { weight_map: { a: 1 } }, []])("like %j is refused", async (json) => {
    await takeFixture("qwen2");
    await writeFile(join(folder, INDEX), JSON.stringify(json));
    await expect(load()).rejects.toMatchObject({ code: "INDEX_INVALID", file: join(folder, INDEX) });
  });
});
