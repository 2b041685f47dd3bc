/** Comparisons per second and the slowest percent, on pairs made from MATH's references. One warm-up pass. */
import { compareAnswers } from "../../src/index.ts";

export interface Speed {
  readonly label: string;
  readonly perSecond: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** Each reference against a rewritten form of itself: the text never decides. */
export function measureReferences(answers: readonly string[]): Speed {
  return measure(
    "references, rewritten",
    answers.map((answer) => [answer, `{${answer}}`]),
  );
}

const symbolicPairs: ReadonlyArray<readonly [string, string]> = [
  ["\\tan^2(y)+1", "\\sec^2(y)"],
  ["2\\sin b\\cos a", "\\sin(a+b)-\\sin(a-b)"],
  [
    "-\\frac{2(x^2+6)}{9(x^2-2)\\sqrt[3]{x^2-2}^2}",
    "-\\frac{8x^2}{9(x^2-2)^{5/3}}+\\frac{2}{3(x^2-2)^{2/3}}",
  ],
  ["(x+1)^{10}(x-1)^{10}", "(x^2-1)^{10}"],
  ["\\frac{n(n+1)}{2}", "\\sum_{k=1}^{n} k"],
  ["\\sqrt{2}+\\sqrt{3}", "\\sqrt{5+2\\sqrt{6}}"],
];

export function measureSymbolic(repeats: number): Speed {
  return measure("symbolic", Array.from({ length: repeats }, () => symbolicPairs).flat());
}

function measure(label: string, pairs: ReadonlyArray<readonly [string, string]>): Speed {
  for (const [gold, answer] of pairs.slice(0, 500)) compareAnswers(gold, answer);
  const times = pairs.map(([gold, answer]) => {
    const started = performance.now();
    compareAnswers(gold, answer);
    return performance.now() - started;
  });
  times.sort((a, b) => a - b);
  const total = times.reduce((sum, time) => sum + time, 0);
  return {
    label,
    perSecond: (1000 * times.length) / total,
    p99Ms: times[Math.floor(times.length * 0.99)] ?? 0,
    maxMs: times.at(-1) ?? 0,
  };
}
