/**
 * Sums without an end whose terms shrink at least like those of a geometric series, added up until what is left is beyond
 * the precision of the field. Others (1/n^2) have no value here.
 */
import type { Field, Precision } from "./evaluate.ts";

/** Terms after which the terms must shrink, and between which they must have. */
const patience = 64;
const stride = 16;
/** Bits by which terms must shrink over a stride: a ratio of at most 0.97. */
const leastShrinkage = 0.8;
/** What is left behind a term is less than this many bits above it. */
const bitsOfRest = 6;
const mostTerms = 800;

/** The sum of the terms from the first on; null where it has no value in this field, or does not converge fast enough. */
export function endlessSum<T>(termAt: (index: number) => T | null, field: Field<T>): T | null {
  const { precision } = field;
  return precision ? precision.unnoted(() => addUp(termAt, field, precision)) : null;
}

function addUp<T>(termAt: (index: number) => T | null, field: Field<T>, precision: Precision<T>): T | null {
  let result: T | null = null;
  const sizes: number[] = [];
  for (let index = 0; index < mostTerms; index++) {
    const term = termAt(index);
    if (term === null) return null;
    result = index === 0 ? term : field.add(result as T, term);
    if (result === null) return null;
    sizes.push(precision.size(term));
    const shrinkage = (sizes.at(-1 - stride) ?? 0) - (sizes.at(-1) as number);
    if (index < stride) continue;
    const isShrinking = shrinkage >= leastShrinkage;
    const last = sizes.at(-1) as number;
    if (isShrinking && last < -precision.bits - bitsOfRest) return precision.widen(result, last + bitsOfRest);
    if (!isShrinking && index > patience) return null;
  }
  return null;
}
