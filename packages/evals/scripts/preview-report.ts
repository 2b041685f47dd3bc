/**
 * Renders a report from made-up numbers, to look at its design: nothing here was measured.
 *   node --conditions=@soft-tokens/source --import tsx packages/evals/scripts/preview-report.ts OUT.html
 */

import { writeFileSync } from "node:fs";
import {
  createGenerator,
  type EvaluationResults,
  INFERENCE_MODES,
  type InferenceMode,
  isGreedyMode,
  PAPER_TEMPLATE,
  renderPrompt,
  type SampleOutcome,
  type SampleRow,
  summarizeMode,
} from "../src/index.ts";
import {
  type MetricsRow,
  type ReportTraining,
  renderReport,
  type TrainingKind,
} from "../src/report/index.ts";

const draw = createGenerator(7);
const uniform = () => (draw(2 ** 31) + 0.5) / 2 ** 31;
const normal = () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());

const QUESTIONS = 192;
const SAMPLES = 32;
const STEPS = 150;

const LEVEL: Record<string, Record<InferenceMode, number>> = {
  base: levels(73, 31, 72, 43, 73, 29),
  hard: levels(71, 49, 70, 50, 71, 37),
  fuzzy: levels(74, 36, 73, 48, 74, 41),
  soft: levels(74, 35, 74, 53, 74, 36),
};
const ENTROPY: Record<string, number> = { base: 0.55, hard: 0.27, fuzzy: 0.54, soft: 0.56 };

function levels(...percents: number[]): Record<InferenceMode, number> {
  return Object.fromEntries(
    INFERENCE_MODES.map((mode, index) => [mode, (percents[index] ?? 0) / 100]),
  ) as Record<InferenceMode, number>;
}

const difficulty = Array.from({ length: QUESTIONS }, () => normal() * 1.6);

function entropies(kind: string): number[] {
  const length = 10 + draw(14);
  return Array.from({ length }, (_, position) =>
    Math.max(
      0,
      (ENTROPY[kind] ?? 0.5) * (1.7 * Math.exp(-position / 6) + 0.45) * (0.2 + 1.6 * uniform() ** 2),
    ),
  );
}

function evaluation(kind: string): EvaluationResults {
  const results = INFERENCE_MODES.map((mode) => {
    const n = isGreedyMode(mode) ? 1 : SAMPLES;
    const level = LEVEL[kind]?.[mode] ?? 0.5;
    const samplesByQuestion = new Map(
      difficulty.map((hard, index) => {
        const logit = Math.log(level / (1 - level)) * 1.35 - hard;
        const list = Array.from({ length: n }, (): SampleOutcome => {
          const correct = uniform() < 1 / (1 + Math.exp(-logit));
          const extracted = correct ? "1" : uniform() < 0.1 ? null : String(draw(40));
          return {
            correct,
            extracted,
            reason: "",
            limitReached: false,
            failed: false,
            entropies: entropies(kind),
          };
        });
        return [String(index), list];
      }),
    );
    return summarizeMode({ task: "word-problems", model: "demo", mode, n, samplesByQuestion }, { seed: 1 });
  });
  return {
    format: 1,
    task: "word-problems",
    model: kind === "base" ? "demo/model" : `runs/demo/${kind}`,
    checksum: "9f2c6a6f1d8f1f6b7c6b2f60a1d9c5a0e3b0d7c54b7a2f1e6d5c4b3a29181706",
    source: {
      file: "problems-test.jsonl",
      sha256: "9f2c",
      format: "jsonl",
      rows: QUESTIONS,
      duplicates: 0,
      skipped: 0,
    },
    n: SAMPLES,
    questions: QUESTIONS,
    template: PAPER_TEMPLATE,
    seed: 1,
    settings: {},
    versions: { node: "20.20.2", "@soft-tokens/evals": "0.1.0", "@soft-tokens/sampler": "0.1.0" },
    complete: true,
    results,
  };
}

const PROBLEMS: [string, string, string[]][] = [
  [
    "Ann has 14 pears. She buys 23 more and gives 9 away. How many pears has she now?",
    "28",
    "14 + 23 = 37 . 37 - 9 = 28 . The final answer is: ".split(/(?<= )/),
  ],
  [
    "A box holds 6 rows of 7 cups. 5 cups break. How many cups are left?",
    "37",
    "6 * 7 = 42 . 42 - 5 = 37 . The final answer is: ".split(/(?<= )/),
  ],
  [
    "Tom runs 12 laps on Monday, twice as many on Tuesday and 4 fewer than that on Friday. How many laps are that in all? ".repeat(
      3,
    ),
    "56",
    `Monday is 12 laps , Tuesday is 2 * 12 = 24 laps , Friday is 24 - 4 = 20 laps .\n${"12 + 24 = 36 , 36 + 20 = 56 . ".repeat(8)}The final answer is: `.split(
      /(?<= )/,
    ),
  ],
  [
    "Hostile: </script><img src=x onerror=alert(1)> & \"quotes\" 'too' <b>bold</b> \u202E desrever",
    "</script><script>alert(2)</script>",
    ["</script>", "<img src=x onerror=alert(3)> ", "日本語", "🙂 ", "\n", "\t", "", "The ", "final"],
  ],
];

