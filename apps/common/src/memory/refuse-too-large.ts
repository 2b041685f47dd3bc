/** A model that would not fit is refused before it is loaded, with the estimate and what would make it fit. */

import type { ModelInspection } from "@soft-tokens/model";
import type { FloatDType } from "@soft-tokens/tensor";
import { UsageError } from "../errors.ts";
import type { AvailableMemory } from "./available.ts";
import { estimateMemory, type MemoryEstimate, type MemoryNeeds } from "./estimate.ts";

export interface MemoryCheck {
  readonly model: ModelInspection;
  /** As the person wrote it. */
  readonly name: string;
  readonly dtype: FloatDType;
  /** What the backend computes in: decides which advice helps. */
  readonly dtypes: ReadonlySet<string>;
  readonly needs: MemoryNeeds;
  readonly available: AvailableMemory;
}

/** @throws UsageError with the numbers and what to change */
export function refuseTooLarge(check: MemoryCheck): void {
  const { model, name, dtype, needs, available } = check;
  const estimate = estimateMemory(model, dtype, needs);
  if (estimate.total <= available.bytes) return;
  const purpose = needs.training ? "train" : "run";
  throw new UsageError(
    `${name} needs about ${gibibytes(estimate.total)} to ${purpose} in ${dtype}, and ${gibibytes(available.bytes)} are free on ${available.where}:\n` +
      `${breakdown(estimate)}\n` +
      `${advice(check)}\n` +
      "--ignore-memory-check tries it nevertheless.",
  );
}

function breakdown({ total: _, ...parts }: MemoryEstimate): string {
  return Object.entries(parts)
    .filter(([, bytes]) => bytes > 0)
    .map(([part, bytes]) => `  ${part.padEnd(12)} ${gibibytes(bytes)}`)
    .join("\n");
}

/** Only changes that lower the estimate, with the total that each alone leads to. */
function advice(check: MemoryCheck): string {
  const { model, dtype, dtypes, needs } = check;
  const { training } = needs;
  const before = estimateMemory(model, dtype, needs).total;
  const options: [string, FloatDType, MemoryNeeds][] = [];
  if (dtypes.has("bfloat16")) {
    if (dtype === "float32") options.push(["--dtype bfloat16", "bfloat16", needs]);
    if (training?.optimizerMoments === "float32") {
      const narrow: MemoryNeeds = { ...needs, training: { ...training, optimizerMoments: "bfloat16" } };
      options.push(["--optimizer-moments bfloat16", dtype, narrow]);
    }
  }
  if (training) {
    const activationBytes = training.activationBytes / 4;
    const smaller = { ...needs, training: { ...training, activationBytes } };
    options.push(["a smaller --memory-budget (smaller micro-batches)", dtype, smaller]);
  }
  options.push(["fewer rows at once", dtype, { ...needs, rows: Math.ceil(needs.rows / 2) }]);
  const lines = options.flatMap(([change, narrow, less]) => {
    const { total } = estimateMemory(model, narrow, less);
    return before - total > 0.01 * before ? [`  ${change}: about ${gibibytes(total)}`] : [];
  });
  return lines.length > 0 ? `What would help:\n${lines.join("\n")}` : "Use a smaller model.";
}

function gibibytes(bytes: number): string {
  const amount = bytes / 2 ** 30;
  return `${amount.toFixed(amount < 10 ? 2 : 1)} GiB`;
}
