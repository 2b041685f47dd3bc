/** A small evaluation with all its files, made by the evaluator itself from made-up samples. */

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { evaluate, parseTask } from "@soft-tokens/evals";

/** `results.json` and `samples.jsonl`. */
export async function wholeEvaluation(): Promise<{ readonly results: string; readonly samples: string }> {
  const folder = mkdtempSync(join(tmpdir(), "whole-evaluation-"));
  try {
    const rows = [1, 2].map((n) =>
      JSON.stringify({ question: `What is ${n} + ${n}?`, answer: String(2 * n) }),
    );
    await evaluate({
      task: parseTask(Buffer.from(rows.join("\n")), { file: "sums.jsonl" }),
      model: "made-up",
      modes: ["hard-greedy", "soft-sample"],
      samplesPerQuestion: 2,
      folder,
      record: { questions: 2, samples: 2 },
      generate: async function* (_mode, jobs, { recordSteps }) {
        for (const [jobIndex, { sampleIndexes }] of jobs.entries()) {
          const samples = sampleIndexes.map((index) => ({
            thought: "A guess. The final answer is: ",
            answer: `\\boxed{${index + 1}}`,
            stopReason: "stop-string",
            entropies: [1.25, 0.5],
            ...(recordSteps && {
              steps: ["A ", "guess. "].map((token) => ({
                token,
                alternatives: [{ token, probability: 0.75 }],
              })),
            }),
          }));
          yield { jobIndex, samples };
        }
      },
      grade: (_text, { answer }, written) => {
        const isRight = written.includes(`{${answer}}`);
        return {
          correct: isRight,
          boxed: true,
          extracted: isRight ? answer : "0",
          reason: "compared as text",
        };
      },
    });
    const read = (name: string) => readFileSync(join(folder, name), "utf8");
    return { results: read("results.json"), samples: read("samples.jsonl") };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
