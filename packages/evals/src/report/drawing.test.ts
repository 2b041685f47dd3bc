import { describe, expect, test } from "vitest";
import { compactNumber, linearTicks, logTicks, percentTick } from "./axis-ticks.ts";
import { lineChart } from "./chart.ts";
import { metricPoints, movingMean, thin } from "./curves.ts";
import { spreadLabels } from "./label-layout.ts";

const points = (values: readonly number[]) => values.map((y, x) => ({ x, y }));

describe("ticks", () => {
  test("are round numbers inside the range", () => {
    expect(linearTicks([0, 1])).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1]);
    expect(linearTicks([-0.07, 0.31])).toEqual([0, 0.1, 0.2, 0.3]);
    expect(linearTicks([3, 154])).toEqual([20, 40, 60, 80, 100, 120, 140]);
    expect(linearTicks([1e-6, 5e-6])).toEqual([1e-6, 2e-6, 3e-6, 4e-6, 5e-6]);
  });

  test("of log scales are powers of ten, and 1, 2, 5 where there are few", () => {
    expect(logTicks([1e-4, 20])).toEqual([1e-4, 1e-3, 1e-2, 0.1, 1, 10]);
    expect(logTicks([0.7, 60])).toEqual([1, 2, 5, 10, 20, 50]);
  });

  test("are written short", () => {
    expect([0, 0.25, 12, 1024, 9500, 12000, 2.5e6, 2e-5, -0.5].map(compactNumber)).toEqual([
      "0",
      "0.25",
      "12",
      "1024",
      "9500",
      "12k",
      "2.5M",
      "2e-5",
      "-0.5",
    ]);
    expect([0, 0.714, 1].map(percentTick)).toEqual(["0%", "71.4%", "100%"]);
  });
});

describe("labels", () => {
  test("stay where they are when there is room", () => {
    expect(spreadLabels([50, 10, 90], 12, [0, 100])).toEqual([50, 10, 90]);
  });

  test("that collide share the shift, keep their order and their distance", () => {
    expect(spreadLabels([50, 52], 12, [0, 100])).toEqual([45, 57]);
    expect(spreadLabels([52, 50, 51], 10, [0, 100])).toEqual([61, 41, 51]);
    expect(spreadLabels([30, 40, 41], 12, [0, 100])).toEqual([25, 37, 49]);
  });

  test("stay inside", () => {
    expect(spreadLabels([1, 0, 99], 12, [0, 100])).toEqual([12, 0, 99]);
  });
});

describe("curves", () => {
  test("leave out what is missing or not finite", () => {
    const rows = [
      { step: 1, values: { a: 1 } },
      { step: 2, values: { b: 5 } },
      { step: 3, values: { a: Number.NaN } },
      { step: 4, values: { a: 4 } },
    ];
    expect(metricPoints(rows, "a")).toEqual([
      { x: 1, y: 1 },
      { x: 4, y: 4 },
    ]);
  });

  test("are smoothed by the mean of their neighbours", () => {
    const smooth = movingMean(points([0, 3, 6, 3, 0, 3]), 0.4);
    expect(smooth.map(({ y }) => y)).toEqual([1.5, 3, 4, 3, 2, 1.5]);
    expect(movingMean(points([1, 2, 3]), 0.08)).toEqual(points([1, 2, 3]));
  });

  test("are thinned to means, with the last point kept", () => {
    const thinned = thin(points(Array.from({ length: 1001 }, (_, index) => index)), 100);
    expect(thinned.length).toBeLessThanOrEqual(100);
    expect(thinned[0]).toEqual({ x: 5, y: 5 });
    expect(thinned.at(-1)).toEqual({ x: 1000, y: 1000 });
  });
});

describe("a chart", () => {
  const style = { name: "<soft> & co", kind: "soft", colour: "var(--soft)", dashes: "" } as const;

  test("is static SVG with its description, escaped names and short numbers", () => {
    const svg = lineChart({
      description: 'reward "quoted"',
      series: [{ style, points: points([1, 2.123456789, 3]), raw: points([1, 5, 3]) }],
      x: { label: "step" },
      y: {},
    }).text;
    expect(svg.startsWith("<svg")).toBe(true);
    expect(svg).toContain('aria-label="reward &#34;quoted&#34;"');
    expect(svg).toContain("…&gt; &amp; co"); // the end of the long name
    expect(svg).not.toMatch(/ d="[^"]*\d\.\d{3}/u);
    expect(svg).not.toMatch(/NaN|undefined|<script/u);
  });

  test.each([
    ["one point", [0.5], false],
    ["equal values", [2, 2, 2], false],
    ["zeros", [0, 0], false],
    ["equal values on a log scale", [3, 3], true],
    ["tiny values on a log scale", [1e-9, 2e-9], true],
  ])("of %s has finite coordinates", (_, values, isLog) => {
    const svg = lineChart({
      description: "",
      series: [{ style, points: points(values) }],
      x: { label: "" },
      y: { isLog },
    });
    expect(svg.text).not.toMatch(/NaN|Infinity/u);
    expect(svg.text).toContain("soft");
  });
});
