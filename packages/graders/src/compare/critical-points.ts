/**
 * Points at which two functions may part although they agree elsewhere: on both sides of where an argument of |...|, of a
 * maximum, a rounding or a root changes its sign, between two such places, at the constants of whole-number functions, and
 * far out. |x - 10^9| is 10^9 - x at every number that anyone would try.
 */
import { complexField, isReal } from "../algebra/complex-field.ts";
import { evaluate, type Point } from "../algebra/evaluate.ts";
import { exactField } from "../algebra/exact-field.ts";
import { printExpression } from "../algebra/print.ts";
import {
  addRational,
  compareRational,
  floorRational,
  integer,
  isInteger,
  multiplyRational,
  negateRational,
  powerRational,
  printRational,
  type Rational,
  rational,
} from "../algebra/rational.ts";
import { namesIn, someNode } from "../algebra/walk.ts";
import { type Expression, negative, numberNode, sumOf } from "../parse/expression.ts";
import type { Work } from "../work.ts";
import { farPoint, integerPoint, realPoint } from "./points.ts";

/** Places that are looked at for each name, and arguments that are looked for. */
const mostPlaces = 12;
const mostArguments = 12;
/** Searches for the places where an argument that is not linear changes its sign. */
const mostScans = 4;

/**
 * The points for a pair of functions, none where both are smooth. `isWhole` says which names are whole numbers; the other
 * names are at an ordinary point while one of them moves.
 */
export function* criticalPoints(
  functions: readonly Expression[],
  isWhole: (name: string) => boolean,
  work: Work,
): Generator<Point> {
  const bends = distinctBy(
    functions.flatMap((x) => argumentsThatMatter(x, work)),
    (bend) => printExpression(bend, work),
  ).slice(0, mostArguments);
  const constants = functions.flatMap((x) => constantsOf(x, work));
  const [ordinary, whole] = [realPoint(1), integerPoint(1)];
  const base: Point = (name) => (isWhole(name) ? whole(name) : ordinary(name));
  let scans = mostScans;
  const rootsAlong = (bend: Expression, name: string): readonly Rational[] => {
    if (!namesIn(bend, work).has(name)) return [];
    const at =
      (place: Rational): Point =>
      (other) =>
        other === name ? place : base(other);
    const linear = rootOfLine(
      [0, 1, 2].map((step) => evaluate(bend, exactField(work), at(integer(step)), work)),
    );
    if (linear) return [linear];
    return scans-- > 0 ? signChanges((place) => doubleAt(bend, at(place), work), work) : [];
  };
  for (const name of new Set(functions.flatMap((x) => [...namesIn(x, work)]))) {
    const roots = bends.flatMap((bend) => rootsAlong(bend, name));
    const places = isWhole(name) ? wholePlaces([...roots, ...constants]) : realPlaces(roots);
    for (const place of places.slice(0, mostPlaces)) yield (other) => (other === name ? place : base(other));
  }
}

/**
 * Points far out on the positive and on the negative side, the farthest first, for functions that bend: whatever changes at
 * some place is changed beyond it. Of each side the first counts at which both have a value.
 */
export function farPoints(
  functions: readonly Expression[],
  isWhole: (name: string) => boolean,
  work: Work,
): readonly (readonly Point[])[] {
  if (!functions.some((x) => someNode(x, work, mayBend))) return [];
  const whole = integerPoint(1);
  return [1, -1].map((sign) =>
    farExponents.map((exponent) => {
      const far = farPoint(exponent, sign);
      return (name) => (isWhole(name) ? whole(name) : far(name));
    }),
  );
}

const farExponents = [30, 14, 8] as const;

function mayBend(x: Expression): boolean {
  if (x.kind === "power") return isEvenRoot(x.exponent);
  return x.kind === "call" && (bending.has(x.name) || x.name.startsWith("arc"));
}

const bending: ReadonlySet<string> = new Set(["abs", "sign", "max", "min", "floor", "ceil", "mod"]);

/** An exponent such as 1/2 or -3/2. */
function isEvenRoot(exponent: Expression): boolean {
  if (exponent.kind === "number") return exponent.value.denominator % 2n === 0n;
  // A root is a power whose exponent is the degree to the power of -1.
  if (exponent.kind === "product") return exponent.factors.some(isEvenRoot);
  return (
    exponent.kind === "power" &&
    exponent.base.kind === "number" &&
    exponent.base.value.numerator % 2n === 0n &&
    exponent.exponent.kind === "number" &&
    exponent.exponent.value.numerator < 0n
  );
}

/** What changes the course of a function where it is zero. */
function argumentsThatMatter(x: Expression, work: Work): readonly Expression[] {
  const found: Expression[] = [];
  someNode(x, work, (node) => {
    if (node.kind === "power" && isEvenRoot(node.exponent)) found.push(...basesOfEvenPowers(node.base));
    if (node.kind !== "call") return false;
    const [first, second] = node.args;
    if ((node.name === "abs" || node.name === "sign") && first) found.push(first);
    if ((node.name === "floor" || node.name === "ceil") && first)
      for (const step of [0, 1, 3]) found.push(sumOf([first, numberNode(integer(-step))]));
    if ((node.name === "max" || node.name === "min") && first)
      for (const other of node.args.slice(1)) found.push(sumOf([first, negative(other)]));
    if (node.name === "mod" && first && second) found.push(sumOf([first, negative(second)]));
    if (node.name.startsWith("arc") && first) found.push(first, ...divisorsOf(first, work));
    return false;
  });
  return found.filter((part) => namesIn(part, work).size > 0);
}

