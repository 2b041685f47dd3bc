/** Metric series -> lines that can be read: a moving mean over the raw values, and no more points than pixels. */

import type { ChartPoint } from "./chart.ts";
import type { MetricsRow } from "./data.ts";

/** Finite values of one metric by step. */
export function metricPoints(rows: readonly MetricsRow[], metric: string): ChartPoint[] {
  return rows.flatMap(({ step, values }) => {
    const y = values[metric];
    return y !== undefined && Number.isFinite(y) ? [{ x: step, y }] : [];
  });
}

/** Mean over a window of about `share` of the points around each; at both ends over the part that exists. */
export function movingMean(points: readonly ChartPoint[], share = 0.08): ChartPoint[] {
  const half = Math.floor((points.length * share) / 2);
  if (half === 0) return [...points];
  const sums = [0];
  for (const point of points) sums.push((sums.at(-1) as number) + point.y);
  return points.map(({ x }, index) => {
    const [from, to] = [Math.max(0, index - half), Math.min(points.length, index + half + 1)];
    return { x, y: ((sums[to] as number) - (sums[from] as number)) / (to - from) };
  });
}

/** At most `most` points: means of equal runs of neighbours, the last point as it is. */
export function thin(points: readonly ChartPoint[], most = 200): ChartPoint[] {
  if (points.length <= most) return [...points];
  const size = Math.ceil(points.length / most);
  const thinned: ChartPoint[] = [];
  for (let start = 0; start < points.length; start += size) {
    const run = points.slice(start, start + size);
    const mean = (pick: (point: ChartPoint) => number) =>
      run.reduce((sum, point) => sum + pick(point), 0) / run.length;
    thinned.push({ x: mean((point) => point.x), y: mean((point) => point.y) });
  }
  const last = points.at(-1);
  if (last) thinned[thinned.length - 1] = last;
  return thinned;
}
