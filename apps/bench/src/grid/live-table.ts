/**
 * The grid while it runs, on standard error: a table of trainings by tasks with what is done, and below it the evaluation
 * that is going on, with rate and time left. On a terminal it is redrawn in place; elsewhere lines come now and then.
 */

import { draw as drawOn, formatDuration, visibleLine } from "@soft-tokens/app-common";

/** One cell: a run on a task. */
export interface CellProgress {
  readonly run: string;
  readonly task: string;
  /** What is counted: samples, or questions of likelihood tasks. */
  readonly unit: "sample" | "question";
  readonly done: number;
  readonly total: number;
  /** Of `done`, those that were there before this run. */
  readonly restored: number;
}

export interface LiveTable {
  /** What is being done, such as "soft-1 on gsm8k: soft-sample, 43.1 % right". */
  update(cell: CellProgress, detail: string): void;
  /** Takes the table away, so that others can write; the next update draws it again. */
  clear(): void;
  finish(): void;
}

const PLAIN_INTERVAL_MS = 10_000;
const LIVE_INTERVAL_MS = 150;
/** The rate is of about this long: the last mode's speed says nothing of this one's. */
const RATE_WINDOW_MS = 30_000;

export interface LiveTableOptions {
  /** All cells, in the order of runs. */
  readonly cells: readonly CellProgress[];
  readonly stream?: NodeJS.WriteStream;
  /** Milliseconds that only grow. Defaults to the process's clock. */
  readonly now?: () => number;
}

export function createLiveTable({
  cells: planned,
  stream = process.stderr,
  now = () => performance.now(),
}: LiveTableOptions): LiveTable {
  const started = now();
  const isLive = stream.isTTY === true;
  const keyOf = ({ run, task }: CellProgress) => `${run}\n${task}`;
  const cells = new Map(planned.map((cell) => [keyOf(cell), cell]));
  const speeds = { sample: createRate(), question: createRate() };
  let shownAt = Number.NEGATIVE_INFINITY;
  let lines = 0;

  const clear = () => {
    if (lines > 0) drawOn(stream, `\x1b[${lines}F\x1b[0J`);
    lines = 0;
  };
  const draw = (current: CellProgress | null, detail: string) => {
    const width = (stream.columns ?? 100) - 1;
    // Never more lines than the window has: what scrolled away could not be redrawn.
    const height = Math.max(3, (stream.rows ?? 24) - 1);
    const rows = tableRows([...cells.values()], current);
    const shown = [
      headline([...cells.values()], speeds, now() - started),
      ...(rows.length + 2 > height ? [] : rows),
      ...(current ? [currentLine(current, detail, speeds[current.unit].perSecond())] : []),
    ];
    clear();
    drawOn(stream, shown.map((line) => `${fit(visibleLine(line), width)}\n`).join(""));
    lines = shown.length;
  };
  return {
    update(cell, detail) {
      cells.set(keyOf(cell), cell);
      speeds[cell.unit].record(keyOf(cell), cell.done - cell.restored, now());
      const isLast = cell.done >= cell.total;
      if (!isLast && now() - shownAt < (isLive ? LIVE_INTERVAL_MS : PLAIN_INTERVAL_MS)) return;
      shownAt = now();
      if (isLive) draw(cell, detail);
      else {
        const line = currentLine(cell, detail, speeds[cell.unit].perSecond());
        drawOn(
          stream,
          `${visibleLine(`${headline([...cells.values()], speeds, now() - started)}; ${line}`)}\n`,
        );
      }
    },
    clear() {
      clear();
      shownAt = Number.NEGATIVE_INFINITY;
    },
    finish() {
      if (isLive) draw(null, "");
      lines = 0;
    },
  };
}

type Rates = Record<CellProgress["unit"], Rate>;

interface Rate {
  record(key: string, made: number, at: number): void;
  /** Null until something was made. */
  perSecond(): number | null;
}

/** Units made per second over the last half minute, whichever cell they were of. */
function createRate(): Rate {
  const known = new Map<string, number>();
  const marks: { at: number; total: number }[] = [];
  let total = 0;
  return {
    record(key, made, at) {
      total += Math.max(0, made - (known.get(key) ?? 0));
      known.set(key, made);
      marks.push({ at, total });
      while (marks.length > 2 && at - (marks[1] as { at: number }).at > RATE_WINDOW_MS) marks.shift();
    },
    perSecond() {
      const [first, last] = [marks[0], marks.at(-1)];
      if (!first || !last || last.total === first.total || last.at === first.at) return null;
      return (1000 * (last.total - first.total)) / (last.at - first.at);
    },
  };
}

function headline(cells: readonly CellProgress[], speeds: Rates, elapsedMs: number): string {
  const done = cells.reduce((sum, cell) => sum + cell.done, 0);
  const total = cells.reduce((sum, cell) => sum + cell.total, 0);
  const units = [...new Set(cells.map(({ unit }) => unit))];
  const left = units.reduce<number | null>((sum, unit) => {
    const missing = cells.reduce(
      (count, cell) => count + (cell.unit === unit ? cell.total - cell.done : 0),
      0,
    );
    const rate = speeds[unit].perSecond();
    if (missing === 0) return sum;
    return sum === null || rate === null ? null : sum + missing / rate;
  }, 0);
  const share = total === 0 ? 1 : done / total;
  const time =
    done >= total
      ? `took ${formatDuration(elapsedMs / 1000)}`
      : `${formatDuration(elapsedMs / 1000)} so far, ${left === null ? "? left" : `${formatDuration(left)} left`}`;
  return `grid ${(100 * share).toFixed(share < 1 && share > 0.999 ? 2 : 1)} %  ${done}/${total}  ${time}`;
}

function currentLine(
  { run, task, unit, done, total }: CellProgress,
  detail: string,
  rate: number | null,
): string {
  const speed =
    rate === null
      ? ""
      : `, ${rate >= 1 ? `${rate.toFixed(1)} ${unit}s/s` : `${(1 / rate).toFixed(1)} s/${unit}`}`;
  const left = rate === null || done >= total ? "" : `, ${formatDuration((total - done) / rate)} left`;
  return `${run} on ${task}: ${done}/${total} ${unit}s${speed}${left}${detail && `, ${detail}`}`;
}

/** Runs down, tasks across. */
function tableRows(cells: readonly CellProgress[], current: CellProgress | null): string[] {
  const runs = [...new Set(cells.map(({ run }) => run))];
  const tasks = [...new Set(cells.map(({ task }) => task))];
  const nameWidth = Math.max(...runs.map((run) => run.length));
  const widths = tasks.map((task) => Math.max(task.length, 7));
  const row = (name: string, texts: readonly string[]) =>
    `  ${name.padEnd(nameWidth)}  ${texts.map((text, column) => text.padStart(widths[column] as number)).join("  ")}`;
  return [
    row("", tasks),
    ...runs.map((run) =>
      row(
        run,
        tasks.map((task) => {
          const cell = cells.find((one) => one.run === run && one.task === task);
          if (!cell) return "";
          if (cell.done >= cell.total) return "done";
          const isCurrent = current?.run === run && current.task === task;
          return cell.done === 0 && !isCurrent ? "-" : `${((100 * cell.done) / cell.total).toFixed(1)} %`;
        }),
      ),
    ),
  ];
}

function fit(text: string, columns: number): string {
  return text.length <= columns ? text : `${text.slice(0, Math.max(0, columns - 1))}…`;
}
