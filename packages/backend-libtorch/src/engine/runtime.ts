/** What all operations of one backend share: slots, handles and their scopes, the active recording. No arithmetic here. */

import {
  bytesPerElement,
  type DType,
  HandleScopes,
  isFloat,
  type Shape,
  shapeSize,
  type Tensor,
  TensorDisposedError,
  TensorError,
} from "@soft-tokens/tensor";
import type { Recording } from "../autograd/recording.ts";
import type { NativeEngine, NativeOperations, Slot } from "../native/addon.ts";
import { Handle, type HandleOwner } from "./handle.ts";
import { Memory, type MemoryTotals } from "./memory.ts";
import type { Region } from "./region.ts";

export interface ResultOptions {
  /** Operands through which a gradient flows. */
  readonly from?: readonly Handle[];
  /** The operand whose memory the result looks at. */
  readonly view?: Handle;
  /** The memory itself, where there is no such operand. */
  readonly memory?: Memory;
}

export class Runtime implements HandleOwner {
  /** Decides what is tracked; null while nothing is differentiated. */
  recording: Recording | null = null;
  /** Of the captured function that is being recorded. */
  region: Region | null = null;
  readonly operations: NativeOperations;
  readonly totals: MemoryTotals = { bytes: 0, peakBytes: 0 };
  #liveHandles = 0;
  readonly scopes = new HandleScopes((value): value is Handle => value instanceof Handle);
  #freeSlots: Slot[] = [];
  #slotCount = 0;
  #recordingCount = 0;
  #isClosed = false;
  readonly #kept: HandleOwner;
  readonly #lost: FinalizationRegistry<() => void>;
  readonly #warn: ((message: string) => void) | null;

  /** `warn` hears of a handle that was collected without having been disposed. */
  constructor(
    readonly engine: NativeEngine,
    warn: ((message: string) => void) | null = null,
  ) {
    this.operations = engine.operations;
    this.#kept = { handleDisposed: (_, slot) => this.freeSlot(slot) };
    this.#lost = new FinalizationRegistry((release) => release());
    this.#warn = warn;
  }

  get liveHandles(): number {
    return this.#liveHandles;
  }

  newSlot(): Slot {
    const fresh = () => this.#freeSlots.pop() ?? this.#slotCount++;
    return this.region ? this.region.take(fresh) : fresh();
  }

  /** Commands run in order, so the number may be given out again at once. */
  freeSlot(slot: Slot): void {
    if (this.#isClosed) return;
    this.engine.free(slot);
    if (!this.region?.give(slot)) this.#freeSlots.push(slot);
  }

  newRecordingId(): number {
    return this.#recordingCount++;
  }

  /** Ends a region: its slots may be anyone's. */
  dropRecording(id: number, region: Region): void {
    if (this.#isClosed) return;
    const slots = [...region.own];
    this.engine.dropRecording(id, slots);
    this.#freeSlots.push(...slots);
  }

  /** Runs `work` with slots of the region. */
  withRegion<T>(region: Region, work: () => T): T {
    this.region = region;
    try {
      return work();
    } finally {
      this.region = null;
    }
  }

  /** A handle for what an operation will put into its slot. The caller, or the innermost scope, owns it. */
  result(shape: Shape, dtype: DType, { from = [], view, memory: given }: ResultOptions = {}): Handle {
    this.assertOpen();
    const memory =
      given ?? view?.memory ?? new Memory(this.totals, shapeSize(shape) * bytesPerElement(dtype));
    const slot = this.newSlot();
    const handle = new Handle(this, slot, shape, dtype, memory.retain());
    this.#liveHandles += 1;
    if (this.recording && isFloat(dtype)) handle.track = this.recording.join(from);
    this.scopes.own(handle);
    this.#lost.register(handle, () => this.#releaseLost(slot, memory, shape, dtype), handle);
    return handle;
  }

  /** A handle outside every scope and count, for what a recording keeps. */
  keep(x: Handle): Handle {
    const slot = this.newSlot();
    this.operations.same(slot, x.slot);
    return new Handle(this.#kept, slot, x.shape, x.dtype, x.memory);
  }

  handleDisposed(handle: Handle, slot: Slot): void {
    this.#lost.unregister(handle);
    this.#release(slot, handle.memory);
  }

  /** The operand as a live handle of this backend. @throws TensorDisposedError, INVALID_ARGUMENT */
  use(x: Tensor, operation: string): Handle {
    if (!(x instanceof Handle) || (x.owner !== this && x.owner !== this.#kept)) {
      throw new TensorError("INVALID_ARGUMENT", `${operation}: got a tensor of another backend`);
    }
    if (x.disposed) {
      throw new TensorDisposedError(
        `${operation}: a tensor of shape [${x.shape.join(", ")}] was used after dispose()`,
      );
    }
    this.assertOpen();
    this.region?.meet(x);
    return x;
  }

  /** @throws INVALID_ARGUMENT for an input of the captured function: it borrows them */
  assertWritable(x: Handle, operation: string): void {
    if (!this.region?.inputs.has(x)) return;
    throw new TensorError(
      "INVALID_ARGUMENT",
      `${operation}: a captured function does not write to its inputs`,
    );
  }

  isTracked(x: Handle): boolean {
    return this.recording !== null && x.track !== null && x.track.recording === this.recording;
  }

  /** Runs `work` with another recording, or none, in TypeScript and in the engine. */
  withRecording<T>(recording: Recording | null, work: () => T): T {
    const outer = this.recording;
    if ((recording !== null) !== (outer !== null)) this.operations.setRecording([], recording !== null);
    this.recording = recording;
    try {
      return work();
    } finally {
      this.recording = outer;
      if ((recording !== null) !== (outer !== null)) this.operations.setRecording([], outer !== null);
    }
  }

  /** `release` is called if a captured function is collected that was not disposed; it must not hold it. */
  watch(captured: object, release: () => boolean): void {
    this.#lost.register(captured, () => {
      if (!this.#isClosed && release())
        this.#warn?.("a captured function was garbage-collected without dispose()");
    });
  }

  assertOpen(): void {
    if (this.#isClosed) throw new TensorError("INVALID_ARGUMENT", "the backend was disposed");
  }

  /** Ends the engine and frees every tensor. Idempotent. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.engine.close();
  }

  #release(slot: Slot, memory: Memory): void {
    this.#liveHandles -= 1;
    memory.release();
    this.freeSlot(slot);
  }

  #releaseLost(slot: Slot, memory: Memory, shape: Shape, dtype: DType): void {
    if (this.#isClosed) return;
    this.#release(slot, memory);
    this.#warn?.(
      `a tensor of shape [${shape.join(", ")}] and dtype ${dtype} was garbage-collected without dispose()`,
    );
  }
}
