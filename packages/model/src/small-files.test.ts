/** What the small files of a folder may say, and what comes in their place. */

import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createTfjsBackend } from "@soft-tokens/backend-tfjs";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { chatTemplates } from "./chat-templates.ts";
import { changeJsonFile } from "./fixtures/change-files.ts";
import { FIXTURE_NAMES, fixtureFolder } from "./fixtures/open-fixture.ts";
import { loadModel } from "./load-model.ts";
import { saveModel } from "./save-model.ts";

const backend = await createTfjsBackend({ variant: "cpu" });
let root: string;
let folder: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "small-files-"));
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

  it("with an id beyond all bounds give a warning, and take no memory for it", async () => {
    await takeFixture("qwen3");
    await changeJson("tokenizer.json", (json) => {
      const model = json.model as { vocab: Record<string, number> };
      return { ...json, model: { ...model, vocab: { ...model.vocab, far: 2 ** 52 } } };
    });
    using model = await load();
    expect(model.warnings.find(({ code }) => code === "TOKEN_OUTSIDE_EMBEDDINGS")?.keys).toContain("far");
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
