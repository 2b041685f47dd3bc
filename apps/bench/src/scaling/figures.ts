/** What a scaling run says: points, growth exponents, a table for the terminal and a page with charts. */

import { html, lineChart, STYLE, trustedHtml } from "@soft-tokens/evals/report";
import type { Hardware } from "../speed/hardware.ts";
import { formatTable } from "../statistics.ts";
import {
  type Axis,
  type Cost,
  growthExponent,
  SCALED_THOUGHTS,
  type ScaledThought,
  type ScalingPoint,
} from "./measure-scaling.ts";

export interface ScalingContext {
  readonly model: string;
  readonly device: string;
  readonly hardware: Hardware;
  readonly versions: Readonly<Record<string, string>>;
}

export type ScalingFigures = ReturnType<typeof makeScalingFigures>;

const AXES: readonly Axis[] = ["thoughtSteps", "samples"];
const AXIS_NAMES = { thoughtSteps: "thought steps", samples: "samples per prompt" } as const;

export function makeScalingFigures(context: ScalingContext, points: readonly ScalingPoint[]) {
  const growth = (axis: Axis, thought: ScaledThought, seconds: (cost: Cost) => number | undefined) => {
    const own = points.filter((point) => point.axis === axis);
    const sizes = own.map(({ cost }) => ({
      size: cost[thought].tokens,
      seconds: seconds(cost[thought]) ?? Number.NaN,
    }));
    const exponent = growthExponent(sizes);
    return Number.isFinite(exponent) ? exponent : null;
  };
  const exponents = (axis: Axis) =>
    Object.fromEntries(
      SCALED_THOUGHTS.map((thought) => [
        thought,
        {
          decode: growth(axis, thought, ({ decodeSeconds }) => decodeSeconds.median),
          train: growth(axis, thought, ({ trainSeconds }) => trainSeconds?.median),
        },
      ]),
    ) as Record<ScaledThought, { decode: number | null; train: number | null }>;
  return {
    format: "soft-tokens-scaling/1" as const,
    date: new Date().toISOString(),
    ...context,
    points,
    /** d log seconds / d log tokens; null for fewer than two points. */
    exponents: { thoughtSteps: exponents("thoughtSteps"), samples: exponents("samples") },
  };
}

export function renderScaling(figures: ScalingFigures): string {
  return [
    `${figures.model}; ${figures.versions.backend}, ${figures.device}; ${figures.hardware.logicalCores} x ${figures.hardware.cpu}`,
    ...AXES.flatMap((axis) => {
      const points = figures.points.filter((point) => point.axis === axis);
      return points.length > 0 ? [scalingTable(axis, points), exponentLine(figures, axis)] : [];
    }),
  ].join("\n\n");
}

function scalingTable(axis: Axis, points: readonly ScalingPoint[]): string {
  const whole = (value: number | undefined) => (value === undefined ? "-" : value.toFixed(0));
  const seconds = (value: number | undefined) => (value === undefined ? "-" : value.toFixed(1));
  return formatTable([
    [
      AXIS_NAMES[axis],
      "rows",
      ...SCALED_THOUGHTS.flatMap((thought) => HEADS.map((head) => `${thought} ${head}`)),
    ],
    ...points.map(({ value, workload, cost }) => [
      String(value),
      String(workload.prompts * workload.samples),
      ...SCALED_THOUGHTS.flatMap((thought) => [
        seconds(cost[thought].decodeSeconds.median),
        whole(cost[thought].decodeTokensPerSecond.median),
        seconds(cost[thought].trainSeconds?.median),
        whole(cost[thought].trainTokensPerSecond?.median),
      ]),
    ]),
  ]);
}

const HEADS = ["decode s", "tokens/s", "train s", "tokens/s"] as const;

