/**
 * `capture`: the first run of a function is recorded while it runs; each later one is a single call to the engine, which does the
 * recorded commands again with other inputs. The function is not called again, so what it decided by the host's values stays.
 * Handles from outside that it used are remembered: a replay must find them alive, their slots would be someone else's.
 */

import { type Captured, type DType, type Shape, type Tensor, TensorDisposedError } from "@soft-tokens/tensor";
import { assertCapturedInputs, type InputKind } from "@soft-tokens/tensor/checks";
import type { Slot } from "../native/addon.ts";
import type { Handle } from "./handle.ts";
import { Memory } from "./memory.ts";
import { Region } from "./region.ts";
import type { Runtime } from "./runtime.ts";

type CapturedFunction = (inputs: readonly Tensor[]) => Tensor[];

interface Recorded {
  readonly id: number;
  readonly region: Region;
  readonly results: readonly ResultKind[];
  /** Bytes that a run needs at most beside those alive before it. */
  readonly peakBytes: number;
}

interface ResultKind {
  readonly shape: Shape;
  readonly dtype: DType;
  /** The recorded run's. */
  readonly memory: Memory;
  /** Whose it is: an input's, by its number, or a tensor's from outside; else each run makes it. */
  readonly owner: number | "outer" | "run";
}

export function captureFunction(runtime: Runtime, fn: CapturedFunction): Captured {
  let kinds: readonly InputKind[] | null = null;
  let recorded: Recorded | null = null;
  let isDisposed = false;
  const dispose = () => {
    isDisposed = true;
    if (recorded) runtime.dropRecording(recorded.id, recorded.region);
    recorded = null;
  };
  const captured: Captured = {
    run(inputs) {
      if (isDisposed) throw new TensorDisposedError("captured function: used after dispose()");
      runtime.assertOpen();
      const handles = inputs.map((x) => runtime.use(x, "captured function"));
      kinds ??= handles.map(({ shape, dtype }) => ({ shape, dtype }));
      assertCapturedInputs(kinds, handles);
      // A gradient needs the operations themselves; within another recording they belong to that one.
      if (runtime.recording || runtime.region) return runResults(runtime, fn, handles);
      if (recorded) return replay(runtime, recorded, handles);
      const first = record(runtime, fn, handles);
      recorded = first.recorded;
      if (isDisposed) dispose();
      return first.results;
    },
    [Symbol.dispose]: dispose,
  };
  runtime.watch(captured, () => {
    const isLeft = recorded !== null;
    dispose();
    return isLeft;
  });
  return captured;
}

/** What `fn` makes and does not return is disposed. */
function runResults(runtime: Runtime, fn: CapturedFunction, inputs: readonly Handle[]): Handle[] {
  return runtime.scopes.run(
    () => fn(inputs).map((x) => runtime.use(x, "captured function")),
    (results) => results,
  );
}

function record(
  runtime: Runtime,
  fn: CapturedFunction,
  inputs: readonly Handle[],
): { readonly recorded: Recorded; readonly results: Handle[] } {
  const { engine, totals } = runtime;
  const id = runtime.newRecordingId();
  const region = new Region();
  const before = { ...totals };
  totals.peakBytes = totals.bytes;
  const given = runtime.withRegion(region, () => inputs.map((x) => runtime.keep(x)));
  const givenSlots = given.map(({ slot }) => slot);
  for (const x of given) region.inputs.add(x);
  engine.beginRecording(id);
  try {
    const { returned, outputs } = runtime.withRegion(region, () => {
      const handles = runResults(runtime, fn, given);
      return { returned: handles, outputs: ownSlots(runtime, region, handles) };
    });
    const kinds = returned.map((x) => kindOf(x, given, region));
    const results = returned.map((x) => runtime.result(x.shape, x.dtype, { memory: x.memory }));
    const own = [...region.own];
    const outer = [...region.outer].filter((x) => !x.disposed).map(({ slot }) => slot);
    engine.endRecording(
      id,
      { inputs: givenSlots, outputs, own, outer },
      results.map(({ slot }) => slot),
    );
    runtime.withRegion(region, () => {
      for (const x of [...returned, ...given]) if (!x.disposed && region.own.has(x.slot)) x.dispose();
    });
    const peakBytes = totals.peakBytes - before.bytes;
    return { recorded: { id, region, results: kinds, peakBytes }, results };
  } catch (error) {
    runtime.withRegion(region, () => {
      for (const x of given) x.dispose();
    });
    runtime.dropRecording(id, region);
    throw error;
  } finally {
    totals.peakBytes = Math.max(totals.peakBytes, before.peakBytes);
  }
}

/** One slot of the region for each result; a copy's where it was returned twice, or was not made in the function. */
function ownSlots(runtime: Runtime, region: Region, results: readonly Handle[]): Slot[] {
  return results.map((x, at) => {
    if (region.own.has(x.slot) && !region.inputs.has(x) && results.indexOf(x) === at) return x.slot;
    const copy = runtime.newSlot();
    runtime.operations.clone(copy, x.slot);
    return copy;
  });
}

function kindOf({ shape, dtype, memory }: Handle, inputs: readonly Handle[], region: Region): ResultKind {
  const input = inputs.findIndex((x) => x.memory === memory);
  const isOuter = [...region.outer].some((x) => x.memory === memory);
  return { shape, dtype, memory, owner: input >= 0 ? input : isOuter ? "outer" : "run" };
}

/** @throws TensorDisposedError where a tensor from outside that `fn` used is gone; INDEX_OUT_OF_RANGE */
function replay(runtime: Runtime, recorded: Recorded, inputs: readonly Handle[]): Handle[] {
  const { totals } = runtime;
  for (const x of recorded.region.outer) {
    if (!x.disposed) continue;
    throw new TensorDisposedError(
      `captured function: a tensor of shape [${x.shape.join(", ")}] that it uses was disposed`,
    );
  }
  recorded.region.checkInputs(inputs);
  totals.peakBytes = Math.max(totals.peakBytes, totals.bytes + recorded.peakBytes);
  const ofThisRun = new Map<Memory, Memory>();
  const results = recorded.results.map(({ shape, dtype, memory, owner }) => {
    if (owner === "outer") return runtime.result(shape, dtype, { memory });
    const own = owner === "run" ? ofThisRun.get(memory) : (inputs[owner] as Handle).memory;
    const made = own ?? new Memory(totals, memory.bytes);
    ofThisRun.set(memory, made);
    return runtime.result(shape, dtype, { memory: made });
  });
  runtime.engine.replay(
    recorded.id,
    inputs.map(({ slot }) => slot),
    results.map(({ slot }) => slot),
  );
  return results;
}