/** u in u^2 v^4. */
function basesOfEvenPowers(x: Expression): readonly Expression[] {
  if (x.kind === "product") return x.factors.flatMap(basesOfEvenPowers);
  const isEven = x.kind === "power" && x.exponent.kind === "number" && x.exponent.value.numerator % 2n === 0n;
  return isEven ? [x.base] : [];
}

function divisorsOf(x: Expression, work: Work): readonly Expression[] {
  const found: Expression[] = [];
  someNode(x, work, (node) => {
    const isDivisor =
      node.kind === "power" && node.exponent.kind === "number" && node.exponent.value.numerator < 0n;
    if (isDivisor) found.push(node.base);
    return false;
  });
  return found;
}

const wholeFunctions: ReadonlySet<string> = new Set([
  ...["factorial", "doubleFactorial", "binomial", "mod", "gcd", "lcm", "floor", "ceil"],
]);
const largestConstant = 2000n;

/** The whole numbers in functions of whole numbers: binom(n, 20) is 0 up to 19. */
function constantsOf(x: Expression, work: Work): readonly Rational[] {
  const found: Rational[] = [];
  someNode(x, work, (node) => {
    if (node.kind !== "call" || !wholeFunctions.has(node.name)) return false;
    someNode(node, work, (inner) => {
      const value = inner.kind === "number" ? inner.value : null;
      if (value && isInteger(value) && value.numerator > 1n && value.numerator <= largestConstant)
        found.push(value);
      return false;
    });
    return false;
  });
  return found;
}

/** Where a line through the values at 0, 1 and 2 is zero; null where they are not on one line. */
function rootOfLine([zero, one, two]: readonly (Rational | null)[]): Rational | null {
  const slope = zero && one && addRational(one, negateRational(zero));
  const next = slope && two && one && addRational(one, slope);
  if (!slope || !next || !zero || !two || slope.numerator === 0n || compareRational(next, two) !== 0)
    return null;
  const inverse = powerRational(slope, -1n);
  return inverse && multiplyRational(negateRational(zero), inverse);
}

function doubleAt(x: Expression, point: Point, work: Work): number | null {
  const value = evaluate(x, complexField("e"), point, work);
  return value && isReal(value) ? value.re : null;
}

/** Powers of ten and three times them, of either sign: between which a sign change is looked for. */
const ladder: readonly number[] = (() => {
  const positive: number[] = [];
  for (let exponent = -3; exponent <= 24; exponent++) positive.push(10 ** exponent, 3 * 10 ** exponent);
  return [...positive.map((step) => -step).reverse(), 0, ...positive];
})();
const halvings = 50;
const mostChanges = 3;

function signChanges(valueAt: (place: Rational) => number | null, work: Work): readonly Rational[] {
  const roots: Rational[] = [];
  let [before, valueBefore]: [number, number | null] = [Number.NaN, null];
  for (const step of ladder) {
    work.spend();
    const value = valueAt(rationalOf(step));
    if (value !== null && valueBefore !== null && value * valueBefore < 0 && roots.length < mostChanges) {
      let [low, high] = [before, step];
      for (let count = 0; count < halvings; count++) {
        const middle = (low + high) / 2;
        const valueThere = valueAt(rationalOf(middle));
        if (valueThere === null) break;
        if (valueThere * valueBefore > 0) low = middle;
        else high = middle;
      }
      roots.push(rationalOf(high));
    }
    if (value === 0 && roots.length < mostChanges) roots.push(rationalOf(step));
    [before, valueBefore] = [step, value];
  }
  return roots;
}

/** A double as a fraction, to about 50 bits. */
function rationalOf(x: number): Rational {
  const exponent = x === 0 ? 0 : Math.floor(Math.log2(Math.abs(x)));
  const shift = Math.max(0, 50 - exponent);
  return rational(BigInt(Math.round(x * 2 ** shift)), 1n << BigInt(shift)) ?? integer(0);
}

/** The roots, a number between any two neighbours, and one beyond them on each side. */
function realPlaces(roots: readonly Rational[]): readonly Rational[] {
  const sorted = [...roots].sort(compareRational);
  const [first, last] = [sorted.at(0), sorted.at(-1)];
  if (!first || !last) return [];
  const moved = (x: Rational, by: number): Rational => addRational(x, integer(by)) ?? x;
  const places = [moved(first, -1), moved(last, 1), ...sorted];
  for (const [index, root] of sorted.slice(1).entries()) {
    const sum = addRational(sorted[index] as Rational, root);
    const middle = sum && multiplyRational(sum, { numerator: 1n, denominator: 2n });
    if (middle) places.push(middle);
  }
  return distinct(places);
}

/** The whole numbers next to each place, and twice as far. */
function wholePlaces(places: readonly Rational[]): readonly Rational[] {
  const found = places.flatMap((place) => {
    const floor = floorRational(place);
    return [floor, floor + 1n, floor - 1n, 2n * floor + 1n].map((value) => integer(value));
  });
  return distinct(found.filter(({ numerator }) => numerator >= 0n));
}

function distinct(places: readonly Rational[]): readonly Rational[] {
  return distinctBy(places, printRational);
}

function distinctBy<T>(items: readonly T[], keyOf: (item: T) => string): readonly T[] {
  return [...new Map(items.map((item) => [keyOf(item), item])).values()];
}
