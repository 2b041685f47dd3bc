/**
 * `embedded`: speed and memory of the embedded backend on a tiny Llama. Everything that is compared runs in turn in one
 * call; ratios are of medians. Targets: soft and fuzzy decode step at most 1.25 x hard, training step at most 1.3 x hard,
 * our kernels at least 6 x faster than TensorFlow.js's own in a training step, no growth over 50 steps, and no
 * memory that grows with tokens x vocabulary.
 */

import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { createProgress } from "@soft-tokens/app-common";
import { toJson } from "@soft-tokens/evals";
import { z } from "zod";
import { type EngineSettings, type StepMeasurement, THOUGHTS, type Thought } from "../engine/engine.ts";
import { startEngine } from "../engine/engine-process.ts";
import { formatTable, median, type Spread, spread } from "../statistics.ts";

export const EmbeddedOptions = z.strictObject({
  variant: z.enum(["wasm", "cpu", "node", "node-gpu"]).default("wasm").describe("Variant of TensorFlow.js"),
  repetitions: z.int().positive().default(7).describe("Counted steps of each kind, after one that is not"),
  layers: z.int().positive().default(3).describe("Layers"),
  hidden: z.int().positive().default(96).describe("Hidden size"),
  ffn: z.int().positive().default(256).describe("Feed-forward size"),
  vocabulary: z.int().min(256).default(256).describe("Vocabulary, at least 256"),
  prompts: z.int().positive().default(2).describe("Prompts per step"),
  samples: z.int().min(2).default(32).describe("Samples per prompt"),
  promptTokens: z.int().positive().default(40).describe("Tokens of a prompt"),
  thoughtSteps: z.int().positive().default(56).describe("Steps of a thought"),
  answerTokens: z.int().positive().default(4).describe("Tokens of an answer"),
  stock: z.boolean().default(true).describe("Compare with TensorFlow.js's own kernels (slow)"),
  growthSteps: z.int().nonnegative().default(50).describe("Steps of the leak check (0: none)"),
  json: z.string().optional().describe("Also write all figures to this file"),
});
export type EmbeddedOptions = z.infer<typeof EmbeddedOptions>;

export async function embedded(options: EmbeddedOptions, { signal }: { signal: AbortSignal }): Promise<void> {
  const settings: EngineSettings = {
    variant: options.variant,
    repairs: true,
    shape: {
      layers: options.layers,
      hidden: options.hidden,
      ffn: options.ffn,
      heads: 4,
      vocabulary: options.vocabulary,
    },
    prompts: options.prompts,
    samples: options.samples,
    promptTokens: options.promptTokens,
    thoughtSteps: options.thoughtSteps,
    answerTokens: options.answerTokens,
    headElements: 2 ** 16,
  };
  const speed = await measureSpeed(options, settings, signal);
  const growth = options.growthSteps > 0 ? await measureGrowth(options.growthSteps, settings, signal) : null;
  const vocabulary = await measureVocabulary(settings, signal);
  const figures = {
    date: new Date().toISOString().slice(0, 10),
    hardware: `${cpus().length} x ${cpus()[0]?.model.trim()}`,
    node: process.version,
    settings,
    speed,
    growth,
    vocabulary,
  };
  if (options.json !== undefined) writeFileSync(options.json, `${toJson(figures, options.json, 2)}\n`);
  process.stdout.write(`${render(figures)}\n`);
}

type Figures = Awaited<ReturnType<typeof measureSpeed>>;

async function measureSpeed(options: EmbeddedOptions, settings: EngineSettings, signal: AbortSignal) {
  using ours = await startEngine(settings);
  using stock = options.stock ? await startEngine({ ...settings, repairs: false }) : null;
  const progress = createProgress("speed", "round");
  const own = newSamples();
  const theirs = newSamples();
  for (let round = 0; round <= options.repetitions; round++) {
    for (const thought of THOUGHTS) {
      signal.throwIfAborted();
      const measured = await ours.step(thought);
      if (round > 0) own[thought].push(measured);
      // The stock kernels are many times slower; two rounds of one kind of thought say by how much.
      if (stock && thought !== "fuzzy" && round <= 2) {
        const other = await stock.step(thought);
        if (round > 0) theirs[thought].push(other);
      }
    }
    progress.update(round, options.repetitions);
  }
  progress.finish();
  const of = (
    samples: Record<Thought, StepMeasurement[]>,
    thought: Thought,
    name: "decodeStepSeconds" | "trainSeconds",
  ) => spread(samples[thought].map((sample) => sample[name]));
  const ratio = (thought: Thought, name: "decodeStepSeconds" | "trainSeconds") =>
    median(own[thought].map((sample, round) => sample[name] / (own.hard[round] as StepMeasurement)[name]));
  return {
    device: ours.device,
    parameters: own.hard[0]?.parameters ?? 0,
    decodeStepSeconds: Object.fromEntries(
      THOUGHTS.map((thought) => [thought, of(own, thought, "decodeStepSeconds")]),
    ),
    trainStepSeconds: Object.fromEntries(
      THOUGHTS.map((thought) => [thought, of(own, thought, "trainSeconds")]),
    ),
    decodeRatio: { soft: ratio("soft", "decodeStepSeconds"), fuzzy: ratio("fuzzy", "decodeStepSeconds") },
    trainRatio: { soft: ratio("soft", "trainSeconds"), fuzzy: ratio("fuzzy", "trainSeconds") },
    gapRelative: Math.max(...THOUGHTS.flatMap((thought) => own[thought].map((sample) => sample.gapRelative))),
    stock: stock && {
      trainStepSeconds: {
        hard: of(theirs, "hard", "trainSeconds"),
        soft: of(theirs, "soft", "trainSeconds"),
      },
      trainSpeedUp: {
        hard: of(theirs, "hard", "trainSeconds").median / of(own, "hard", "trainSeconds").median,
        soft: of(theirs, "soft", "trainSeconds").median / of(own, "soft", "trainSeconds").median,
      },
    },
  };
}

