/**
 * Values with units. A unit on one side only is forgiven (the question names it); two units must measure the same
 * thing, and then the values are converted. Percent, degrees and currencies are units with a few rules of their own.
 */
import { evaluate, noNames } from "../algebra/evaluate.ts";
import { exactField } from "../algebra/exact-field.ts";
import { absRational, compareRational, one, type Rational, rational } from "../algebra/rational.ts";
import { someNode } from "../algebra/walk.ts";
import { doublePrime, prime } from "../parse/arc-minutes.ts";
import { type Expression, numberNode, productOf } from "../parse/expression.ts";
import { isUnitWord, measureOf, type UnitMeasure, unitInWords } from "../parse/units.ts";
import { type Context, equalBy, type Outcome, unequalBy } from "./context.ts";
import { compareValues } from "./scalars.ts";
import { mayBeSameThings } from "./things.ts";

interface Quantity {
  readonly value: Expression;
  /** The unit as written, or null. */
  readonly unit: string | null;
  /** What else the words say, of which things or in which direction: "apples", "increase"; "" for nothing. */
  readonly words: string;
}

/** Compares two scalars, units included. */
export function compareScalars(gold: Expression, answer: Expression, context: Context): Outcome {
  const [g, a] = besideUnits(peel(gold), peel(answer));
  if (isResidue(g.value) && isResidue(a.value)) {
    const moduli = compareValues(g.value.args[1] as Expression, a.value.args[1] as Expression, context);
    if (!moduli.equal) return unequalBy("exact", "different moduli");
  }
  const isPrimed = isPrimeUnit(g.unit) || isPrimeUnit(a.unit);
  if (isPrimed && g.unit !== null && a.unit !== null && g.unit !== a.unit)
    return unequalBy("quantity", "different units");
  const isOneSided = (g.unit ?? g.words) === "" || (a.unit ?? a.words) === "";
  if (!areCompatible(g, a)) {
    return unequalBy("quantity", `${phraseOf(a)} does not measure what ${phraseOf(g)} measures`);
  }
  if (g.unit === null && a.unit === null) {
    const outcome = compareValues(g.value, a.value, context);
    return isOneSided && (g.words !== "" || a.words !== "") ? named(outcome, "a unit on one side") : outcome;
  }
  if (g.unit === "percent" || a.unit === "percent") return comparePercents(g, a, context);
  if (isAngle(g) || isAngle(a)) return compareAngles(g, a, context);
  if (g.unit === null || a.unit === null) {
    return named(compareValues(g.value, a.value, context), "a unit on one side");
  }
  return compareUnits(g, a, g.unit, a.unit, context);
}

/** 5m beside 500cm: the last letter of a product is a unit where the other side is measured in one of its kind. */
function besideUnits(g: Quantity, a: Quantity): readonly [Quantity, Quantity] {
  const [gold, answer] = [withLetterUnit(g, a), withLetterUnit(a, g)];
  return [withPrimeUnit(gold, answer), withPrimeUnit(answer, gold)];
}

function withLetterUnit(x: Quantity, other: Quantity): Quantity {
  if (x.unit !== null || other.unit === null || other.unit.length < 2 || x.value.kind !== "product") return x;
  const letter = x.value.factors.at(-1);
  const measure =
    letter?.kind === "symbol" && letter.name.length === 1 && isUnitWord(letter.name)
      ? measureOf(letter.name)
      : null;
  const isSame = measure !== null && measure.dimension === measureOf(other.unit)?.dimension;
  return letter?.kind === "symbol" && isSame
    ? { ...x, value: productOf(x.value.factors.slice(0, -1)), unit: letter.name }
    : x;
}

/** 60' beside 1 degree are minutes of arc, beside hours those of time, beside a length they are feet. */
function withPrimeUnit(x: Quantity, { unit }: Quantity): Quantity {
  if (x.unit !== prime && x.unit !== doublePrime) return x;
  const index = x.unit === prime ? 0 : 1;
  if (unit === "degree") return { ...x, value: scaled(x.value, 1n, [60n, 3600n][index] as bigint), unit };
  const dimension = unit === null ? "" : measureOf(unit)?.dimension;
  const names =
    dimension === "length^1" ? ["foot", "inch"] : dimension === "time^1" ? ["minute", "second"] : [];
  return { ...x, unit: names[index] ?? x.unit };
}

function scaled(value: Expression, numerator: bigint, denominator: bigint): Expression {
  return productOf([numberNode(rational(numerator, denominator) as Rational), value]);
}

function isPrimeUnit(unit: string | null): boolean {
  return unit === prime || unit === doublePrime;
}

/** 3 mod 7. */
export function isResidue(x: Expression): x is Extract<Expression, { kind: "call" }> {
  return x.kind === "call" && x.name === "mod";
}

