/**
 * Units: which words are units, and which two units measure the same thing.
 * A unit is a product of powers of base units with an exact factor. An unknown word ("apples", "ways") measures nothing:
 * whether two of them are the same things is asked in `things.ts`.
 */
import {
  integer,
  multiplyRational,
  one,
  powerRational,
  type Rational,
  rational,
} from "../algebra/rational.ts";

/** What a unit measures: exponents of base units in alphabetical order ("length^2"), and its size in them. */
export interface UnitMeasure {
  readonly dimension: string;
  readonly factor: Rational;
}

type Definition = readonly [dimension: string, numerator: number, denominator?: number];

const definitions: ReadonlyArray<readonly [names: string, definition: Definition]> = [
  ["mm millimeter millimeters millimetre millimetres", ["length", 1, 1000]],
  ["cm centimeter centimeters centimetre centimetres", ["length", 1, 100]],
  ["dm decimeter decimeters decimetre decimetres", ["length", 1, 10]],
  ["m meter meters metre metres", ["length", 1]],
  ["km kilometer kilometers kilometre kilometres", ["length", 1000]],
  ["in inch inches", ["length", 254, 10000]],
  ["ft foot feet", ["length", 3048, 10000]],
  ["yd yds yard yards", ["length", 9144, 10000]],
  ["mi mile miles", ["length", 1609344, 1000]],
  ["mg milligram milligrams", ["mass", 1, 1000]],
  ["g gm gms gram grams", ["mass", 1]],
  ["kg kilogram kilograms", ["mass", 1000]],
  ["oz ounce ounces", ["mass", 45359237, 1600000]],
  ["lb lbs pound pounds", ["mass", 45359237, 100000]],
  ["ton tons tonne tonnes", ["ton", 1]],
  ["ms millisecond milliseconds", ["time", 1, 1000]],
  ["s sec secs second seconds", ["time", 1]],
  ["min mins minute minutes", ["time", 60]],
  ["h hr hrs hour hours", ["time", 3600]],
  ["day days", ["time", 86400]],
  ["week weeks", ["time", 604800]],
  ["month months", ["month", 1]],
  ["year years yr yrs", ["month", 12]],
  ["ml milliliter milliliters millilitre millilitres", ["length^3", 1, 1_000_000]],
  ["L l liter liters litre litres", ["length^3", 1, 1000]],
  ["gal gallon gallons", ["length^3", 3785411784, 1_000_000_000_000]],
  ["quart quarts", ["length^3", 946352946, 1_000_000_000_000]],
  ["pint pints", ["length^3", 473176473, 1_000_000_000_000]],
  ["cup cups", ["length^3", 473176473, 2_000_000_000_000]],
  ["acre acres", ["length^2", 40468564224, 10_000_000]],
  ["usd dollar dollars buck bucks", ["dollar", 1]],
  ["cent cents", ["dollar", 1, 100]],
  ["euro euros eur", ["euro", 1]],
  ["sterling gbp", ["sterling", 1]],
  ["rupee rupees Rs inr", ["rupee", 1]],
  ["yuan rmb", ["yuan", 1]],
  ["degree degrees deg", ["angle", 1]],
  ["arcminute arcminutes arcmin", ["angle", 1, 60]],
  ["arcsecond arcseconds arcsec", ["angle", 1, 3600]],
  ["radian radians rad", ["radian", 1]],
  ["celsius centigrade", ["celsius", 1]],
  ["fahrenheit", ["fahrenheit", 1]],
  ["percent percents percentage pct", ["percent", 1]],
  ["hertz", ["time^-1", 1]],
  ["joule joules", ["length^2 mass^1 time^-2", 1000]],
  ["kilojoule kilojoules", ["length^2 mass^1 time^-2", 1_000_000]],
  ["newton newtons", ["length^1 mass^1 time^-2", 1000]],
  ["watt watts", ["length^2 mass^1 time^-3", 1000]],
  ["kilowatt kilowatts", ["length^2 mass^1 time^-3", 1_000_000]],
  ["pascal pascals", ["length^-1 mass^1 time^-2", 1000]],
  ["volt volts", ["voltage", 1]],
  ["ohm ohms", ["resistance", 1]],
  ["ampere amperes amp amps", ["current", 1]],
  ["kelvin kelvins", ["kelvin", 1]],
  ["unit units", ["unit", 1]],
  ["am AM", ["morning", 1]],
  ["pm PM", ["afternoon", 1]],
  ["mph", ["length^1 time^-1", 1609344, 3600000]],
  ["kph kmh kmph", ["length^1 time^-1", 1000, 3600]],
];

/** Symbols that are units where something says that they are words (\text{J}); elsewhere they are letters. */
const symbols: ReadonlyArray<readonly [names: string, definition: Definition]> = [
  ["J", ["length^2 mass^1 time^-2", 1000]],
  ["kJ", ["length^2 mass^1 time^-2", 1_000_000]],
  ["MJ", ["length^2 mass^1 time^-2", 1_000_000_000]],
  ["N", ["length^1 mass^1 time^-2", 1000]],
  ["kN", ["length^1 mass^1 time^-2", 1_000_000]],
  ["W", ["length^2 mass^1 time^-3", 1000]],
  ["kW", ["length^2 mass^1 time^-3", 1_000_000]],
  ["MW", ["length^2 mass^1 time^-3", 1_000_000_000]],
  ["Pa", ["length^-1 mass^1 time^-2", 1000]],
  ["kPa", ["length^-1 mass^1 time^-2", 1_000_000]],
  ["Hz", ["time^-1", 1]],
  ["kHz", ["time^-1", 1000]],
  ["MHz", ["time^-1", 1_000_000]],
  ["V", ["voltage", 1]],
  ["kV", ["voltage", 1000]],
  ["mV", ["voltage", 1, 1000]],
  ["A", ["current", 1]],
  ["mA", ["current", 1, 1000]],
  ["K", ["kelvin", 1]],
  ["nm", ["length", 1, 1_000_000_000]],
];

