/**
 * Carries what a step computed to its samples: entropies, log-probabilities, stored thoughts, alternatives. Read every
 * few steps, earlier where thoughts are large; nothing of size V. What it reads first are entropies: they say whether the rest is
 * made of numbers.
 */

import type { Backend, Tensor } from "@soft-tokens/tensor";
import type { ThoughtStep } from "../contract.ts";
import { DeferredRows } from "./deferred-rows.ts";
import { assertFiniteLogits } from "./finite-logits.ts";
import type { Sample } from "./sample.ts";

const FLUSH_STEPS = 32;
/** 16 MiB of float32 thoughts. */
const FLUSH_ELEMENTS = 2 ** 22;

/** A thought step without what is fed and what is read at once. */
export type RecordedThought = Omit<ThoughtStep, "next_RD" | "shadow_R"> & {
  /** float32; null where the shadow ids are the thought. */
  readonly thought_RD: Tensor | null;
};

/** What is kept of an answer token. */
export interface RecordedAnswer {
  /** Null where it is the most probable one. */
  readonly logProb_N: Tensor | null;
  readonly entropy_N: Tensor;
}

export class Recorder implements Disposable {
  readonly #entropies: DeferredRows;
  readonly #answerEntropies: DeferredRows;
  readonly #thoughtLogProbs: DeferredRows;
  readonly #answerLogProbs: DeferredRows;
  readonly #thoughts: DeferredRows;
  readonly #topIds: DeferredRows;
  readonly #topProbabilities: DeferredRows;
  #steps = 0;

  constructor(ops: Backend) {
    this.#entropies = new DeferredRows(ops, (sample, row) => {
      sample.entropies.push(row);
      assertFiniteLogits(row[0] as number, sample.identity, "thought step", sample.entropies.length);
    });
    this.#answerEntropies = new DeferredRows(ops, (sample, row) => {
      sample.checkedAnswerTokens++;
      assertFiniteLogits(row[0] as number, sample.identity, "answer token", sample.checkedAnswerTokens);
    });
    this.#thoughtLogProbs = new DeferredRows(ops, (sample, row) => {
      const [term = 0] = row;
      sample.thoughtLogProb = (sample.thoughtLogProb ?? 0) + term;
      sample.thoughtLogProbs.push(row);
    });
    this.#answerLogProbs = new DeferredRows(ops, (sample, [term = 0]) => {
      sample.answerLogProb = (sample.answerLogProb ?? 0) + term;
    });
    this.#thoughts = new DeferredRows(ops, (sample, row) => sample.thoughts.push(row));
    this.#topIds = new DeferredRows(ops, (sample, row) => sample.topIds.push(...row));
    this.#topProbabilities = new DeferredRows(ops, (sample, row) => sample.topProbabilities.push(row));
  }

  /** Takes ownership of the step's tensors. */
  addThought(step: RecordedThought, samples: readonly Sample[]): void {
    this.#entropies.add(step.entropy_R, samples);
    if (step.logProb_R) this.#thoughtLogProbs.add(step.logProb_R, samples);
    if (step.thought_RD) this.#thoughts.add(step.thought_RD, samples);
    if (step.topIds_RK) this.#topIds.add(step.topIds_RK, samples);
    if (step.topProbabilities_RK) this.#topProbabilities.add(step.topProbabilities_RK, samples);
  }

  /** Takes ownership. */
  addAnswer({ logProb_N, entropy_N }: RecordedAnswer, samples: readonly Sample[]): void {
    this.#answerEntropies.add(entropy_N, samples);
    if (logProb_N) this.#answerLogProbs.add(logProb_N, samples);
  }

  /** To be called once a step: reads when it is time, and says whether it did. @throws LOGITS_NOT_FINITE */
  async flushIfDue(): Promise<boolean> {
    this.#steps++;
    const isDue = this.#steps >= FLUSH_STEPS || this.#thoughts.elements >= FLUSH_ELEMENTS;
    if (isDue) await this.flush();
    return isDue;
  }

  /** @throws LOGITS_NOT_FINITE */
  async flush(): Promise<void> {
    this.#steps = 0;
    for (const column of this.#columns()) await column.flush();
  }

  [Symbol.dispose](): void {
    for (const column of this.#columns()) column.dispose();
  }

  #columns(): DeferredRows[] {
    return [
      this.#entropies,
      this.#answerEntropies,
      this.#thoughtLogProbs,
      this.#answerLogProbs,
      this.#thoughts,
      this.#topIds,
      this.#topProbabilities,
    ];
  }
}