/** Takes the unit off a value, also off the only factor or term that has one: -(5 dollars), 2 + 3 feet. */
function peel(x: Expression): Quantity {
  if (x.kind === "quantity") return joined(peel(x.value), x.unit);
  if (x.kind === "product") {
    const index = x.factors.findIndex((factor) => factor.kind === "quantity" && factor.unit !== "degree");
    const factor = x.factors[index];
    if (factor?.kind === "quantity") {
      const { value, ...unit } = peel(factor);
      return { ...unit, value: productOf(x.factors.with(index, value)) };
    }
    const [sign, rest] = x.factors;
    if (x.factors.length === 2 && sign?.kind === "number" && rest?.kind === "quantity") {
      const { value, ...unit } = peel(rest);
      return { ...unit, value: productOf([sign, value]) };
    }
  }
  return { value: x, unit: null, words: "" };
}

/** A quantity with one more phrase after it: 45 dollars and "profit", 30 degrees and "C". */
function joined(inner: Quantity, phrase: string): Quantity {
  if (phrase === "") return inner;
  if (isPrimeUnit(phrase) && inner.unit === null) return { ...inner, unit: phrase };
  const scale = temperatureScale(phrase.toLowerCase());
  if (scale !== null && (inner.unit === "degree" || phrase.toLowerCase().startsWith("deg")))
    return { ...inner, unit: scale };
  // $10 per hour
  const rate =
    inner.unit === null || !/^(?:\/|per\b)/.test(phrase) ? null : unitInWords(`${inner.unit} ${phrase}`);
  if (rate?.measure) return { ...inner, unit: rate.unit, words: `${inner.words} ${rate.words}`.trim() };
  const { measure, unit, words } = unitInWords(phrase);
  if (inner.unit !== null || measure === null)
    return { ...inner, words: `${inner.words} ${inner.unit === null ? words : phrase}`.trim() };
  const known = ["percent", "degree"].find((name) => measure.dimension === measureOf(name)?.dimension);
  if (known !== undefined) {
    // Minutes of arc are parts of a degree.
    const { numerator, denominator } = measure.factor;
    const value = denominator === 1n ? inner.value : scaled(inner.value, numerator, denominator);
    return { value, unit: known, words: `${inner.words} ${words}`.trim() };
  }
  return { ...inner, unit, words: `${inner.words} ${words}`.trim() };
}

function phraseOf({ unit, words }: Quantity): string {
  return [unit ?? "", words].join(" ").trim();
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

/** Whether a phrase is nothing but words for things ("points", "children tickets") beside a unit that measures. */
function countsThings(phrase: string, other: UnitMeasure): boolean {
  if (other.dimension === "" || isGeneric(other)) return false;
  return phrase.split(" ").every((word) => /^[a-z]{4,}$/.test(word) && measureOf(word) === null);
}

/** Whether two units in words, either of which may be missing or unknown, may measure the same thing. */
export function haveCompatibleUnits(goldUnit: string, answerUnit: string): boolean {
  const nothing: Quantity = { value: numberNode(one), unit: null, words: "" };
  return areCompatible(joined(nothing, goldUnit), joined(nothing, answerUnit));
}

/** The words of both must agree where both have some, and the measures where both have one. */
function areCompatible(gold: Quantity, answer: Quantity): boolean {
  if (gold.words !== "" && answer.words !== "" && !mayBeSameThings(gold.words, answer.words)) return false;
  const [g, a] = [gold, answer].map(({ unit }) => (unit === null ? null : measureOf(unit)));
  // 40 feet are not 40 points; what is no plain word may be anything.
  if (g && answer.unit === null && gold.words === "" && answer.words !== "" && countsThings(answer.words, g))
    return false;
  if (a && gold.unit === null && answer.words === "" && gold.words !== "" && countsThings(gold.words, a))
    return false;
  if (!g || !a || g.dimension === a.dimension) return true;
  const dimensions = new Set([g.dimension, a.dimension]);
  // An angle in degrees or radians; "degrees" without a scale beside one.
  if (dimensions.has("angle^1")) {
    return ["radian^1", "celsius^1", "fahrenheit^1"].some((other) => dimensions.has(other));
  }
  const areLengths = [g, a].every((measure) => /^(?:unit|length)\^/.test(measure.dimension));
  return areLengths && isGeneric(g) !== isGeneric(a);
}

function compareUnits(
  g: Quantity,
  a: Quantity,
  goldUnit: string,
  answerUnit: string,
  context: Context,
): Outcome {
  const [goldMeasure, answerMeasure] = [measureOf(goldUnit), measureOf(answerUnit)];
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
