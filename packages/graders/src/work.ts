/**
 * Bounded work: every loop of the grader spends from one budget, so that no text, however hostile, can take long.
 * Steps are counted, not time: the same input gives the same verdict on every machine, busy or not.
 * Invariant: whatever can be repeated by the input (a token, a tree node, an evaluation, a pair of list items) spends.
 */

/** Sizes above which an input is treated as data that cannot be read. All are counts, none is a time. */
export const limits = {
  /** Characters of a whole response; a longer one is refused. */
  responseLength: 1_000_000,
  /** Characters of one answer expression. The longest reference of MATH has 159. */
  expressionLength: 4_000,
  /** Nesting of an expression; a bracket or a fraction is about two levels. */
  depth: 100,
  /** Steps of one comparison. An ordinary one takes a few hundred. */
  steps: 100_000,
  /** Bits of an exact integer or of a numerator or denominator. */
  integerBits: 16_384,
  /** Items of a list, set or matrix that are compared without order. */
  items: 200,
  /** Different boxes that are looked at in one response. */
  boxes: 12,
} as const;

/** A budget of steps. */
export interface Work {
  /** Takes `steps` (1 by default) from the budget. @throws {WorkExceeded} when it is used up. */
  spend(steps?: number): void;
  /** Steps taken so far. */
  readonly spent: number;
  /** Steps that may still be taken. */
  readonly left: number;
}

/** Thrown inside the grader only; the public functions turn it into a verdict. */
export class WorkExceeded extends Error {
  override name = "WorkExceeded";
}

/** Makes a budget of at most `limit` steps. */
export function createWork(limit: number = limits.steps): Work {
  let spent = 0;
  return {
    spend(steps = 1) {
      // A step that is too large is refused before it is taken; nothing can be done behind it.
      if (spent + steps > limit) {
        spent = limit;
        throw new WorkExceeded(`more than ${limit} steps`);
      }
      spent += steps;
    },
    get spent() {
      return spent;
    },
    get left() {
      return limit - spent;
    },
  };
}
