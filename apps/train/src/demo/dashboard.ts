/** A line per job of the demo: redrawn in place on a terminal, one line per change of phase and every 15 s elsewhere. */

import { draw as drawOn, formatDuration, visibleLine, visibleText } from "@soft-tokens/app-common";

export interface Dashboard {
  set(name: string, state: JobState): void;
  log(line: string): void;
  finish(): void;
}

type JobState =
  | { readonly phase: "waiting" }
  | { readonly phase: string; readonly done: number; readonly total: number; readonly detail: string }
  | { readonly phase: string; readonly detail: string };

const PLAIN_INTERVAL_MS = 15_000;
const LIVE_INTERVAL_MS = 120;
const BAR_WIDTH = 20;

export function createDashboard(
  names: readonly string[],
  stream: NodeJS.WriteStream = process.stderr,
): Dashboard {
  const started = performance.now();
  const states = new Map<string, JobState>(names.map((name) => [name, { phase: "waiting" }]));
  const lastPlain = new Map<string, { phase: string; at: number }>();
  const isLive = stream.isTTY === true;
  let drawn = 0;
  let lastDrawn = Number.NEGATIVE_INFINITY;

  const erase = () => {
    if (drawn > 0) drawOn(stream, `\x1b[${drawn}A\x1b[0J`);
    drawn = 0;
  };
  const draw = () => {
    erase();
    const width = (stream.columns ?? 80) - 1;
    const elapsed = `  ${formatDuration((performance.now() - started) / 1000)} elapsed`;
    const lines = [...[...states].map(([name, state]) => describe(name, state)), elapsed];
    drawOn(stream, lines.map((line) => `${visibleLine(line).slice(0, width)}\n`).join(""));
    drawn = lines.length;
    lastDrawn = performance.now();
  };
  return {
    set(name, state) {
      const isNewPhase = states.get(name)?.phase !== state.phase;
      states.set(name, state);
      const now = performance.now();
      if (isLive) {
        if (isNewPhase || now - lastDrawn > LIVE_INTERVAL_MS) draw();
        return;
      }
      const last = lastPlain.get(name);
      if (last?.phase === state.phase && now - last.at < PLAIN_INTERVAL_MS) return;
      lastPlain.set(name, { phase: state.phase, at: now });
      drawOn(stream, `${visibleLine(describe(name, state))}\n`);
    },
    log(line) {
      if (isLive) erase();
      drawOn(stream, `${visibleText(line)}\n`);
      if (isLive) draw();
    },
    finish() {
      if (isLive) draw();
    },
  };
}

function describe(name: string, state: JobState): string {
  const head = `  ${name.padEnd(6)} ${state.phase.padEnd(10)}`;
  if (!("total" in state)) return `${head}${"detail" in state ? state.detail : ""}`;
  const filled = Math.round((BAR_WIDTH * state.done) / Math.max(1, state.total));
  const bar = "█".repeat(filled) + "░".repeat(BAR_WIDTH - filled);
  return `${head}${bar} ${String(state.done).padStart(5)}/${state.total}  ${state.detail}`;
}
