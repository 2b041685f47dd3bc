/**
 * Pairs of answers to measure graders on. Simple ones are what question sets ask for (whole numbers, fractions,
 * decimals, tuples, short lists) as models write them, half of them equal; symbolic ones need identities of functions or
 * roots. Generated from a fixed seed, so that every run and every grader gets the same.
 */

export interface AnswerPair {
  readonly gold: string;
  readonly answer: string;
  /** What a mathematician says. */
  readonly equal: boolean;
}

/** Park, Miller, "Random number generators: good ones are hard to find", 1988. */
function createRandom(seed: number): (count: number) => number {
  let state = seed;
  return (count) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % count;
  };
}

/** `count` simple pairs. */
export function simplePairs(count: number, seed = 20_251_122): readonly AnswerPair[] {
  const random = createRandom(seed);
  return Array.from({ length: count }, (_, index) => {
    const pair = simplePair(index % 10, random);
    return index % 2 === 0 ? pair : { ...pair, answer: nearMiss(pair.answer), equal: false };
  });
}

function simplePair(kind: number, random: (count: number) => number): AnswerPair {
  const [a, b, c] = [random(990) + 10, random(90) + 2, random(9) + 2];
  const same = (gold: string, answer: string): AnswerPair => ({ gold, answer, equal: true });
  switch (kind) {
    case 0:
      return same(String(a), `${a}.`);
    case 1:
      return same(String(a * 1000 + 7), `${a},007`);
    case 2:
      return same(`\\frac{${a * b + 1}}{${b}}`, `${a * b + 1}/${b}`);
    case 3:
      return same(`-\\frac{${a}}{4}`, String(-a / 4));
    case 4:
      return same(`(${a}, -${b})`, `\\left(${a},\\,-${b}\\right)`);
    case 5:
      return same(`${a}, ${a + 1}, ${a + 7}`, `${a + 7}, ${a} and ${a + 1}`);
    case 6:
      return same(`${a}\\pi`, `${a} \\cdot \\pi`);
    case 7:
      return same(`${c}\\sqrt{${b}}`, `\\sqrt{${c * c * b}}`);
    case 8:
      return same(`$${a}`, `\\text{ ${a} dollars}`);
    default:
      return same(`x = ${a}`, String(a));
  }
}

/** The last digit changed. */
function nearMiss(answer: string): string {
  return answer.replace(/\d(?=\D*$)/, (digit) => String((Number(digit) + 3) % 10));
}

const identities: ReadonlyArray<readonly [gold: string, answer: string]> = [
  ["\\tan^2(y) + 1", "\\sec^2(y)"],
  ["2\\sin b\\cos a", "\\sin(a + b) - \\sin(a - b)"],
  [
    "-\\frac{2(x^2 + 6)}{9(x^2 - 2)\\sqrt[3]{x^2 - 2}^2}",
    "-\\frac{8x^2}{9(x^2 - 2)^{5/3}} + \\frac{2}{3(x^2 - 2)^{2/3}}",
  ],
  ["(x + 1)^{10}(x - 1)^{10}", "(x^2 - 1)^{10}"],
  ["\\frac{x^3 - 1}{x - 1}", "x^2 + x + 1"],
  ["\\frac{n(n + 1)}{2}", "\\sum_{k=1}^{n} k"],
  ["\\sqrt{2} + \\sqrt{3}", "\\sqrt{5 + 2\\sqrt{6}}"],
  ["\\cos 75^\\circ", "\\frac{\\sqrt{6} - \\sqrt{2}}{4}"],
  ["e^{2\\ln x}", "x^2"],
  ["\\frac{e^x - 1}{e^x + 1}", "\\tanh(x/2)"],
];

/** `count` symbolic pairs, every other one with a term too many. */
export function symbolicPairs(count: number): readonly AnswerPair[] {
  return Array.from({ length: count }, (_, index) => {
    const [gold, answer] = identities[Math.floor(index / 2) % identities.length] ?? ["", ""];
    // A number that differs from pair to pair, so that no grader can remember.
    const term = `${(index >> 1) + 2}`;
    const equal = index % 2 === 0;
    return {
      gold: `${gold} + ${term}`,
      answer: `${answer} + ${term}${equal ? "" : " + \\frac{1}{7}"}`,
      equal,
    };
  });
}
