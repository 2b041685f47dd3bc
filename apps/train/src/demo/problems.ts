/** The demo's problems as ordinary data files beside its runs, so that every run of it can be repeated by hand. */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { writeWhole } from "@soft-tokens/app-common";
import { RandomKey } from "@soft-tokens/tensor";
import { selectProblems, type WordProblem } from "./word-problems.ts";

/** Root of the demo's problems; the committed model was taught with problems of the same key. */
export const DEMO_KEY = RandomKey.fromSeed(2509).fold("demo");

const TRAINING_PROBLEMS = 2048;

/** Paths of the two JSON lines files in `folder`. No test problem is in the training file. */
export function writeProblems(folder: string, testProblems: number): { training: string; test: string } {
  const paths = { training: join(folder, "train.jsonl"), test: join(folder, "test.jsonl") };
  const write = (path: string, problems: readonly WordProblem[], kind: string) => {
    const rows = problems.map(({ question, answer }, index) =>
      JSON.stringify({ id: `${kind}-${index}`, question, answer: String(answer) }),
    );
    if (!existsSync(path)) writeWhole(path, rows.map((row) => `${row}\n`).join(""));
  };
  write(paths.training, selectProblems(DEMO_KEY, TRAINING_PROBLEMS, "train"), "train");
  write(paths.test, selectProblems(DEMO_KEY, testProblems, "test"), "test");
  return paths;
}
