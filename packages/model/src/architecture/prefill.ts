/**
 * Computes each prompt once and opens a decode session over the prompts' keys and values. No gradient.
 *
 * Axes: P prompts, R rows, D hidden.
 */

import type { Prefilled, PrefillOptions, PromptIds } from "../contract.ts";
import { CachedDecodeSession } from "./decode-session.ts";
import { type PromptRun, runPrompts } from "./prompt-pass.ts";
import { PromptTable } from "./prompt-table.ts";

/** The caller owns session and hidden states. */
export function prefillPrompts(run: PromptRun, promptIds: PromptIds, options: PrefillOptions): Prefilled {
  const asked = promptIds.filter((_, prompt) => (options.rowsPerPrompt[prompt] as number) > 0);
  const rowsPerPrompt = options.rowsPerPrompt.filter((rows) => rows > 0);
  const computePrompts = (ids: PromptIds) =>
    new PromptTable(run.ops, runPrompts(run, ids, { checkpointLayers: false }));
  const prompts = computePrompts(asked);
  const session = new CachedDecodeSession(
    { ...run, computePrompts },
    { prompts, rowsPerPrompt, maxLength: options.maxLength },
  );
  const promptOfRow = rowsPerPrompt.flatMap((rows, prompt) => Array<number>(rows).fill(prompt));
  return { session, hidden_RD: prompts.hiddenOf(promptOfRow) };
}
