/**
 * Texts for fuzzing, from a seed: random soup, expressions of the grammar's own forms, and mutations of both. The same
 * seed gives the same texts on every machine.
 */

/** Numbers of a 32-bit xorshift generator (Marsaglia, "Xorshift RNGs", 2003). */
export interface Random {
  /** A whole number from 0 to below `count`. */
  below(count: number): number;
  pick<T>(items: readonly T[]): T;
}

export function createRandom(seed: number): Random {
  let state = (seed | 0) === 0 ? 0x9e3779b9 : seed | 0;
  const below = (count: number): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % count;
  };
  return { below, pick: (items) => items[below(items.length)] as (typeof items)[number] };
}

const pieces = [
  ..."{}()[]|^_0129xyzeinAB+-*/=<>!%,;:.'$& \\~`\"#?@",
  ...[
    "\\frac",
    "\\dfrac",
    "\\frac12",
    "\\sqrt",
    "\\sqrt[",
    "\\pi",
    "\\text{",
    "\\mathrm{",
    "\\boxed{",
    "\\fbox{",
  ],
  ...[
    "\\{",
    "\\}",
    "\\\\",
    "\\left",
    "\\right.",
    "\\left(",
    "\\right)",
    "\\cup",
    "\\cap",
    "\\infty",
    "\\setminus",
  ],
  ...[
    "\\begin{pmatrix}",
    "\\end{pmatrix}",
    "\\begin{array}{cc}",
    "\\end{array}",
    "\\begin{cases}",
    "&",
    "\\\\[4pt]",
  ],
  ...[
    "\\sum_{k=1}^{n}",
    "\\prod_{i=1}^{9}",
    "\\int_0^1",
    "\\lim_{x\\to 0}",
    "\\pm",
    "\\mp",
    "\\sin",
    "\\log_",
    "\\ln",
  ],
  ...[
    "\\quad",
    "and",
    " or ",
    " to ",
    "about ",
    "not ",
    " is ",
    "if ",
    "where ",
    "9^{9",
    "10^{100}",
    "1e999",
    "!!",
  ],
  ...[
    "1,234",
    "12,34,567",
    "1.000.000",
    "0.\\overline{3}",
    "0.333...",
    "\\ldots",
    "\\binom",
    "mod",
    "\\pmod",
    "_{12}",
  ],
  ...[
    "#### ",
    "answer is ",
    "Answer: ",
    "</think>",
    "<|im_end|>",
    "cm",
    "km/h",
    "dollars",
    "\\$",
    "p.m.",
    "3:30",
  ],
  ...[
    "½",
    "²",
    "√",
    "∞",
    "π",
    "—",
    "−",
    "，",
    "５",
    "а",
    "x̂",
    "😀",
    "\u0000",
    "\ud800",
    "\u202e",
    "\u200b",
    "ﷺ",
    "İ",
  ],
];

/** Characters and commands without any order. */
function soup(random: Random, most = 30): string {
  let text = "";
  for (let count = random.below(most) + 1; count > 0; count--) text += random.pick(pieces);
  return text;
}

/** An expression of the grammar; `depth` bounds its nesting. */
function expression(random: Random, depth = 3): string {
  if (depth <= 0) return atom(random);
  const part = (): string => expression(random, depth - 1 - random.below(2));
  switch (random.below(22)) {
    case 0:
      return `\\frac{${part()}}{${part()}}`;
    case 1:
      return `\\sqrt{${part()}}`;
    case 2:
      return `\\sqrt[${2 + random.below(4)}]{${part()}}`;
    case 3:
      return `(${part()})^{${part()}}`;
    case 4:
      return `${part()} + ${part()}`;
    case 5:
      return `${part()} - ${part()}`;
    case 6:
      return `${part()} \\cdot ${part()}`;
    case 7:
      return `${part()}/${part()}`;
    case 8:
      return `(${part()}, ${part()})`;
    case 9:
      return `[${part()}, ${part()})`;
    case 10:
      return `\\{${part()}, ${part()}, ${part()}\\}`;
    case 11:
      return `(${part()}, ${part()}) \\cup (${part()}, \\infty)`;
    case 12:
      return `${random.pick(["x", "y", "f(x)", "AB"])} ${random.pick(["=", "<", "\\le", ">", "\\neq", "\\in"])} ${part()}`;
    case 13:
      return `${random.pick(["\\sin", "\\cos", "\\tan", "\\ln", "\\log_2", "\\arctan", "\\exp", "\\sec"])}(${part()})`;
    case 14:
      return `\\begin{pmatrix} ${part()} & ${part()} \\\\ ${part()} & ${part()} \\end{pmatrix}`;
    case 15:
      return `${part()} \\pm ${part()}`;
    case 16:
      return `|${part()}|`;
    case 17:
      return `${part()} \\text{ ${random.pick(["cm", "feet", "apples", "dollars", "and", "or", "degrees"])} } ${random.below(3) ? "" : part()}`;
    case 18:
      return `${part()}, ${part()}`;
    case 19:
      return `\\sum_{k=${random.below(3)}}^{${random.pick(["n", "5", "20"])}} ${part()}`;
    case 20:
      return `\\binom{${part()}}{${part()}}`;
    default:
      return `\\left(${part()}\\right)`;
  }
}

function atom(random: Random): string {
  const number = String(random.below(random.pick([10, 100, 100_000])));
  return random.pick([
    ...[number, number, `-${number}`, `${number}.${random.below(100)}`, `0.\\overline{${random.below(100)}}`],
    ...["x", "y", "n", "a_1", "\\pi", "e", "i", "\\infty", "\\theta", "f(x)", "\\emptyset", "\\mathbb{R}"],
    ...[
      `${number}\\%`,
      `${number}^\\circ`,
      `\\$${number}`,
      `${number}!`,
      `${number}_${2 + random.below(12)}`,
      "\\text{even}",
    ],
  ]);
}

/** A few characters or slices taken out, doubled, swapped or put in. */
function mutate(text: string, random: Random): string {
  let result = text;
  for (let count = 1 + random.below(3); count > 0; count--) {
    const at = random.below(result.length + 1);
    const to = Math.min(result.length, at + 1 + random.below(6));
    const slice = result.slice(at, to);
    const kind = random.below(5);
    if (kind === 0) result = result.slice(0, at) + result.slice(to);
    else if (kind === 1) result = result.slice(0, at) + random.pick(pieces) + result.slice(at);
    else if (kind === 2) result = result.slice(0, at) + slice.repeat(1 + random.below(40)) + result.slice(to);
    else if (kind === 3) result = result.slice(0, at) + [...slice].reverse().join("") + result.slice(to);
    else result = result.slice(to) + result.slice(0, at);
  }
  return result;
}

/** A pair to compare: unlike texts, or a text and its mutation. */
export function pair(random: Random): readonly [gold: string, answer: string] {
  const make = (): string => {
    const kind = random.below(10);
    if (kind < 3) return soup(random);
    // Now and then as long as a text may be.
    if (kind < 4) return soup(random, 4).repeat(1 + random.below(random.below(40) === 0 ? 900 : 20));
    const made = expression(random, 1 + random.below(4));
    return kind < 8 ? made : mutate(made, random);
  };
  const gold = make();
  return [gold, random.below(3) === 0 ? make() : mutate(gold, random)];
}
