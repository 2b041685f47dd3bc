/**
 * Milliseconds of one decode step in the three thoughts, on a fresh model of demo size, and what a soft step costs in hard
 * ones. The modes take turns and medians are compared, so that another program on the machine disturbs all alike.
 *
 *   node --conditions=@soft-tokens/source --import tsx packages/sampler/scripts/measure-decode-ratio.ts [variant] [vocabulary]
 */

import { readFileSync } from "node:fs";
import { createTfjsBackend, type TfjsBackendOptions } from "@soft-tokens/backend-tfjs";
import { embeddingRms, initializeModel } from "@soft-tokens/model";
import { RandomKey } from "@soft-tokens/tensor";
import {
  createThoughtPolicy,
  defaultGenerationSettings,
  generate,
  sampleKeys,
  THOUGHT_NAMES,
} from "../src/index.ts";

const [variant = "auto", vocabulary = "324"] = process.argv.slice(2);
const ROWS = 64;
const STEPS = 24;
const ROUNDS = 9;

const fixture = (name: string) =>
  readFileSync(new URL(`../src/fixtures/tiny-llama/${name}`, import.meta.url), "utf8");
const backend = await createTfjsBackend({ variant: variant as NonNullable<TfjsBackendOptions["variant"]> });
const config = {
  ...JSON.parse(fixture("config.json")),
  vocab_size: Number(vocabulary),
  hidden_size: 96,
  intermediate_size: 256,
  num_hidden_layers: 3,
  head_dim: 24,
  initializer_range: 0.05,
};
const model = initializeModel({
  backend,
  key: RandomKey.fromSeed(0),
  files: { "config.json": config, "tokenizer.json": fixture("tokenizer.json") },
});
const rms = await embeddingRms(model);
const key = RandomKey.fromSeed(1);

const msPerStep = new Map<string, number[]>(THOUGHT_NAMES.map((name) => [name, []]));
for (let round = 0; round < ROUNDS; round++) {
  for (const name of THOUGHT_NAMES) {
    const { timings } = await generate(model, {
      prompts: [0, 1].map((promptIndex) => ({
        ids: Array.from({ length: 40 }, (_, at) => 3 + at),
        sampleKeys: sampleKeys(key, { step: round, promptIndex }, ROWS / 2),
      })),
      policy: createThoughtPolicy(name, { rms }),
      // A stop string that never comes: every row thinks at every step.
      settings: {
        ...defaultGenerationSettings,
        maxThoughtSteps: STEPS,
        maxAnswerTokens: 0,
        stopString: "\u0000",
      },
    });
    if (round > 0) msPerStep.get(name)?.push(timings.decodeMs / timings.steps);
  }
}

const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1] as number;
const hard = median(msPerStep.get("hard") ?? []);
process.stdout.write(`${backend.choice}\n${ROWS} rows, vocabulary ${vocabulary}, hidden 96, 3 layers\n`);
for (const [name, values] of msPerStep) {
  process.stdout.write(
    `${name}: ${median(values).toFixed(2)} ms a step, ${(median(values) / hard).toFixed(2)} of hard\n`,
  );
}