/** Currencies that stand before a number without a space of their own kind of letters. */
export const currencyCodes: ReadonlySet<string> = new Set(["USD", "EUR", "GBP", "INR", "RMB", "Rs"]);

function tableOf(entries: typeof definitions): ReadonlyMap<string, UnitMeasure> {
  const table = new Map<string, UnitMeasure>();
  for (const [names, [dimension, numerator, denominator]] of entries) {
    const factor = rational(BigInt(numerator), BigInt(denominator ?? 1)) ?? one;
    for (const name of names.split(" ")) table.set(name, { dimension, factor });
  }
  return table;
}

const unitTable = tableOf(definitions);
const symbolTable = tableOf(symbols);

/** True for a word that names a unit of measure by itself (letters such as m and s included). */
export function isUnitWord(word: string): boolean {
  return unitTable.has(word) || (word.length > 2 && unitTable.has(word.toLowerCase()));
}

/** A unit with the words around it that say of what: "hours of work", "ft long", "more dollars". */
export interface UnitInWords {
  /** Null where neither the first words nor the last are a unit. */
  readonly measure: UnitMeasure | null;
  /** The words that measure, or "". */
  readonly unit: string;
  /** The other words. */
  readonly words: string;
}

/**
 * The measure in a unit's words and what else they say. Inches by their short
 * name count only before "of": "in total" is no length.
 */
export function unitInWords(phrase: string): UnitInWords {
  const words = phrase.split(/\s+/);
  const split = (from: number, to: number): UnitInWords | null => {
    const unit = words.slice(from, to).join(" ");
    const measure = measureOf(unit);
    const rest = [...words.slice(0, from), ...words.slice(to)].join(" ");
    return measure && (measure.dimension !== "" || rest === "") ? { measure, unit, words: rest } : null;
  };
  const none: UnitInWords = { measure: null, unit: "", words: phrase };
  if (words.length > longestPhrase) return split(0, words.length) ?? none;
  const isShort = words[0] === "in";
  for (let end = words.length; end > 0; end--) {
    const isWhole = end === words.length;
    const found = isWhole || !isShort || words[1] === "of" ? split(0, end) : null;
    if (found) return found;
  }
  const isLast = (words.at(-1)?.length ?? 0) > 2 && words.every((word) => /^[a-z]+$/i.test(word));
  return (isLast ? split(words.length - 1, words.length) : null) ?? none;
}

/** kg\cdot m/s^{2}, a unit with LaTeX in it, as plain words; null for anything else. */
export function spelledUnit(content: string): string | null {
  if (!content.includes("\\") || content.length > 60) return null;
  const words = content
    .replace(/\\(?:cdot|text|rm|[,;:! ])|~/g, " ")
    .replace(/[{}()]/g, "")
    .trim();
  return measureOf(words) ? words : null;
}

/** Words of a phrase that is searched for a unit. */
const longestPhrase = 8;

/** The measure of a unit as written ("square feet", "cm^2", "miles per hour"), or null where a word of it is unknown. */
export function measureOf(unit: string): UnitMeasure | null {
  const exponents = new Map<string, number>();
  let factor = one;
  let sign = 1;
  let nextPower = 1;
  let last: UnitMeasure | null = null;
  const multiplyBy = (measure: UnitMeasure, power: number): void => {
    for (const base of measure.dimension.split(" ")) {
      const [dimension = "", own = "1"] = base.split("^");
      exponents.set(dimension, (exponents.get(dimension) ?? 0) + power * Number(own));
    }
    const scaled = powerRational(measure.factor, BigInt(power));
    factor = (scaled && multiplyRational(factor, scaled)) ?? integer(1);
  };
  const spaced = unit
    .replace(/^([ap])\.m\.?$/i, "$1m")
    .replace(/\bper cents?\b/i, "percent")
    .replaceAll("/", " / ");
  for (const part of spaced.split(/[\s.]+/)) {
    const word = part.toLowerCase();
    if (word === "") continue;
    if (word === "/" || word === "per" || word === "an" || word === "a") {
      if (word !== "a" && word !== "an") sign = -1;
      continue;
    }
    // cm squared, but squared cm too
    const isBehind = (word === "squared" || word === "cubed") && last !== null;
    if (isBehind) {
      multiplyBy(last as UnitMeasure, sign * (word === "squared" ? 1 : 2));
      last = null;
    } else if (word === "square" || word === "sq" || word === "squared") nextPower = 2;
    else if (word === "cubic" || word === "cu" || word === "cubed") nextPower = 3;
    else {
      const caret = part.indexOf("^");
      const name = caret < 0 ? part : part.slice(0, caret);
      const exponent = caret < 0 ? nextPower : Number(part.slice(caret + 1));
      const measure = symbolTable.get(name) ?? unitTable.get(name) ?? unitTable.get(name.toLowerCase());
      if (!measure || !Number.isInteger(exponent) || Math.abs(exponent) > 9) return null;
      multiplyBy(measure, sign * exponent);
      last = exponent === 1 ? measure : null;
      nextPower = 1;
    }
  }
  const dimension = [...exponents]
    .filter(([, exponent]) => exponent !== 0)
    .map(([name, exponent]) => `${name}^${exponent}`)
    .sort()
    .join(" ");
  return { dimension, factor };
}
