/**
 * Model folders as people have them: each loads as transformers loads it, or is refused by name.
 *
 *   SOFT_TOKENS_SHARED=FOLDER node --conditions=@soft-tokens/source --import tsx packages/model/scripts/check-field-models.ts
 *
 * SOFT_TOKENS_SHARED has field/models; each folder's README has the command, what is expected, and what used to come. Logits
 * are compared with the numbers given there.
 */

import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createTfjsBackend } from "@soft-tokens/backend-tfjs";
import {
  encodeInside,
  encodePair,
  encodePrompt,
  type LanguageModel,
  loadModel,
  ModelError,
  saveModel,
} from "../src/index.ts";
import { Report, requireFolder } from "./report.ts";

const root = join(requireFolder("SOFT_TOKENS_SHARED"), "field/models");
const scratch = await mkdtemp(join(tmpdir(), "check-field-models-"));
const report = new Report();
using backend = await createTfjsBackend({ variant: "cpu" });

try {
  await checkCompletions();
  await checkPromptWithEnd();
  await checkAddedTokens();
  await checkWhiteSpace();
  for (const name of [
    "is-causal-false",
    "rope-original-positions-outside",
    "transformers-weights-key",
    "index-with-stale-buffer",
    "no-model-prefix",
  ]) {
    await checkLogits(name);
  }
  await checkLogits("linked-shards", await linkedFolder());
  await checkSavedFloats();
  await checkPointers();
} finally {
  await rm(scratch, { recursive: true });
}
report.finish();

function load(folder: string): Promise<LanguageModel> {
  return loadModel(folder, { backend, dtype: "float32" });
}

async function checkCompletions(): Promise<void> {
  using model = await load(join(root, "sp-completion-extra-space/model"));
  const { tokenizer } = model;
  for (const [prompt, completion] of [
    ["2+2=", "4"],
    ["A:", " The 4"],
  ] as const) {
    const { promptIds, textIds } = encodePair(tokenizer, prompt, completion);
    sameIds(
      `${prompt}${completion} in two parts`,
      [...promptIds, ...textIds],
      tokenizer.encode(prompt + completion),
    );
    const inside = [...encodePrompt(tokenizer, prompt), ...encodeInside(tokenizer, completion)];
    const text = tokenizer.decode(inside);
    report.check(`${prompt}${completion} forced`, text === prompt + completion, JSON.stringify(text));
  }
}

async function checkPromptWithEnd(): Promise<void> {
  using model = await load(join(root, "prompt-ends-with-eos/model"));
  const { tokenizer } = model;
  sameIds("a prompt", encodePrompt(tokenizer, "2+2="), [264, 17, 10, 17, 28]);
  sameIds("a completion", encodePair(tokenizer, "2+2=", "4").textIds, tokenizer.encode("4").slice(1, -1));
  sameIds("a whole text", tokenizer.encode("2+2="), [264, 17, 10, 17, 28, 265]);
}

async function checkAddedTokens(): Promise<void> {
  const plain = { addSpecialTokens: false } as const;
  using outside = await load(join(root, "added-tokens-outside-tokenizer-json/model"));
  sameIds("added tokens", outside.tokenizer.encode("<think>a<|im_start|>", plain), [268, 64, 269]);
  using gap = await load(join(root, "added-id-gap/model"));
  sameIds("an added token after a gap", gap.tokenizer.encode("<far>", plain), [268]);
  report.check(
    "the gap is told",
    gap.warnings.some(({ code }) => code === "TOKEN_ID_CHANGED"),
  );
  await refused("eos-token-not-in-tokenizer/model", "TOKENIZER_INVALID", /<\|im_end\|>/);
}

async function checkWhiteSpace(): Promise<void> {
  using model = await load(join(root, "bytelevel-prefix-nel/model"));
  sameIds("U+0085", model.tokenizer.encode("a  \u0085b"), [258, 264, 126, 227, 65]);
  sameIds("U+FEFF", model.tokenizer.encode("a  \ufeffb"), [258, 220, 220, 171, 119, 123, 65]);
}