function exponentLine({ exponents }: ScalingFigures, axis: Axis): string {
  const text = (value: number | null) => (value === null ? "-" : value.toFixed(2));
  const parts = SCALED_THOUGHTS.map(
    (thought) =>
      `${text(exponents[axis][thought].decode)} (${thought}, decoding) and ${text(exponents[axis][thought].train)} (training)`,
  );
  return `seconds grow as the tokens to the power of ${parts.join("; ")}`;
}

/** One HTML file that needs nothing else. */
export function renderScalingPage(figures: ScalingFigures): string {
  const sections = AXES.flatMap((axis) => {
    const points = figures.points.filter((point) => point.axis === axis);
    return points.length > 1 ? [axisSection(figures, axis, points)] : [];
  });
  const rounds = figures.points[0]?.cost.hard.decodeSeconds.count ?? 0;
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Cost against length and group size</title>
<style>${trustedHtml(STYLE)}</style>
</head>
<body>
<header class="masthead"><div>
<h1>Cost against thought length and group size</h1>
<p class="subtitle">${figures.model} on ${figures.device}; ${rounds === 1 ? "one counted round" : `medians of ${rounds} counted rounds`}.</p>
<p class="meta">${figures.date.slice(0, 10)}; ${figures.hardware.logicalCores} x ${figures.hardware.cpu}; ${figures.versions.backend}</p>
</div></header>
<main>${sections}</main>
</body>
</html>
`;
  return page.text;
}

function axisSection(figures: ScalingFigures, axis: Axis, points: readonly ScalingPoint[]) {
  const chart = (title: string, rate: (cost: Cost) => Cost["trainTokensPerSecond"]) => {
    const series = SCALED_THOUGHTS.map((thought) => ({
      style: { name: thought, kind: thought, colour: `var(--${thought})`, dashes: "" },
      points: points.flatMap(({ value, cost }) => {
        const spread = rate(cost[thought]);
        return spread ? [{ x: value, y: spread.median, low: spread.min, high: spread.max }] : [];
      }),
    }));
    if (series.every((line) => line.points.length === 0)) return null;
    const highest = Math.max(...series.flatMap((line) => line.points.map(({ high }) => high)));
    return html`<figure><figcaption>${title}</figcaption>${lineChart({
      description: `${title} against ${AXIS_NAMES[axis]}, hard and soft`,
      series,
      x: { label: AXIS_NAMES[axis], ticks: points.map(({ value }) => value), isLog: true },
      y: { domain: [0, 1.08 * highest] },
      dots: true,
    })}</figure>`;
  };
  return html`<section>
<h2>By ${AXIS_NAMES[axis]}</h2>
<p class="lead">A flat line is a cost that grows with the tokens; ${exponentLine(figures, axis)}.</p>
<div class="charts">
${chart("Decoding, tokens per second", (cost) => cost.decodeTokensPerSecond)}
${chart("Training step, tokens per second", (cost) => cost.trainTokensPerSecond)}
</div>
<h3>In numbers</h3>
<div class="scroll">${table(axis, points)}</div>
</section>`;
}

function table(axis: Axis, points: readonly ScalingPoint[]) {
  const cell = (value: number | undefined, digits: number) => html`<td>${value?.toFixed(digits) ?? "-"}</td>`;
  const row = (value: number, thought: ScaledThought, own: Cost) =>
    html`<tr class="c-${thought}"><th>${value}</th><td><i class="swatch"></i>${thought}</td>${cell(own.decodeSeconds.median, 1)}${cell(own.decodeTokensPerSecond.median, 0)}${cell(own.trainSeconds?.median, 1)}${cell(own.trainTokensPerSecond?.median, 0)}</tr>`;
  const heads = ["thought", "decoding, s", "tokens/s", "training step, s", "tokens/s"];
  return html`<table><thead><tr><th>${AXIS_NAMES[axis]}</th>${heads.map((head) => html`<th>${head}</th>`)}</tr></thead><tbody>${points.map(
    ({ value, cost }) => SCALED_THOUGHTS.map((thought) => row(value, thought, cost[thought])),
  )}</tbody></table>`;
}
