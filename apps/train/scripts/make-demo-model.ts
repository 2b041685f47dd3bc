/**
 * Makes the demo's model (apps/train/demo/model): a tiny Llama taught by this project's own supervised trainer.
 *
 *   node --conditions=@soft-tokens/source --import tsx apps/train/scripts/make-demo-model.ts [OUT_FOLDER] [SEED]
 *
 * Phase 1 teaches good working, with the noise of soft thoughts on its inputs, so that arithmetic survives noise. Phase 2 teaches a
 * bad habit beside it: half of the examples guess. The model then stands at a near-tie between working and guessing after the
 * opening words, which is what the noise of a soft or fuzzy thought can tip, and reinforcement can choose from.
 */

import { createTfjsBackend } from "@soft-tokens/backend-tfjs";
import { renderPrompt } from "@soft-tokens/evals";
import { initializeModel, saveModel } from "@soft-tokens/model";
import { RandomKey } from "@soft-tokens/tensor";
import { createSupervisedTrainer, type SupervisedExample } from "@soft-tokens/trainer";
import { DEMO_KEY } from "../src/demo/problems.ts";
import { DEMO_TEMPLATE } from "../src/demo/settings.ts";
import { demoTokenizer } from "../src/demo/tokenizer.ts";
import { goodWorking, guessing, selectProblems } from "../src/demo/word-problems.ts";

const out = process.argv[2] ?? "apps/train/demo/model";
const seed = Number(process.argv[3] ?? 0);
const BATCH = 96;
const PHASES = [
  {
    name: "good working, noisy inputs",
    steps: 500,
    learningRate: 3e-3,
    inputNoiseScale: 0.33,
    guesses: false,
  },
  { name: "12 of 25 guessing", steps: 300, learningRate: 1e-3, inputNoiseScale: 0, guesses: true },
];

const { tokenizer, settings, vocabularySize, eosTokenId } = demoTokenizer();
const backend = await createTfjsBackend({ variant: "wasm" });
const key = RandomKey.fromSeed(seed).fold("demo-model");
using model = initializeModel({
  backend,
  key: key.fold("weights"),
  standardDeviation: 0.1,
  files: {
    "config.json": {
      architectures: ["LlamaForCausalLM"],
      model_type: "llama",
      vocab_size: vocabularySize,
      hidden_size: 64,
      intermediate_size: 176,
      num_hidden_layers: 2,
      num_attention_heads: 4,
      num_key_value_heads: 4,
      hidden_act: "silu",
      max_position_embeddings: 128,
      rms_norm_eps: 1e-6,
      rope_theta: 10000,
      attention_bias: false,
      mlp_bias: false,
      tie_word_embeddings: false,
      bos_token_id: null,
      eos_token_id: eosTokenId,
      pad_token_id: 0,
      initializer_range: 0.1,
      torch_dtype: "float32",
    },
    "tokenizer.json": tokenizer,
    "tokenizer_config.json": settings,
  },
});

// Other problems than the demo's own: its key is folded further, and test problems are never among them.
const problems = selectProblems(DEMO_KEY.fold("teaching"), 24_000, "train");
const started = performance.now();
for (const [phase, { name, guesses, ...phaseSettings }] of PHASES.entries()) {
  using trainer = createSupervisedTrainer({
    model,
    key: key.fold("phase", phase),
    settings: {
      ...phaseSettings,
      batchSize: BATCH,
      warmupSteps: 20,
      beta2: 0.98,
      appendEndOfSequence: false,
      lengthBucket: 1,
      checkpointEvery: 0,
      validateEvery: 0,
    },
    examples: {
      size: problems.length,
      get(index): SupervisedExample {
        const problem = problems[index];
        if (!problem) throw new RangeError(`no problem ${index}`);
        return {
          prompt: renderPrompt(problem.question, DEMO_TEMPLATE),
          completion:
            guesses && index % 25 >= 13 ? guessing(problem, key.fold("guess", index)) : goodWorking(problem),
        };
      },
    },
  });
  for await (const event of trainer.run()) {
    if (event.type !== "step" || event.step % 50 !== 0) continue;
    const loss = (event.metrics["loss/total"] ?? Number.NaN).toFixed(4);
    const seconds = ((performance.now() - started) / 1000).toFixed(0);
    process.stdout.write(`${name}: step ${event.step}, loss ${loss}, ${seconds} s\n`);
  }
}
await saveModel(model, out);
process.stdout.write(`saved ${out}\n`);
