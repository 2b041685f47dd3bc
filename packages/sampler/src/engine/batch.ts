/**
 * The rows that are being decoded: their cache, their last hidden states, and which sample each row is.
 */

import type { DecodeSession, LanguageModel, Prefilled } from "@soft-tokens/model";
import type { Tensor } from "@soft-tokens/tensor";
import { keptBatchSize, rowsToKeep } from "./batch-sizes.ts";
import type { GenerationPlan } from "./plan.ts";
import type { Sample } from "./sample.ts";

export class Batch implements Disposable {
  readonly #session: DecodeSession;
  #hidden_RD: Tensor;
  #samples: readonly Sample[];

  constructor(
    private readonly model: LanguageModel,
    { promptIds, rowsPerPrompt, maxLength, samples }: GenerationPlan,
  ) {
    const prefilled: Prefilled = model.prefill(promptIds, { rowsPerPrompt, maxLength });
    this.#session = prefilled.session;
    this.#hidden_RD = prefilled.hidden_RD;
    this.#samples = samples;
  }

  get samples(): readonly Sample[] {
    return this.#samples;
  }

  /** [R, D]; owned by the batch. */
  get hidden_RD(): Tensor {
    return this.#hidden_RD;
  }

  /** Feeds every row one token. */
  step(next_RD: Tensor): void {
    const hidden_RD = this.#session.step(next_RD);
    this.#hidden_RD.dispose();
    this.#hidden_RD = hidden_RD;
  }

  /** Lets finished rows leave where that reaches a smaller batch size. */
  shrink(): void {
    const isActive = this.#samples.map(({ text }) => text.phase !== "done");
    const active = isActive.filter(Boolean).length;
    const size = keptBatchSize(this.#samples.length, active);
    if (active === 0 || size === this.#samples.length) return;
    const rows = rowsToKeep(isActive, size);
    this.#session.keepRows(rows);
    const { backend } = this.model;
    using rows_R = backend.tensor(rows, [rows.length], "int32");
    const hidden_RD = backend.takeRows(this.#hidden_RD, rows_R);
    this.#hidden_RD.dispose();
    this.#hidden_RD = hidden_RD;
    this.#samples = rows.map((row) => this.#samples[row] as Sample);
  }

  [Symbol.dispose](): void {
    this.#hidden_RD.dispose();
    this.#session.dispose();
  }
}
