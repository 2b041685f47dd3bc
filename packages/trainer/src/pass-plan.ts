/**
 * How a batch goes through the model: each micro-batch with its own prompts, or prompts once for all micro-batches that have
 * rows of them (docs/decisions/0502-prompts-once-a-step.md). The way that computes fewer tokens is taken.
 */

import {
  type ActivationKind,
  activationBytes,
  promptPassBytes,
  promptStateBytes,
} from "./activation-bytes.ts";
import {
  computedTokens,
  type MicroBatch,
  type MicroBatchLimits,
  planMicroBatches,
  promptShapeOf,
  promptsOf,
  type RowPrompt,
  sortedForPadding,
} from "./microbatch.ts";
import type { TrainingRow } from "./training-row.ts";

interface PassPart {
  /** Computed once for all micro-batches of the part; null where each computes its own. */
  readonly prompts: readonly RowPrompt[] | null;
  /** Order of execution. */
  readonly microBatches: readonly MicroBatch[];
}

export interface PassPlan {
  readonly parts: readonly PassPart[];
  /** Tokens that go through the linear layers; a prompt as often as it does. */
  readonly tokens: number;
  /** Of the largest micro-batch or prompt pass. */
  readonly largestBytes: number;
}

/** Most of the memory budget that states of prompts take: the rest is for the rows. */
const STATE_SHARE = 1 / 4;

/**
 * `promptPasses`: how often a prompt that is computed for all micro-batches passes the layers; 2 with gradients, since it comes
 * again for its own. The first time has no backward pass, but both count alike.
 */
export function planPass(
  rows: readonly TrainingRow[],
  kind: ActivationKind,
  limits: MicroBatchLimits,
  { promptPasses }: { readonly promptPasses: 1 | 2 },
): PassPlan {
  const measured = (parts: readonly PassPart[]): PassPlan => ({
    parts,
    tokens: sumOf(parts.map((part) => tokensOf(part, promptPasses))),
    largestBytes: Math.max(0, ...parts.flatMap((part) => bytesOf(part, kind, limits))),
  });
  const own = measured([{ prompts: null, microBatches: planMicroBatches(rows, kind, limits) }]);
  if (!hasRepeatedPrompt(own)) return own;
  const once = measured(
    promptGroups(rows, kind, limits).map((group) => {
      const prompts = promptsOf(group);
      return { prompts, microBatches: planMicroBatches(group, kind, limits, prompts) };
    }),
  );
  const isWithinMemory = once.largestBytes <= Math.max(limits.memoryBudgetBytes, own.largestBytes);
  return isWithinMemory && once.tokens < own.tokens ? once : own;
}

function hasRepeatedPrompt({ parts }: PassPlan): boolean {
  const passed = parts.flatMap(({ microBatches }) =>
    microBatches.flatMap(({ prompts }) => prompts.map(({ promptIndex }) => promptIndex)),
  );
  return new Set(passed).size < passed.length;
}

/** Rows of as many prompts as memory holds at once, a single one in any case. */
function promptGroups(
  rows: readonly TrainingRow[],
  kind: ActivationKind,
  limits: MicroBatchLimits,
): TrainingRow[][] {
  const sorted = sortedForPadding(rows);
  const groups: RowPrompt[][] = [];
  for (const prompt of promptsOf(sorted)) {
    const open = groups.at(-1);
    if (open && fitsTogether([...open, prompt], kind, limits)) open.push(prompt);
    else groups.push([prompt]);
  }
  return groups.map((group) => {
    const indices = new Set(group.map(({ promptIndex }) => promptIndex));
    return sorted.filter((row) => indices.has(row.promptIndex));
  });
}

function fitsTogether(
  prompts: readonly RowPrompt[],
  kind: ActivationKind,
  limits: MicroBatchLimits,
): boolean {
  const shape = promptShapeOf(prompts);
  const states = promptStateBytes(shape, kind);
  const budget = limits.memoryBudgetBytes;
  return states <= STATE_SHARE * budget && promptPassBytes(shape, kind, limits) <= budget;
}

function tokensOf({ prompts, microBatches }: PassPart, promptPasses: number): number {
  const ofPrompts = prompts ? promptPasses * promptShapeOf(prompts).promptTokens : 0;
  return ofPrompts + sumOf(microBatches.map(({ shape }) => computedTokens(shape)));
}

function bytesOf(
  { prompts, microBatches }: PassPart,
  kind: ActivationKind,
  limits: MicroBatchLimits,
): number[] {
  const bytes = microBatches.map(({ shape }) => activationBytes(shape, kind, limits));
  if (!prompts) return bytes;
  return [...bytes, promptPassBytes(promptShapeOf(prompts), kind, limits)];
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}
