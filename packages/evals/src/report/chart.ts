/**
 * One kind of chart serves the whole page: lines over a number, with bands or faint raw values behind them and the
 * lines' names at their right ends. Observable Plot draws it into a document of its own; the page gets static SVG.
 */

import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom";
import { compactNumber, linearTicks, logTicks, percentTick } from "./axis-ticks.ts";
import { cleanText, type Html, html, trustedHtml } from "./html.ts";
import { spreadLabels } from "./label-layout.ts";
import type { TrainingStyle } from "./theme.ts";

export interface ChartPoint {
  readonly x: number;
  readonly y: number;
  readonly low?: number;
  readonly high?: number;
}

export interface ChartSeries {
  readonly style: TrainingStyle;
  readonly points: readonly ChartPoint[];
  /** Unsmoothed values, drawn faintly behind. */
  readonly raw?: readonly ChartPoint[];
}

export interface ChartOptions {
  /** Read aloud instead of the picture. */
  readonly description: string;
  readonly series: readonly ChartSeries[];
  readonly x: {
    readonly label: string;
    readonly ticks?: readonly number[];
    readonly isLog?: boolean;
    /** Places 1, 2, ... are these, which have no order: points are not joined, and have their intervals as bars. */
    readonly names?: readonly string[];
  };
  readonly y: {
    /** Lowest and highest value; defaults to the data's. */
    readonly domain?: readonly [number, number];
    readonly isLog?: boolean;
    /** Values are shares, ticks percents. */
    readonly isPercent?: boolean;
  };
  /** Mark every point: for few of them. */
  readonly dots?: boolean;
}

/** What is used of the element that Plot makes; this package has no DOM types. */
interface SvgElement {
  readonly outerHTML: string;
}

/** Drawn at about the size it is seen at, so that text keeps its size on phones and desks. */
const WIDTH = 352;
const HEIGHT = 220;
const MARGIN = { top: 12, right: 46, bottom: 34, left: 42 };
const LABEL_GAP = 13;
const MOST_BACKGROUNDS = 4;

export function lineChart(options: ChartOptions): Html {
  const { series, x, y, dots = false } = options;
  const domain = y.domain ?? dataDomain(series, y.isLog ?? false);
  const yTicks = y.isLog ? logTicks(domain) : linearTicks(domain);
  const { document } = parseHTML("<!doctype html><html><body></body></html>");
  const svg: SvgElement = Plot.plot({
    document: document as unknown as NonNullable<Plot.PlotOptions["document"]>,
    className: "chart",
    width: WIDTH,
    height: HEIGHT,
    marginTop: MARGIN.top,
    marginRight: MARGIN.right,
    marginBottom: MARGIN.bottom,
    marginLeft: MARGIN.left,
    style: { fontSize: "11px" },
    x: {
      label: x.label,
      type: x.isLog ? "log" : "linear",
      ...(x.names && { domain: [0.5, x.names.length + 0.5] }),
    },
    y: { label: null, domain: [...domain], type: y.isLog ? "log" : "linear" },
    marks: [
      Plot.gridY(yTicks),
      // Texts of our own: a tick format on a log scale would blank some of them.
      Plot.axisY(yTicks, { text: y.isPercent ? percentTick : compactNumber, tickSize: 0, label: null }),
      Plot.axisX(
        x.ticks ?? linearTicks(extent(series.flatMap(({ points }) => points.map((point) => point.x)))),
        {
          text: x.names ? (place: number) => cleanText(x.names?.[place - 1] ?? "") : compactNumber,
          tickSize: 0,
          labelAnchor: "center",
          labelArrow: "none",
        },
      ),
      // Behind all lines, not only behind their own; too many of them would hide each other.
      ...(series.length <= MOST_BACKGROUNDS && !x.names ? series.flatMap(backgroundMarks) : []),
      ...series.flatMap((line, index) =>
        x.names ? nameMarks(line, index - (series.length - 1) / 2) : lineMarks(line, dots),
      ),
      ...endLabels(series, domain, y.isLog ?? false, x.names && x.names.length + 0.5),
    ],
  });
  // The serializer leaves `<` in attributes as it is: ours is written by the template.
  const attributes = html`role="img" aria-label="${options.description}"`;
  return trustedHtml(shortenNumbers(svg.outerHTML).replace("<svg ", () => `<svg ${attributes} `));
}