/** Tensors and bytes after the first and the last of many steps. */
async function measureGrowth(steps: number, settings: EngineSettings, signal: AbortSignal) {
  using engine = await startEngine(settings);
  const progress = createProgress("growth", "step");
  const measured: StepMeasurement[] = [];
  for (let step = 1; step <= steps; step++) {
    signal.throwIfAborted();
    measured.push(await engine.step(THOUGHTS[step % 3] as Thought));
    progress.update(step, steps);
  }
  progress.finish();
  // All three trainers exist after three steps.
  const first = measured[Math.min(2, steps - 1)] as StepMeasurement;
  const last = measured.at(-1) as StepMeasurement;
  return {
    steps,
    tensors: [first.tensors, last.tensors],
    bytes: [first.bytes, last.bytes],
    peakBytes: [first.peakBytes, last.peakBytes],
  };
}

/** The same step with a vocabulary sixteen times as large: what grows is weights and their gradient, not tokens x vocabulary. */
async function measureVocabulary(settings: EngineSettings, signal: AbortSignal) {
  const small = settings.shape.vocabulary;
  const large = 16 * small;
  const measure = async (vocabulary: number) => {
    signal.throwIfAborted();
    using engine = await startEngine({ ...settings, shape: { ...settings.shape, vocabulary } });
    return await engine.step("soft");
  };
  const [before, after] = [await measure(small), await measure(large)];
  const tokens = settings.prompts * settings.samples * (settings.thoughtSteps + settings.answerTokens);
  return {
    vocabulary: [small, large],
    peakBytes: [before.peakBytes, after.peakBytes],
    weightBytes: [4 * before.parameters, 4 * after.parameters],
    tokensTimesVocabularyBytes: 4 * tokens * large,
  };
}

function newSamples(): Record<Thought, StepMeasurement[]> {
  return { hard: [], soft: [], fuzzy: [] };
}

interface Report {
  readonly hardware: string;
  readonly settings: EngineSettings;
  readonly speed: Figures;
  readonly growth: Awaited<ReturnType<typeof measureGrowth>> | null;
  readonly vocabulary: Awaited<ReturnType<typeof measureVocabulary>>;
}

function render({ hardware, settings, speed, growth, vocabulary }: Report): string {
  const { shape } = settings;
  const ms = (value: Spread | undefined) =>
    value
      ? `${(1000 * value.median).toFixed(2)} (${(1000 * value.min).toFixed(2)} to ${(1000 * value.max).toFixed(2)})`
      : "";
  const times = (value: number) => `${value.toFixed(2)} x`;
  const mib = (bytes: number) => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
  const lines = [
    `${speed.device} on ${hardware}`,
    `${shape.layers} layers, hidden ${shape.hidden}, ffn ${shape.ffn}, vocabulary ${shape.vocabulary}, ${speed.parameters} parameters; ${settings.prompts} x ${settings.samples} samples, ${settings.promptTokens} + ${settings.thoughtSteps} + ${settings.answerTokens} tokens`,
    "",
    formatTable([
      ["milliseconds, median (range)", "hard", "soft", "fuzzy"],
      ["decode step", ...THOUGHTS.map((thought) => ms(speed.decodeStepSeconds[thought]))],
      ["training step", ...THOUGHTS.map((thought) => ms(speed.trainStepSeconds[thought]))],
      ["decode, ratio to hard", "1", times(speed.decodeRatio.soft), times(speed.decodeRatio.fuzzy)],
      ["training, ratio to hard", "1", times(speed.trainRatio.soft), times(speed.trainRatio.fuzzy)],
      ...(speed.stock
        ? [
            [
              "training step, stock kernels",
              ms(speed.stock.trainStepSeconds.hard),
              ms(speed.stock.trainStepSeconds.soft),
              "",
            ],
            [
              "speed-up over stock kernels",
              times(speed.stock.trainSpeedUp.hard),
              times(speed.stock.trainSpeedUp.soft),
              "",
            ],
          ]
        : []),
    ]),
    "",
    `sampler and trainer log pi: largest relative gap ${speed.gapRelative.toExponential(1)}`,
  ];
  if (growth) {
    lines.push(
      `${growth.steps} steps: ${growth.tensors.join(" -> ")} tensors, ${growth.bytes.map(mib).join(" -> ")}, peak ${growth.peakBytes.map(mib).join(" -> ")}`,
    );
  }
  lines.push(
    `vocabulary ${vocabulary.vocabulary.join(" -> ")}: peak ${vocabulary.peakBytes.map(mib).join(" -> ")}, weights ${vocabulary.weightBytes.map(mib).join(" -> ")}; tokens x vocabulary would be ${mib(vocabulary.tokensTimesVocabularyBytes)}`,
  );
  return lines.join("\n");
}
