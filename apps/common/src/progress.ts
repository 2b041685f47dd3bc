/**
 * Progress for people, on standard error: one live line with rate and time left on a terminal, plain lines elsewhere
 * (a log file, CI). Never on standard output, which belongs to results.
 */

import { draw, visibleLine, visibleText } from "./terminal.ts";

export interface Progress {
  /** `done` of `total` units; `detail` is shown behind. */
  update(done: number, total: number, detail?: string): void;
  /** Writes a line of its own above the live one. */
  log(line: string): void;
  /** Ends the live line, optionally leaving a last text. */
  finish(text?: string): void;
}

const PLAIN_INTERVAL_MS = 10_000;
const LIVE_INTERVAL_MS = 100;

/** `label` names the work, `unit` what is counted ("step", "question"). */
export function createProgress(
  label: string,
  unit: string,
  stream: NodeJS.WriteStream = process.stderr,
): Progress {
  const started = performance.now();
  const isLive = stream.isTTY === true;
  let lastShown = Number.NEGATIVE_INFINITY;
  let doneAtStart: number | null = null;
  let isLineOpen = false;
  let endShown = "";

  const clear = () => {
    if (isLineOpen) draw(stream, "\r\x1b[2K");
    isLineOpen = false;
  };
  return {
    update(done, total, detail = "") {
      doneAtStart ??= Math.max(0, done - 1);
      const now = performance.now();
      const isLast = done >= total;
      const isTooSoon = now - lastShown < (isLive ? LIVE_INTERVAL_MS : PLAIN_INTERVAL_MS);
      // The end is always shown, and once: bytes go on arriving after megabytes are full.
      if (isLast ? endShown === `${done}/${total}` : isTooSoon) return;
      if (isLast) endShown = `${done}/${total}`;
      lastShown = now;
      const seconds = (now - started) / 1000;
      const rate = (done - doneAtStart) / Math.max(seconds, 1e-9);
      const left = rate > 0 ? formatDuration((total - done) / rate) : "?";
      const text = `${label} ${done}/${total} ${plural(unit)}  ${formatRate(rate, unit)}  ${isLast ? `took ${formatDuration(seconds)}` : `${left} left`}${detail ? `  ${detail}` : ""}`;
      const line = visibleLine(text);
      if (!isLive) {
        draw(stream, `${line}\n`);
        return;
      }
      clear();
      draw(stream, fit(line, stream.columns ?? 80));
      isLineOpen = true;
    },
    log(line) {
      clear();
      draw(stream, `${visibleText(line)}\n`);
    },
    finish(text) {
      if (text === undefined) {
        if (isLineOpen) stream.write("\n");
        isLineOpen = false;
        return;
      }
      clear();
      draw(stream, `${visibleText(text)}\n`);
    },
  };
}

/** 65 -> "1m 05s" */
export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds)) return "?";
  if (seconds < 10) return `${seconds.toFixed(1)}s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole}s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes}m ${String(whole % 60).padStart(2, "0")}s`;
  return `${Math.floor(minutes / 60)}h ${String(minutes % 60).padStart(2, "0")}m`;
}

function formatRate(rate: number, unit: string): string {
  return rate >= 1 || rate === 0
    ? `${rate.toFixed(1)} ${plural(unit)}/s`
    : `${(1 / rate).toFixed(1)} s/${unit}`;
}

/** "step" -> "steps"; symbols such as MB stay. */
function plural(unit: string): string {
  return /^[A-Z]+$/.test(unit) ? unit : `${unit}s`;
}

function fit(text: string, columns: number): string {
  return text.length < columns ? text : `${text.slice(0, Math.max(0, columns - 2))}…`;
}
