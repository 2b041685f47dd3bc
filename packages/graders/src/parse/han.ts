/**
 * Chinese (and a little Japanese) around values: joiners, units, measure words, scales, fractions in words. Only what is known by
 * name is turned into LaTeX. Other words stay and make an answer unreadable, since they may change the value: 5以上 is "5 and more".
 */

/** The same text with these words in LaTeX. Linear. */
export function hanToLatex(text: string): string {
  if (!/[\p{Script=Han}\p{Script=Hangul}]/u.test(text)) return text;
  return withFractionWords(text).replace(
    /[\p{Script=Han}\p{Script=Hangul}]+/gu,
    (run, at: number, whole: string) =>
      runToLatex(run, /[\p{N}a-zA-Zπ})%/°]\s*$/u.test(whole.slice(Math.max(0, at - 4), at))),
  );
}

/** 百分之25 is 25%, 3分之1 a third; in numerals of either kind. */
function withFractionWords(text: string): string {
  const number = "([0-9.]{1,20}|[零一二两三四五六七八九十百千]{1,12})";
  const digits = (word: string): string => (/^[0-9.]+$/.test(word) ? word : String(valueOfHan(word) ?? word));
  return text
    .replace(new RegExp(`百分之${number}`, "g"), (_, value: string) => `${digits(value)}\\%`)
    .replace(new RegExp(`${number}分之${number}`, "g"), (_, below: string, above: string) => {
      return `\\frac{${digits(above)}}{${digits(below)}}`;
    });
}

const text = (words: string): string => `\\text{ ${words} }`;

const words = new Map<string, string>([
  ...["或", "或者", "또는"].map((word): [string, string] => [word, text("or")]),
  ...["和", "与", "與", "及", "以及", "且", "그리고"].map((word): [string, string] => [word, text("and")]),
  ...["约", "約", "大约", "大約"].map((word): [string, string] => [word, text("about")]),
  ["无解", text("no solution")],
  ["無解", text("no solution")],
  ["不存在", text("does not exist")],
  ["空集", "\\emptyset "],
  ["无穷大", "\\infty "],
  ["無窮大", "\\infty "],
  ["万", "\\cdot 10^{4}"],
  ["萬", "\\cdot 10^{4}"],
  ["亿", "\\cdot 10^{8}"],
  ["億", "\\cdot 10^{8}"],
  ["每", text("per")],
]);

const units = new Map<string, string>(
  (
    "毫米 mm,厘米 cm,公分 cm,分米 dm,米 m,千米 km,公里 km,平方厘米 cm^2,平方分米 dm^2,平方米 m^2,平方千米 km^2,平方公里 km^2," +
    "立方厘米 cm^3,立方分米 dm^3,立方米 m^3,毫升 ml,升 L,毫克 mg,克 g,千克 kg,公斤 kg,吨 tons,噸 tons," +
    "秒 seconds,分钟 minutes,分鐘 minutes,小时 hours,小時 hours,時間 hours,时 hours,天 days,周 weeks,星期 weeks,月 months,个月 months,年 years," +
    "元 yuan,圆 yuan,人民币 yuan,美元 dollars,欧元 euros,英镑 sterling,度 degrees"
  )
    .split(",")
    .map((entry) => entry.split(" ") as [string, string]),
);

/** "In all", "the answer is": what only leads to a value. */
const leadIn = /^(?:一共|总共|总计|共计|共)?有?$|^(?:所以|因此|故)?(?:最终)?(?:答案|结果)[是为為：]$/;

/** Measure words: after a number they say that something is counted. */
const counters: ReadonlySet<string> = new Set(
  (
    "个 個 只 隻 人 名 位 本 张 張 条 條 块 枝 支 件 颗 棵 头 頭 匹 辆 輛 台 次 种 種 组 組 对 對 双 雙 箱 盒 袋 瓶 杯 页 頁 道 题 題 步 层 層 " +
    "班 队 朵 根 片 套 艘 架 座 间 間 家 笔 份 岁 歲 枚 场 場 字 句 円 원 개 명"
  ).split(" "),
);

/** What the counted thing may be called: no word that changes the number. */
const thing = /^[^以上下不非没無无多余餘约約或和与倍折成万亿千百十半至少于於第分点数方]{0,6}/;

function runToLatex(run: string, isAfterNumber: boolean): string {
  if (!isAfterNumber && leadIn.test(run)) return " ";
  const isNumeral = /^[零一二两三四五六七八九十百千]+/.exec(run)?.[0] ?? "";
  const value = isAfterNumber ? null : valueOfHan(isNumeral);
  let result = value === null ? "" : String(value);
  let rest = value === null ? run : run.slice(isNumeral.length);
  let isValueBefore = isAfterNumber || value !== null;
  while (rest !== "") {
    const word = longest(rest, (part) => words.has(part));
    const unit = isValueBefore || word.length > 0 ? longest(rest, (part) => units.has(part)) : "";
    const counter = isValueBefore ? longest(rest, (part) => counters.has(part)) : "";
    if (unit.length > 0 && unit.length >= Math.max(word.length, counter.length)) {
      result += text(units.get(unit) as string);
      rest = rest.slice(unit.length);
    } else if (word.length > 0 && word.length >= counter.length) {
      result += words.get(word);
      rest = rest.slice(word.length);
    } else if (counter.length > 0) {
      const name = thing.exec(rest.slice(counter.length))?.[0] ?? "";
      result += text(counter + name);
      rest = rest.slice(counter.length + name.length);
    } else return result + rest;
    isValueBefore = true;
  }
  return result;
}

/** The longest beginning of up to four characters that is known. */
function longest(run: string, isKnown: (part: string) => boolean): string {
  for (let length = Math.min(4, run.length); length > 0; length--) {
    const part = run.slice(0, length);
    if (isKnown(part)) return part;
  }
  return "";
}

const digits = "零一二三四五六七八九";
const scales = new Map([
  ["十", 10],
  ["百", 100],
  ["千", 1000],
]);

/** The value of a numeral below ten thousand in Chinese, 一百二十五; null for anything else. */
function valueOfHan(numeral: string): number | null {
  if (numeral === "" || numeral.length > 9) return null;
  let [total, digit, ceiling, isZeroBefore] = [0, -1, 10_000, false];
  for (const [index, character] of Array.from(numeral.replaceAll("两", "二")).entries()) {
    const value = digits.indexOf(character);
    const scale = scales.get(character);
    if (value === 0 && index > 0) {
      isZeroBefore = true;
      continue;
    }
    if (value >= 0) {
      if (digit >= 0) return null;
      digit = value;
    } else if (scale !== undefined && scale < ceiling && (digit > 0 || (index === 0 && scale === 10))) {
      total += (digit < 0 ? 1 : digit) * scale;
      [digit, ceiling] = [-1, scale];
    } else return null;
  }
  // 一百五 is said for 150.
  if (digit > 0 && ceiling > 10 && ceiling < 10_000 && !isZeroBefore) return null;
  return total + Math.max(0, digit);
}