function backgroundMarks({ style, points, raw }: ChartSeries): Plot.Markish[] {
  const banded = points.filter((point) => point.low !== undefined && point.high !== undefined);
  const fill = { fill: style.colour, fillOpacity: 0.13 } as const;
  const stroke = { stroke: style.colour, strokeWidth: 0.8, strokeOpacity: 0.26 } as const;
  return [
    ...(banded.length > 1 ? [Plot.areaY(banded, { x: "x", y1: "low", y2: "high", ...fill })] : []),
    ...(raw ? [Plot.lineY(raw, { x: "x", y: "y", ...stroke })] : []),
  ];
}

function lineMarks({ style, points }: ChartSeries, dots: boolean): Plot.Markish[] {
  const dashes = style.dashes === "" ? {} : { strokeDasharray: style.dashes };
  return [
    Plot.lineY(points, { x: "x", y: "y", stroke: style.colour, strokeWidth: 2, ...dashes }),
    ...(dots || points.length === 1
      ? [Plot.dot(points, { x: "x", y: "y", r: 2.5, fill: style.colour })]
      : []),
  ];
}

/** Beside each other by `rank` where several series have the same name. */
function nameMarks({ style, points }: ChartSeries, rank: number): Plot.Markish[] {
  const banded = points.filter((point) => point.low !== undefined && point.high !== undefined);
  const dx = 7 * rank;
  return [
    Plot.ruleX(banded, { x: "x", y1: "low", y2: "high", stroke: style.colour, strokeOpacity: 0.5, dx }),
    Plot.dot(points, { x: "x", y: "y", r: 3, fill: style.colour, dx }),
  ];
}

/** Names in one column at the right, also where a line ends early; moved apart where lines end close together. */
function endLabels(
  series: readonly ChartSeries[],
  [lowest, highest]: readonly [number, number],
  isLog: boolean,
  right = Math.max(...series.map(({ points }) => points.at(-1)?.x ?? Number.NEGATIVE_INFINITY)),
): Plot.Markish[] {
  const place = isLog ? Math.log : (value: number) => value;
  const inner = HEIGHT - MARGIN.top - MARGIN.bottom;
  const toPixel = (value: number) => {
    const share = (place(value) - place(lowest)) / (place(highest) - place(lowest));
    return MARGIN.top + inner * (1 - Math.min(1, Math.max(0, share)));
  };
  const ends = series.flatMap(({ style, points }) => {
    const last = points.at(-1);
    return last ? [{ style, last, wanted: toPixel(last.y) }] : [];
  });
  const placed = spreadLabels(
    ends.map((end) => end.wanted),
    LABEL_GAP,
    [MARGIN.top, HEIGHT - MARGIN.bottom],
  );
  return ends.map(({ style, last, wanted }, index) =>
    Plot.text([last], {
      x: () => right,
      y: "y",
      text: () => shortLabel(style.name),
      dx: 5,
      dy: (placed[index] as number) - wanted,
      textAnchor: "start",
      fill: style.colour,
      fontWeight: 600,
    }),
  );
}

/** The end of a long name: that is where seeds and settings stand; its kind is told by the colour. */
function shortLabel(name: string): string {
  const characters = [...cleanText(name)];
  return characters.length > 7 ? `…${characters.slice(-6).join("").trim()}` : characters.join("");
}

function extent(values: readonly number[]): [number, number] {
  let [lowest, highest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    lowest = Math.min(lowest, value);
    highest = Math.max(highest, value);
  }
  return [lowest, highest];
}

function dataDomain(series: readonly ChartSeries[], isLog: boolean): [number, number] {
  const values = series
    .flatMap(({ points, raw }) => [...points, ...(raw ?? [])])
    .flatMap(({ y, low, high }) => [y, low ?? y, high ?? y])
    .filter((value) => !isLog || value > 0);
  const [lowest, highest] = extent(values);
  if (!(lowest < highest))
    return isLog ? [lowest / 2 || 0.5, lowest * 2 || 2] : [lowest - 1 || -1, lowest + 1 || 1];
  if (isLog) return [lowest, highest];
  const margin = 0.04 * (highest - lowest);
  const isNearZero = lowest >= 0 && lowest < 0.5 * highest;
  return [isNearZero ? 0 : lowest - margin, highest + margin];
}

/** A hundredth of a pixel is enough; full doubles triple the page. */
function shortenNumbers(svg: string): string {
  return svg.replace(/(\s(?:d|transform|[xy][12]?|c[xy])=")([^"]*)"/gu, (_, name: string, value: string) => {
    const short = value.replace(/\d+\.\d{3,}(?:e-?\d+)?/gu, (number) =>
      String(Math.round(Number(number) * 100) / 100),
    );
    return `${name}${short}"`;
  });
}
