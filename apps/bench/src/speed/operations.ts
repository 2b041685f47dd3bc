/**
 * Where the time goes, operation by operation: from the backend itself where it can tell, else by a clock around each of its
 * operations, which says the truth where an operation is computed when it is called.
 */

import type { Backend } from "@soft-tokens/tensor";

export interface OperationTime {
  readonly name: string;
  readonly calls: number;
  /** Without the operations that it calls. */
  readonly seconds: number;
}

/** A backend that measures itself. */
interface SelfProfiling {
  setProfiling(isOn: boolean): void;
  takeProfile(): Promise<Record<string, { readonly calls: number; readonly seconds: number }>>;
}

/** Times of the operations while `work` runs, largest first. It runs slower than without. */
export async function profileOperations(
  backend: Backend,
  work: () => Promise<unknown>,
): Promise<OperationTime[]> {
  const times = isSelfProfiling(backend)
    ? await profiledByItself(backend, work)
    : await profiledFromOutside(backend, work);
  return times.sort((a, b) => b.seconds - a.seconds);
}

function isSelfProfiling(backend: Backend): backend is Backend & SelfProfiling {
  return "setProfiling" in backend && "takeProfile" in backend;
}

async function profiledByItself(
  backend: SelfProfiling,
  work: () => Promise<unknown>,
): Promise<OperationTime[]> {
  backend.setProfiling(true);
  try {
    await backend.takeProfile();
    await work();
    const times = await backend.takeProfile();
    return Object.entries(times).map(([name, time]) => ({ name, ...time }));
  } finally {
    backend.setProfiling(false);
  }
}

async function profiledFromOutside(backend: Backend, work: () => Promise<unknown>): Promise<OperationTime[]> {
  const { times, restore } = clockOperations(backend, () => performance.now() / 1000);
  try {
    await work();
  } finally {
    restore();
  }
  return [...times].map(([name, { calls, elapsed }]) => ({ name, calls, seconds: elapsed }));
}

/**
 * Puts a clock around every operation of a backend until `restore`. What elapsed is in the unit of `now`, and an operation's own:
 * without that of the operations that it calls.
 */
export function clockOperations(
  backend: Backend,
  now: () => number,
): { times: Map<string, { calls: number; elapsed: number }>; restore: () => void } {
  const times = new Map<string, { calls: number; elapsed: number }>();
  const undo: (() => void)[] = [];
  let inner = 0;
  const wrap = (holder: Record<string, unknown>, name: string) => {
    const call = holder[name];
    if (typeof call !== "function") return;
    holder[name] = (...args: unknown[]) => {
      const outerInner = inner;
      inner = 0;
      const start = now();
      try {
        return call.apply(holder, args);
      } finally {
        const whole = now() - start;
        const entry = times.get(name) ?? { calls: 0, elapsed: 0 };
        times.set(name, { calls: entry.calls + 1, elapsed: entry.elapsed + whole - inner });
        inner = outerInner + whole;
      }
    };
    undo.push(() => {
      holder[name] = call;
    });
  };
  const fused = backend.fused as Record<string, unknown>;
  for (const name of Object.keys(fused)) wrap(fused, name);
  for (const name of Object.keys(backend)) wrap(backend as unknown as Record<string, unknown>, name);
  return {
    times,
    restore() {
      for (const step of undo) step();
    },
  };
}
