/** A grid of made-up answers in a folder, for looking at its report: four trainings (one of two seeds), two tasks, two ablations. */

import { join } from "node:path";
import {
  createGenerator,
  type EvaluateOptions,
  evaluate,
  evaluateLikelihood,
  type GeneratedSample,
  INFERENCE_MODES,
  type InferenceMode,
} from "@soft-tokens/evals";
import {
  type GridAblation,
  type GridFile,
  gridAblationFolder,
  gridEvaluationFolder,
  writeGridFile,
} from "@soft-tokens/evals/report";

/** A question that would break a page that turned text into markup. */
export const HOSTILE = `hostile </script><img src=x onerror="broken=1"> & "quotes" 'too' \u202E desrever \u202C`;

const QUESTIONS = 300;
const SAMPLES = 8;
const ABLATED_QUESTIONS = 40;
const LEVELS: Record<string, number> = { base: 0.45, hard: 0.7, "soft-1": 0.62, "soft-2": 0.58, fuzzy: 0.6 };

const varied = (setting: GridAblation["setting"], value: number | string, isMain: boolean): GridAblation => ({
  ...{ setting, value, isMain },
  tasks: ["gsm8k"],
  modes: ["soft-sample", "fuzzy-sample"],
});
const ABLATIONS: readonly GridAblation[] = [
  varied("noise-scale", 0.33, true),
  varied("noise-scale", 1, false),
  varied("noise-scale", 3, false),
  varied("noise-place", "embedding", true),
  varied("noise-place", "hidden", false),
  varied("noise-place", "logits-top5", false),
];

/** Fills the folder and returns how many samples it holds. */
export async function makeGrid(folder: string): Promise<number> {
  const source = { sha256: "abc", format: "jsonl", duplicates: 0, skipped: 0 };
  const generation = {
    name: "gsm8k",
    source: { ...source, file: "made-up.jsonl", rows: QUESTIONS },
    questions: Array.from({ length: QUESTIONS }, (_, index) => ({
      id: `gsm8k-${index}`,
      question:
        index === 200
          ? HOSTILE
          : `Question ${index} of a made-up list: how many are ${index} and ${3 * index}?`,
      answer: String(4 * index),
    })),
  };
  const likelihood = {
    name: "arc",
    source: { ...source, sha256: "def", file: "made-up-choices.jsonl", rows: 40 },
    questions: Array.from({ length: 40 }, (_, index) => ({
      id: `arc-${index}`,
      text: `Which is ${index}?`,
      context: `Question: Which is ${index}?\nAnswer:`,
      choices: [0, 1, 2, 3].map((add) => ` ${index + add}`),
      gold: index % 4,
    })),
  };
  const runs = Object.keys(LEVELS).map((name) => {
    const variant = name.replace(/-\d$/u, "");
    return { name, variant, model: `runs/${name}`, fingerprint: name, settings: settingsOf(variant) };
  });
  const grid: GridFile = {
    format: 1,
    kind: "grid",
    settings: { seed: 0 },
    modes: [...INFERENCE_MODES],
    samples: SAMPLES,
    tasks: [
      { name: "gsm8k", data: "made-up.jsonl", kind: "generation", questions: QUESTIONS },
      { name: "arc", data: "made-up-choices.jsonl", kind: "likelihood", questions: 40 },
    ],
    runs,
  };
  await writeGridFile(folder, { ...grid, ablations: [...ABLATIONS] });
  let samples = 0;
  for (const [position, { name }] of runs.entries()) {
    const draw = createGenerator(position);
    const uniform = () => draw(1e6) / 1e6;
    const generated: EvaluateOptions = {
      task: generation,
      model: `runs/${name}`,
      modes: INFERENCE_MODES,
      samplesPerQuestion: SAMPLES,
      folder: gridEvaluationFolder(folder, name, "gsm8k"),
      async *generate(mode, jobs, { recordSteps }) {
        for (const [jobIndex, { questionId, sampleIndexes }] of jobs.entries()) {
          const question = Number(questionId.slice(6));
          yield {
            jobIndex,
            samples: sampleIndexes.map(() => makeSample(name, mode, question, recordSteps, uniform)),
          };
        }
      },
      grade: (text, { answer }) => {
        const extracted = /\\boxed\{(\d+)\}/u.exec(text)?.[1] ?? null;
        const correct = extracted === answer;
        return {
          correct,
          boxed: extracted !== null,
          extracted,
          reason: correct ? "equal" : "different numbers",
        };
      },
    };
    const results = await evaluate(generated);
    for (const { outcomes } of results.results) samples += outcomes.samples;
    for (const ablation of ABLATIONS.filter(({ isMain }) => !isMain)) {
      const ablated = await evaluate({
        ...generated,
        modes: ["soft-sample", "fuzzy-sample"],
        limit: ABLATED_QUESTIONS,
        folder: gridAblationFolder(folder, name, ablation, "gsm8k"),
      });
      for (const { outcomes } of ablated.results) samples += outcomes.samples;
    }
    await evaluateLikelihood({
      task: likelihood,
      model: `runs/${name}`,
      folder: gridEvaluationFolder(folder, name, "arc"),
      score: async function* score(questions) {
        yield questions.map(({ id, choices }) => ({
          id,
          choices: choices.map(() => ({ tokens: 2, logProb: -1 - 6 * uniform() })),
        }));
      },
    });
    samples += 40;
  }
  return samples;
}

function settingsOf(variant: string): Record<string, string | number> {
  if (variant === "base") return {};
  return {
    thought: variant,
    temperature: variant === "soft" ? 0.5 : 1,
    noiseScale: 0.33,
    out: join("runs", variant),
  };
}

function makeSample(
  run: string,
  mode: InferenceMode,
  question: number,
  recordSteps: boolean,
  uniform: () => number,
): GeneratedSample {
  const level = (LEVELS[run] ?? 0.5) + (mode.endsWith("greedy") ? 0.1 : 0);
  const isRight = uniform() < level + 0.3 * Math.sin(question);
  const words = [
    `${question} `,
    "+ ",
    `${3 * question} `,
    "= ",
    isRight ? `${4 * question} ` : "7 ",
    "so ",
    "The ",
    "final ",
    "answer ",
    "is: ",
  ];
  const entropies = words.map(() => 2 * uniform() ** 3);
  const hasNoAnswer = !isRight && uniform() < 0.1;
  return {
    thought: words.join(""),
    answer: hasNoAnswer ? "\\boxed{" : `\\boxed{${isRight ? 4 * question : 7}}`,
    stopReason: hasNoAnswer ? "limit" : "stop-string",
    entropies,
    ...(recordSteps && {
      steps: words.map((token, step) => {
        const top = mode.startsWith("fuzzy") ? 1 : 1 - (entropies[step] ?? 0) / 3;
        return {
          token,
          alternatives: [
            { token, probability: top },
            { token: "9 ", probability: (1 - top) * 0.6 },
            { token: "<unk>", probability: (1 - top) * 0.3 },
          ],
        };
      }),
    }),
  };
}
