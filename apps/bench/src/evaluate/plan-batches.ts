/**
 * Questions into batches of little padding. A batch is computed as [P, S] contexts and [B, T] choices, so it pays for the longest
 * context and the longest choice in it: questions are parted by their longest choice, each part is sorted by context, and the
 * sorted list is cut where that costs least. Into how many parts is tried out.
 *
 * Axes: P questions, S context tokens, B choices of more than one token, T tokens of a choice that are fed (all but the last).
 */

import type { EncodedQuestion } from "./encode-choices.ts";

/** What a batch costs beside its tokens, in tokens: small kernels run far below the processor's rate. */
const BATCH_OVERHEAD = 48;
const PART_COUNTS = [1, 2, 4, 8, 16, 32, 64];

interface Sized {
  readonly question: EncodedQuestion;
  /** Context tokens. */
  readonly S: number;
  /** Tokens fed of the longest choice. */
  readonly T: number;
  /** Choices that are fed at all. */
  readonly B: number;
}

/** Batches of at most `maxTokens` padded tokens, the most expensive first; a longer question is a batch of its own. */
export function planBatches(questions: readonly EncodedQuestion[], maxTokens: number): EncodedQuestion[][] {
  const byChoice = questions.map(sizeOf).sort((a, b) => b.T - a.T || b.S - a.S);
  const plans = PART_COUNTS.filter((count) => count === 1 || count * 4 <= questions.length).map((count) =>
    inParts(byChoice, count).flatMap((part) =>
      cutCheaply(
        part.sort((a, b) => b.S - a.S || b.T - a.T),
        maxTokens,
      ),
    ),
  );
  const price = (plan: readonly Sized[][]) =>
    plan.reduce((sum, batch) => sum + cost(batch) + BATCH_OVERHEAD, 0);
  const cheapest = plans.reduce((best, plan) => (price(plan) < price(best) ? plan : best));
  return cheapest
    .map((batch) => ({ batch, tokens: cost(batch) }))
    .sort((a, b) => b.tokens - a.tokens)
    .map(({ batch }) => batch.map(({ question }) => question));
}

/** Tokens that a batch is computed with, padding included. */
export function paddedTokens(batch: readonly EncodedQuestion[]): number {
  return cost(batch.map(sizeOf));
}

function sizeOf(question: EncodedQuestion): Sized {
  const fed = question.choiceIds.map((ids) => ids.length - 1);
  return {
    question,
    S: question.contextIds.length,
    T: Math.max(...fed),
    B: fed.filter((length) => length > 0).length,
  };
}

function cost(batch: readonly Sized[]): number {
  const most = (size: (one: Sized) => number) => batch.reduce((max, one) => Math.max(max, size(one)), 0);
  const rows = batch.reduce((sum, { B }) => sum + B, 0);
  return batch.length * most(({ S }) => S) + rows * most(({ T }) => T);
}

/** Neighbours into parts of about the same number of tokens. */
function inParts(sized: readonly Sized[], count: number): Sized[][] {
  const weight = sized.reduce((sum, { S, B, T }) => sum + S + B * T, 0) / count;
  const parts: Sized[][] = Array.from({ length: count }, () => []);
  let before = 0;
  for (const one of sized) {
    parts[Math.min(count - 1, Math.floor(before / weight))]?.push(one);
    before += one.S + one.B * one.T;
  }
  return parts;
}

/** The cheapest way to cut a list into neighbours, by dynamic programming over where the last batch begins. */
function cutCheaply(list: readonly Sized[], maxTokens: number): Sized[][] {
  const price = new Float64Array(list.length + 1).fill(Number.POSITIVE_INFINITY); // of the first `end` questions
  const begin = new Int32Array(list.length + 1);
  price[0] = 0;
  for (let end = 1; end <= list.length; end++) {
    let [S, T, B] = [0, 0, 0];
    for (let first = end - 1; first >= 0; first--) {
      const one = list[first] as Sized;
      S = Math.max(S, one.S);
      T = Math.max(T, one.T);
      B += one.B;
      const tokens = (end - first) * S + B * T;
      if (tokens > maxTokens && first < end - 1) break; // it only grows
      const total = (price[first] as number) + tokens + BATCH_OVERHEAD;
      if (total < (price[end] as number)) {
        price[end] = total;
        begin[end] = first;
      }
    }
  }
  const batches: Sized[][] = [];
  for (let end = list.length; end > 0; end = begin[end] as number) {
    batches.unshift(list.slice(begin[end], end));
  }
  return batches;
}