/** The three largest logits and the logarithm of the sum, as the README of the case has them; or a refusal. */
async function checkLogits(name: string, folder = join(root, name, "model")): Promise<void> {
  const readme = await readFile(join(root, name, "README.md"), "utf8");
  const ids = /--ids ([\d,]+)/.exec(readme)?.[1]?.split(",").map(Number) ?? [];
  const top =
    /\[(\d+: [^\]]+)\]/
      .exec(readme)?.[1]
      ?.split(", ")
      .map((pair) => pair.split(": ").map(Number)) ?? [];
  const logSumExp = Number(/logSumExp ([\d.]+)/.exec(readme)?.[1]);
  const model = await load(folder).catch((error: unknown) => error);
  if (model instanceof ModelError) {
    const isAllowed = /CONFIG_UNSUPPORTED|or a refusal/.test(readme) && model.code === "CONFIG_UNSUPPORTED";
    report.check(name, isAllowed, `${model.code}: ${model.message}`);
    return;
  }
  using loaded = model as LanguageModel;
  const got = await lastLogits(loaded, ids);
  const want = top.map(([, logit]) => logit as number);
  report.check(`${name}: has numbers`, ids.length > 0 && want.length === 3 && logSumExp > 0);
  report.close(
    name,
    [...top.map(([id]) => got[id as number] as number), sumLog(got)],
    [...want, logSumExp],
    2e-4,
  );
}

/** A folder of links to the original's files, made here: copies of the case may have lost them. */
async function linkedFolder(): Promise<string> {
  const original = join(root, "linked-shards/original");
  const folder = join(scratch, "links");
  await mkdir(folder);
  for (const name of await readdir(original)) await symlink(join(original, name), join(folder, name));
  return folder;
}

async function lastLogits(model: LanguageModel, ids: readonly number[]): Promise<number[]> {
  using logits = backend.tidy(() => {
    const input = model.embed(backend.tensor(Int32Array.from(ids), [1, ids.length], "int32"));
    const hidden_SD = backend.reshape(model.forward(input), [ids.length, model.config.hiddenSize]);
    const last = backend.takeRows(hidden_SD, backend.tensor(Int32Array.of(ids.length - 1), [1], "int32"));
    return backend.matmul(last, model.head.weight_VD, { transposeB: true });
  });
  return Array.from(await backend.read(logits));
}

function sumLog(logits: readonly number[]): number {
  const largest = Math.max(...logits);
  return largest + Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - largest), 0));
}

async function checkSavedFloats(): Promise<void> {
  const folder = join(root, "saved-config-floats/model");
  using model = await load(folder);
  await saveModel(model, join(scratch, "saved"));
  const numbers = async (path: string) =>
    (await readFile(join(path, "config.json"), "utf8")).match(/"[^"]+":\s*-?\d[\d.eE+-]*/g);
  const [before, after] = [await numbers(folder), await numbers(join(scratch, "saved"))];
  const isSame = JSON.stringify(before) === JSON.stringify(after);
  report.check("every number of a saved config", isSame && (before ?? []).length > 5, String(after));
}

async function checkPointers(): Promise<void> {
  await refused("lfs-pointers/model", "LFS_POINTER", /Git LFS pointer.*not downloaded/);
  const folder = join(scratch, "pointer");
  await cp(join(root, "linked-shards/original"), folder, { recursive: true });
  await rm(join(folder, "tokenizer.json"), { force: true });
  await cp(join(root, "lfs-pointers/tokenizer-pointer/tokenizer.json"), join(folder, "tokenizer.json"));
  await refused(folder, "LFS_POINTER", /tokenizer\.json: this is a Git LFS pointer/);
}

/** `folder` is a path, or that of a case. */
async function refused(folder: string, code: string, message: RegExp): Promise<void> {
  const path = folder.startsWith("/") ? folder : join(root, folder);
  const outcome = await load(path).catch((error: unknown) => error);
  const isRight = outcome instanceof ModelError && outcome.code === code && message.test(outcome.message);
  report.check(`${folder} is refused`, isRight, String(outcome));
  if (!(outcome instanceof Error)) (outcome as LanguageModel).dispose();
}

function sameIds(title: string, got: readonly number[], want: readonly number[]): void {
  report.check(title, JSON.stringify(got) === JSON.stringify(want), `got [${got}], wanted [${want}]`);
}
