/**
 * Questions into batches of little padding. The layers compute no padding, but attention sees a batch as [P, S] contexts and [B, T]
 * choices, all as long as the longest: questions are parted by their longest choice, each part is sorted by context, and the sorted
 * list is cut where that costs least. Into how many parts is tried out.
 *
 * Axes: P questions, S context tokens, B choices of more than one token, T tokens of a choice that are fed (all but the last).
 */

import type { EncodedQuestion } from "./encode-choices.ts";

/** What a batch costs beside its tokens, in tokens: small kernels run far below the processor's rate. */
const BATCH_OVERHEAD = 48;
/**
 * What a place of padding costs, in tokens: it is copied and takes part in attention alone. An estimate; by operations it is a
 * thirtieth with SmolLM2-135M and 100 keys, and attention is slower at them than products are.
 */
const PADDING_COST = 1 / 8;
const PART_COUNTS = [1, 2, 4, 8, 16, 32, 64];

interface Sized {
  readonly question: EncodedQuestion;
  /** Context tokens. */
  readonly S: number;
  /** Tokens fed of the longest choice. */
  readonly T: number;
  /** Choices that are fed at all. */
  readonly B: number;
  /** Context and choices without their last tokens. */
  readonly tokens: number;
}

/** Sizes of a batch. */
interface BatchSize {
  readonly P: number;
  readonly S: number;
  readonly T: number;
  readonly B: number;
  readonly tokens: number;
}

/**
 * Batches of at most `maxTokens`, padding counted as what it costs, the most expensive first; a longer question is a batch of its
 * own.
 */
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
    plan.reduce((sum, batch) => sum + costOf(sizesOf(batch)) + BATCH_OVERHEAD, 0);
  const cheapest = plans.reduce((best, plan) => (price(plan) < price(best) ? plan : best));
  return cheapest
    .map((batch) => ({ batch, cost: costOf(sizesOf(batch)) }))
    .sort((a, b) => b.cost - a.cost)
    .map(({ batch }) => batch.map(({ question }) => question));
}

/** What a batch counts, in tokens. */
export function batchCost(batch: readonly EncodedQuestion[]): number {
  return costOf(sizesOf(batch.map(sizeOf)));
}

/** Tokens that go through the layers, and places that attention sees: tokens and padding. */
export function batchTokens(batch: readonly EncodedQuestion[]): { tokens: number; places: number } {
  const sizes = sizesOf(batch.map(sizeOf));
  return { tokens: sizes.tokens, places: placesOf(sizes) };
}

function sizeOf(question: EncodedQuestion): Sized {
  const fed = question.choiceIds.map((ids) => ids.length - 1);
  const S = question.contextIds.length;
  return {
    question,
    S,
    T: Math.max(...fed),
    B: fed.filter((length) => length > 0).length,
    tokens: fed.reduce((sum, length) => sum + length, S),
  };
}

function sizesOf(batch: readonly Sized[]): BatchSize {
  return batch.reduce(joined, { P: 0, S: 0, T: 0, B: 0, tokens: 0 });
}

function joined({ P, S, T, B, tokens }: BatchSize, one: Sized): BatchSize {
  return {
    P: P + 1,
    S: Math.max(S, one.S),
    T: Math.max(T, one.T),
    B: B + one.B,
    tokens: tokens + one.tokens,
  };
}

function placesOf({ P, S, T, B }: BatchSize): number {
  return P * S + B * T;
}

function costOf(sizes: BatchSize): number {
  return sizes.tokens + PADDING_COST * (placesOf(sizes) - sizes.tokens);
}

/** Neighbours into parts of about the same number of tokens. */
function inParts(sized: readonly Sized[], count: number): Sized[][] {
  const weight = sized.reduce((sum, { tokens }) => sum + tokens, 0) / count;
  const parts: Sized[][] = Array.from({ length: count }, () => []);
  let before = 0;
  for (const one of sized) {
    parts[Math.min(count - 1, Math.floor(before / weight))]?.push(one);
    before += one.tokens;
  }
  return parts;
}

/** The cheapest way to cut a list into neighbours, by dynamic programming over where the last batch begins. */
function cutCheaply(list: readonly Sized[], maxTokens: number): Sized[][] {
  const price = new Float64Array(list.length + 1).fill(Number.POSITIVE_INFINITY); // of the first `end` questions
  const begin = new Int32Array(list.length + 1);
  price[0] = 0;
  for (let end = 1; end <= list.length; end++) {
    let sizes = sizesOf([]);
    for (let first = end - 1; first >= 0; first--) {
      sizes = joined(sizes, list[first] as Sized);
      const cost = costOf(sizes);
      if (cost > maxTokens && first < end - 1) break; // it only grows
      const total = (price[first] as number) + cost + BATCH_OVERHEAD;
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