function sampleRows(kind: string): SampleRow[] {
  return PROBLEMS.flatMap(([question, gold, tokens], problem) =>
    INFERENCE_MODES.map((mode): SampleRow => {
      const values = tokens.map(() => Math.max(0.0004, (ENTROPY[kind] ?? 0.5) * 3.4 * uniform() ** 3));
      const correct = uniform() < (LEVEL[kind]?.[mode] ?? 0.5);
      const extracted = correct ? gold : uniform() < 0.2 ? null : "51";
      return {
        id: String(problem),
        sampleIndex: 0,
        mode,
        question,
        gold,
        prompt: renderPrompt(question),
        thought: tokens.join(""),
        answer: `\\boxed{${extracted ?? ""}${extracted === null ? "" : "}"}`,
        extracted,
        correct,
        boxed: extracted !== null,
        reason: correct ? "equal" : extracted === null ? "no closed box" : "different numbers",
        stopReason: "stop-string",
        entropies: values,
        steps: tokens.map((token, index) => {
          const top = Math.max(0.3, 1 - (values[index] ?? 0) / 3);
          const others = ["9 ", "17 ", "<unk>", "+ "].map((other, rank) => ({
            token: other,
            probability: (1 - top) * 0.5 ** (rank + 1),
          }));
          return { token, alternatives: [{ token, probability: top }, ...others] };
        }),
      };
    }),
  );
}

function metrics(kind: string): MetricsRow[] {
  const gain = { hard: 34, soft: 12, fuzzy: 10 }[kind] ?? 0;
  const start = { hard: 42, soft: 53, fuzzy: 36 }[kind] ?? 40;
  const gradient = { hard: 1.4, soft: 22, fuzzy: 48 }[kind] ?? 1;
  return Array.from({ length: STEPS }, (_, index): MetricsRow => {
    const progress = 1 - Math.exp(-index / 55);
    const reward = start + gain * progress + 6 * normal();
    return {
      step: index + 1,
      values: {
        "reward/mean": reward,
        "reward/correct": Math.min(1, Math.max(0, (reward - 8) / 100)),
        "reward/std": 40 + 3 * normal(),
        "reward/boxed": 0.93 + 0.05 * uniform(),
        "thought/entropy":
          kind === "hard" ? 0.3 - 0.15 * progress + 0.012 * normal() : 0.3 + 0.012 * normal(),
        "thought/length": 16 + normal() * 0.4,
        "optim/gradientNorm": gradient * Math.exp(0.3 * normal()),
        "optim/learningRate": 5e-5 * 0.5 * (1 + Math.cos((Math.PI * index) / STEPS)),
        "logprob/gapRelative": 2e-6 * Math.exp(0.5 * normal()),
        "speed/sampleTokensPerSecond": 4200 + 150 * normal(),
        ...(index % 25 === 24
          ? { "validation/accuracy": 0.6 + (0.12 * gain * progress) / 34 + 0.01 * normal() }
          : {}),
      },
    };
  });
}

const trainings = (["base", "hard", "fuzzy", "soft"] as const satisfies TrainingKind[]).map(
  (kind): ReportTraining => ({
    name: kind,
    kind,
    ...(kind === "base"
      ? {}
      : {
          metrics: metrics(kind),
          settings: {
            thought: kind,
            temperature: { hard: 1, soft: 0.5, fuzzy: 1e-4 }[kind],
            noiseScale: kind === "hard" ? null : 0.33,
            learningRate: { hard: 5e-5, soft: 2e-5, fuzzy: 2e-5 }[kind],
            steps: STEPS,
            promptsPerStep: 8,
            samplesPerPrompt: 16,
            model: { layers: 3, hidden: 96, parameters: 355_000 },
            template: PAPER_TEMPLATE,
            seed: 0,
          },
        }),
    evaluations: [{ results: evaluation(kind), samples: sampleRows(kind) }],
  }),
);

const page = renderReport({
  title: "Three ways of thinking, one tiny model",
  subtitle:
    "A model of 355 thousand parameters learns arithmetic word problems by reinforcement, thinking in hard, fuzzy and soft tokens.",
  notes: ["Made-up numbers: this page only shows what a report looks like."],
  trainings,
  createdAt: "22 November 2026",
  versions: { "soft-tokens": "0.1.0" },
});
const out = process.argv[2] ?? "preview-report.html";
writeFileSync(out, page);
process.stdout.write(`${out}: ${Math.round(page.length / 1024)} kB\n`);
