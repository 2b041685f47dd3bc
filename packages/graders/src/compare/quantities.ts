/**
 * Values with units. A unit on one side only is forgiven (the question names it); two units must measure the same
 * thing, and then the values are converted. Percent, degrees and currencies are units with a few rules of their own.
 */
import { evaluate, noNames } from "../algebra/evaluate.ts";
import { exactField } from "../algebra/exact-field.ts";
import { absRational, compareRational, one, type Rational, rational } from "../algebra/rational.ts";
import { someNode } from "../algebra/walk.ts";
import { type Expression, numberNode, productOf } from "../parse/expression.ts";
import { measureOf, measureWithin, type UnitMeasure } from "../parse/units.ts";
import { type Context, equalBy, type Outcome, unequalBy } from "./context.ts";
import { compareValues } from "./scalars.ts";
import { mayBeSameThings } from "./things.ts";

interface Quantity {
  readonly value: Expression;
  /** The unit as written, or null. */
  readonly unit: string | null;
}

/** Compares two scalars, units included. */
export function compareScalars(gold: Expression, answer: Expression, context: Context): Outcome {
  const [g, a] = [peel(gold), peel(answer)];
  if (isResidue(g.value) && isResidue(a.value)) {
    const moduli = compareValues(g.value.args[1] as Expression, a.value.args[1] as Expression, context);
    if (!moduli.equal) return unequalBy("exact", "different moduli");
  }
  if (g.unit === null && a.unit === null) return compareValues(g.value, a.value, context);
  if (g.unit !== null && a.unit !== null && !haveCompatibleUnits(g.unit, a.unit)) {
    return unequalBy("quantity", `${a.unit} does not measure what ${g.unit} measures`);
  }
  if (g.unit === "percent" || a.unit === "percent") return comparePercents(g, a, context);
  if (isAngle(g) || isAngle(a)) return compareAngles(g, a, context);
  if (g.unit === null || a.unit === null) {
    return named(compareValues(g.value, a.value, context), "a unit on one side");
  }
  return compareUnits(g, a, g.unit, a.unit, context);
}

/** 3 mod 7. */
export function isResidue(x: Expression): x is Extract<Expression, { kind: "call" }> {
  return x.kind === "call" && x.name === "mod";
}

/** Takes the unit off a value, also off the only factor or term that has one: -(5 dollars), 2 + 3 feet. */
function peel(x: Expression): Quantity {
  if (x.kind === "quantity") {
    const unit = x.unit.toLowerCase();
    const isPercent = ["percent", "percentage", "pct", "percentage points"].includes(unit);
    const isDegree = ["degree", "degrees", "deg"].includes(unit);
    const scale = temperatureScale(unit);
    const inner = peel(x.value);
    if (inner.unit === "degree" && scale !== null) return { value: inner.value, unit: scale };
    if (inner.unit !== null) return { value: inner.value, unit: inner.unit };
    if (scale !== null && unit.startsWith("deg")) return { value: x.value, unit: scale };
    return { value: x.value, unit: isPercent ? "percent" : isDegree ? "degree" : x.unit };
  }
  if (x.kind === "product") {
    const index = x.factors.findIndex((factor) => factor.kind === "quantity" && factor.unit !== "degree");
    const factor = x.factors[index];
    if (factor?.kind === "quantity") {
      return { value: productOf(x.factors.with(index, factor.value)), unit: factor.unit };
    }
    const [sign, rest] = x.factors;
    if (x.factors.length === 2 && sign?.kind === "number" && rest?.kind === "quantity") {
      return { value: productOf([sign, rest.value]), unit: rest.unit };
    }
  }
  return { value: x, unit: null };
}

/** "C", "degrees Celsius": the scale of a temperature, or null. */
function temperatureScale(unit: string): string | null {
  const word = unit.replace(/^degrees? /, "");
  if (word === "c" || word === "celsius" || word === "centigrade") return "celsius";
  return word === "f" || word === "fahrenheit" ? "fahrenheit" : null;
}

function named(outcome: Outcome, remark: string): Outcome {
  return { ...outcome, reason: `${outcome.reason}; ${remark}` };
}

/**
 * 28% is 0.28. It is also met by 28, and a reference 28 by 28%, because references are written without the sign; but
 * not below 1, where 0.2% for 0.2 would be a mistake.
 */
