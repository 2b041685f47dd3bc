/**
 * The rows that are being decoded: their cache, their last hidden states, and which sample each row is. Samples that wait
 * take the places of finished ones (continuous batching); when none waits any more, the batch shrinks.
 */

import type { DecodeSession, LanguageModel, Prefilled, RowPlace } from "@soft-tokens/model";
import type { Tensor } from "@soft-tokens/tensor";
import { keptBatchSize, rowsToKeep } from "./batch-sizes.ts";
import { placeRows } from "./place-rows.ts";
import type { GenerationPlan } from "./plan.ts";
import { isActive, type Sample } from "./sample.ts";

/** Samples start once this share of the rows has ended: each time costs a pass over their prompts. */
const REFILL_SHARE = 1 / 16;

export class Batch implements Disposable {
  readonly #session: DecodeSession;
  readonly #promptIds: GenerationPlan["promptIds"];
  readonly #maxRows: number;
  #hidden_RD: Tensor;
  #samples: readonly Sample[];
  #waiting: readonly Sample[];

  constructor(
    private readonly model: LanguageModel,
    { promptIds, maxRows, maxLength, samples }: GenerationPlan,
  ) {
    this.#promptIds = promptIds;
    this.#maxRows = maxRows;
    this.#samples = samples.slice(0, maxRows);
    this.#waiting = samples.slice(maxRows);
    const prompts = distinctPrompts(this.#samples);
    const prefilled: Prefilled = model.prefill(
      prompts.map((prompt) => promptIds[prompt] as readonly number[]),
      { rowsPerPrompt: prompts.map((prompt) => this.#samples.filter(of(prompt)).length), maxLength },
    );
    this.#session = prefilled.session;
    this.#hidden_RD = prefilled.hidden_RD;
  }

  get samples(): readonly Sample[] {
    return this.#samples;
  }

  /** Whether a sample is being decoded, or waits. */
  get isActive(): boolean {
    return this.#waiting.length > 0 || this.#samples.some(isActive);
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

  /** To be called after a step: finished rows make room for samples that wait, or leave where that reaches a smaller size. */
  settle(): void {
    const finished = this.#samples.flatMap((sample, row) => (isActive(sample) ? [] : [row]));
    if (finished.length === 0) return;
    if (this.#waiting.length > 0) {
      const isAlone = finished.length === this.#samples.length;
      if (isAlone || finished.length >= this.#maxRows * REFILL_SHARE) this.#refill(finished.length);
    } else {
      this.#shrink(finished.length);
    }
    if (!this.#samples.some(isActive)) return;
    this.#session.retire(this.#samples.flatMap((sample, row) => (isActive(sample) ? [] : [row])));
  }

  [Symbol.dispose](): void {
    this.#hidden_RD.dispose();
    this.#session.dispose();
  }

  #refill(places: number): void {
    const starting = this.#waiting.slice(0, places);
    this.#waiting = this.#waiting.slice(places);
    const present = this.#samples;
    const placed = placeRows(
      present.map((sample) => ({ promptIndex: promptOf(sample), isActive: isActive(sample) })),
      starting.map(promptOf),
    );
    const added = distinctPrompts(starting).filter((prompt) => !present.some(of(prompt)));
    const started_FD = this.#session.exchangeRows(
      placed.map((place): RowPlace => {
        if ("row" in place) return { keep: place.row };
        const prompt = promptOf(starting[place.incoming] as Sample);
        const like = present.findIndex(of(prompt));
        return like < 0 ? { prompt: added.indexOf(prompt) } : { like };
      }),
      added.map((prompt) => this.#promptIds[prompt] as readonly number[]),
    );
    let started = 0;
    this.#takeHidden(
      placed.map((place) => ("row" in place ? place.row : present.length + started++)),
      started_FD,
    );
    this.#samples = placed.map((place) =>
      "row" in place ? (present[place.row] as Sample) : (starting[place.incoming] as Sample),
    );
  }

  #shrink(finished: number): void {
    const rows = this.#samples.length;
    const size = keptBatchSize(rows, rows - finished);
    if (finished === rows || size === rows) return;
    const kept = rowsToKeep(this.#samples.map(isActive), size);
    this.#session.keepRows(kept);
    this.#takeHidden(kept, null);
    this.#samples = kept.map((row) => this.#samples[row] as Sample);
  }

  /** Hidden states in a new order; from R on those of rows that start. */
  #takeHidden(rows: readonly number[], started_FD: Tensor | null): void {
    const { backend } = this.model;
    const hidden_RD = backend.tidy(() =>
      backend.takeRows(
        started_FD ? backend.concat([this.#hidden_RD, started_FD], 0) : this.#hidden_RD,
        backend.tensor(Int32Array.from(rows), [rows.length], "int32"),
      ),
    );
    started_FD?.dispose();
    this.#hidden_RD.dispose();
    this.#hidden_RD = hidden_RD;
  }
}

function promptOf(sample: Sample): number {
  return sample.identity.promptIndex;
}

function of(prompt: number): (sample: Sample) => boolean {
  return (sample) => promptOf(sample) === prompt;
}

function distinctPrompts(samples: readonly Sample[]): number[] {
  return [...new Set(samples.map(promptOf))];
}
