/**
 * Ratios and times of day: 1:2 is 2:4 and 1/2, but 3:30 is not 1:10, and 8:34 p.m. is not 8:34 a.m.
 */
import { integer } from "../algebra/rational.ts";
import { type Expression, numberNode } from "../parse/expression.ts";
import { type Context, equalBy, type Outcome, unequalBy } from "./context.ts";
import { compareScalars, haveCompatibleUnits } from "./quantities.ts";

type Ratio = Extract<Expression, { kind: "ratio" }>;

/** A ratio, or one with a unit (p.m.). */
export function isRatio(x: Expression): boolean {
  return x.kind === "ratio" || (x.kind === "quantity" && x.value.kind === "ratio");
}

/** Compares two scalars of which at least one is a ratio. */
export function compareRatios(gold: Expression, answer: Expression, context: Context): Outcome {
  const [[g, goldUnit], [a, answerUnit]] = [withUnit(gold), withUnit(answer)];
  if (!haveCompatibleUnits(goldUnit, answerUnit)) return unequalBy("quantity", "different units");
  if (g.kind === "ratio" && a.kind === "ratio") {
    // With a unit behind it (p.m.), a ratio is a time.
    const isTime = g.isTime || a.isTime || goldUnit !== "" || answerUnit !== "";
    const [goldMinutes, answerMinutes] = [minutesOf(g, goldUnit), minutesOf(a, answerUnit)];
    if (goldMinutes !== null && goldMinutes === answerMinutes)
      return equalBy("ratio", "the same time of day");
    return comparePair(g, a, isTime || (mayBeTime(g) && mayBeTime(a)), context);
  }
  const [goldHour, answerHour] = [hourOf(gold), hourOf(answer)];
  if (goldHour || answerHour) return compareRatios(goldHour ?? gold, answerHour ?? answer, context);
  const ratio = (g.kind === "ratio" ? g : a) as Ratio;
  const isValue = ratio.parts.length === 2 && !ratio.isTime && goldUnit === "" && answerUnit === "";
  return isValue ? compareScalars(gold, answer, context) : unequalBy("ratio", "a ratio and a value");
}

/** Minutes since midnight, where half of the day is certain: 3:30 p.m., 15:30, 0:10; else null. */
function minutesOf({ parts }: Ratio, unit: string): number | null {
  const [hour, minute] = parts.map((part) =>
    part.kind === "number" ? Number(part.value.numerator) : Number.NaN,
  );
  if (parts.length !== 2 || hour === undefined || minute === undefined) return null;
  if (!(Number.isInteger(hour) && hour < 24 && minute >= 0 && minute < 60)) return null;
  const half = /^([ap])\.?\s?m\.?$/i.exec(unit)?.[1]?.toLowerCase();
  if (half === undefined) return unit === "" && (hour > 12 || hour === 0) ? hour * 60 + minute : null;
  if (hour < 1 || hour > 12) return null;
  return ((hour % 12) + (half === "p" ? 12 : 0)) * 60 + minute;
}

/** 9 a.m. as 9:00 a.m.; null for anything else. */
function hourOf(x: Expression): Expression | null {
  if (x.kind !== "quantity" || x.value.kind !== "number" || !/^[ap]\.?\s?m\.?$/i.test(x.unit)) return null;
  return { ...x, value: { kind: "ratio", parts: [x.value, numberNode(integer(0))], isTime: true } };
}

function withUnit(x: Expression): readonly [value: Expression, unit: string] {
  return x.kind === "quantity" && x.value.kind === "ratio" ? [x.value, x.unit] : [x, ""];
}

function comparePair(gold: Ratio, answer: Ratio, isTime: boolean, context: Context): Outcome {
  if (gold.parts.length !== answer.parts.length) return unequalBy("ratio", "ratios of different lengths");
  const isSame = gold.parts.every(
    (part, index) => compareScalars(part, answer.parts[index] as Expression, context).equal,
  );
  if (isSame) return equalBy("ratio", isTime ? "the same time" : "equal part by part");
  if (isTime) return unequalBy("ratio", "different times");
  for (let index = 1; index < gold.parts.length; index++) {
    const pair = (parts: readonly Expression[]): Expression => ({
      kind: "ratio",
      parts: [parts[0] as Expression, parts[index] as Expression],
    });
    if (!compareScalars(pair(gold.parts), pair(answer.parts), context).equal) {
      return unequalBy("ratio", "different ratios");
    }
  }
  return equalBy("ratio", "the same ratio");
}

/** 12:00, 3:30: an hour and two digits of minutes, or a part that is zero. */
function mayBeTime(x: Ratio): boolean {
  const values = x.parts.map((part) => (part.kind === "number" ? part.value.numerator : null));
  if (values.includes(0n)) return true;
  const [hour, minute] = values;
  return hour != null && minute != null && hour <= 24n && minute >= 10n && minute < 60n;
}