function comparePercents(g: Quantity, a: Quantity, context: Context): Outcome {
  const sameSign = g.unit === a.unit;
  const plain = compareValues(g.value, a.value, context);
  if (sameSign) return plain;
  if (plain.equal && isAtLeastOne(g.value, context)) return named(plain, "a percent sign on one side");
  const toFraction = (x: Quantity): Expression =>
    x.unit === "percent" ? productOf([numberNode(rational(1n, 100n) as Rational), x.value]) : x.value;
  return named(compareValues(toFraction(g), toFraction(a), context), "percent as a hundredth");
}

function isAtLeastOne(x: Expression, { work }: Context): boolean {
  const value = evaluate(x, exactField(work), noNames, work);
  return value === null || value.numerator === 0n || compareRational(absRational(value), one) >= 0;
}

function isAngle(x: Quantity): boolean {
  return x.unit === "degree";
}

/** Degrees against degrees, against a bare number, or against a multiple of pi. */
function compareAngles(g: Quantity, a: Quantity, context: Context): Outcome {
  const isRadian = (unit: string | null): boolean => unit !== null && /^rad(?:ians?)?$/i.test(unit);
  const plain = compareValues(g.value, a.value, context);
  const isMixed = isRadian(g.unit) || isRadian(a.unit);
  if ((plain.equal && !isMixed) || g.unit === a.unit) return plain;
  const isTemperature = [g.unit, a.unit].some(
    (unit) => unit !== null && unit !== "degree" && !isRadian(unit),
  );
  const other = g.unit === "degree" ? a : g;
  const hasPi = someNode(
    other.value,
    context.work,
    (node) =>
      (node.kind === "constant" && node.name === "pi") ||
      (node.kind === "call" && node.name.startsWith("arc")),
  );
  if (isTemperature || !(hasPi || isRadian(other.unit))) return plain;
  const toRadians = (x: Quantity): Expression =>
    x.unit === "degree" ? { kind: "quantity", value: x.value, unit: "degree" } : x.value;
  return named(compareValues(toRadians(g), toRadians(a), context), "degrees as radians");
}

/** "square units": some unit, whichever the question means. */
function isGeneric(measure: UnitMeasure): boolean {
  return measure.dimension.startsWith("unit^");
}

/** Whether a unit is nothing but words for things ("points", "children tickets") beside one that measures. */
function countsThings(unit: string, other: UnitMeasure): boolean {
  if (other.dimension === "" || isGeneric(other)) return false;
  return unit.split(" ").every((word) => /^[a-z]{4,}$/.test(word) && measureOf(word) === null);
}

/** Whether two units, either of which may be missing or unknown, may measure the same thing. */
export function haveCompatibleUnits(goldUnit: string, answerUnit: string): boolean {
  if (goldUnit === "" || answerUnit === "") return true;
  const [gold, answer] = [measureWithin(goldUnit), measureWithin(answerUnit)];
  if (!gold && !answer) return mayBeSameThings(goldUnit, answerUnit);
  // 40 feet are not 40 points; what is no plain word may be anything.
  if (
    (!answer && gold && countsThings(answerUnit, gold)) ||
    (!gold && answer && countsThings(goldUnit, answer))
  )
    return false;
  if (!gold || !answer || gold.dimension === answer.dimension) return true;
  const dimensions = new Set([gold.dimension, answer.dimension]);
  // An angle in degrees or radians; "degrees" without a scale beside one.
  if (dimensions.has("angle^1")) {
    return ["radian^1", "celsius^1", "fahrenheit^1"].some((other) => dimensions.has(other));
  }
  const areLengths = [gold, answer].every((measure) => /^(?:unit|length)\^/.test(measure.dimension));
  return areLengths && isGeneric(gold) !== isGeneric(answer);
}

function compareUnits(
  g: Quantity,
  a: Quantity,
  goldUnit: string,
  answerUnit: string,
  context: Context,
): Outcome {
  const [goldMeasure, answerMeasure] = [measureWithin(goldUnit), measureWithin(answerUnit)];
  const isKnown = goldMeasure && answerMeasure && goldUnit !== answerUnit;
  if (!isKnown || isGeneric(goldMeasure) !== isGeneric(answerMeasure)) {
    return compareValues(g.value, a.value, context);
  }
  const outcome = compareValues(
    productOf([numberNode(goldMeasure.factor), g.value]),
    productOf([numberNode(answerMeasure.factor), a.value]),
    context,
  );
  return outcome.equal ? equalBy("quantity", `equal after conversion to ${goldMeasure.dimension}`) : outcome;
}
