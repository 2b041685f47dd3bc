/** The runs whose losses are pinned in `fixtures/pinned-losses.json`. */

import { fileURLToPath } from "node:url";
import { RandomKey } from "@soft-tokens/tensor";
import { createRlooTrainer } from "../rloo-trainer.ts";
import { createSupervisedTrainer } from "../supervised-trainer.ts";
import { loadReferenceModel } from "./reference.ts";
import { collect, tinyOptions, tinyProblems } from "./tiny-run.ts";

export const pinnedFile = fileURLToPath(new URL("../fixtures/pinned-losses.json", import.meta.url));

/** Loss and gradient norm of each step. */
export type PinnedLosses = Record<string, { loss: number; gradientNorm: number }[]>;

export async function computePinnedLosses(): Promise<PinnedLosses> {
  const pinned: PinnedLosses = {};
  for (const thought of ["hard", "soft", "fuzzy"] as const) {
    using loaded = await loadReferenceModel("llama");
    using trainer = createRlooTrainer(
      await tinyOptions(loaded.model, thought, { steps: 5, validateEvery: 0 }),
    );
    pinned[thought] = losses(await collect(trainer));
  }
  using loaded = await loadReferenceModel("qwen2");
  using trainer = createSupervisedTrainer({
    model: loaded.model,
    examples: {
      size: tinyProblems.size,
      get: (index) => {
        const { prompt, answer } = tinyProblems.get(index);
        return { prompt, completion: answer };
      },
    },
    key: RandomKey.fromSeed(2),
    settings: { steps: 5, batchSize: 3, learningRate: 1e-3, warmupSteps: 2 },
  });
  pinned.supervised = losses(await collect(trainer));
  return pinned;
}

function losses(events: readonly { type: string; metrics?: Readonly<Record<string, number>> }[]) {
  return events.flatMap(({ type, metrics }) =>
    type === "step"
      ? [{ loss: metrics?.["loss/total"] as number, gradientNorm: metrics?.["optim/gradientNorm"] as number }]
      : [],
  );
}
