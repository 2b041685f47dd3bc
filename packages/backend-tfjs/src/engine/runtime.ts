/**
 * What all operations of one backend share: handles and their scopes, the active tape, the kernels.
 * No arithmetic here.
 */

import { HandleScopes, type Shape, type Tensor, TensorDisposedError, TensorError } from "@soft-tokens/tensor";
import type { Tape } from "../autograd/tape.ts";
import type { Kernels } from "../kernels/kernels.ts";
import type { DeviceArray } from "./array.ts";
import type { Device } from "./device.ts";
import { Handle, type HandleOwner } from "./handle.ts";

/** Upstream gradient and the saved values -> one gradient per input (`null`: none flows there). */
export type Backward = (upstream: Handle, saved: readonly Handle[]) => readonly (Tensor | null)[];

export class Runtime implements HandleOwner {
  /** Records operations; `null` while nothing is differentiated. */
  tape: Tape | null = null;
  #liveHandles = 0;
  readonly scopes = new HandleScopes((value): value is Handle => value instanceof Handle);
  #isClosed = false;

  constructor(
    readonly device: Device,
    readonly kernels: Kernels,
  ) {}

  get liveHandles(): number {
    return this.#liveHandles;
  }

  /** A public handle that the caller, or the innermost scope, owns. */
  wrap(array: DeviceArray): Handle {
    const handle = new Handle(this, array);
    this.#liveHandles += 1;
    this.scopes.own(handle);
    return handle;
  }

  /** A handle outside every scope and count, for what the tape keeps. */
  keep(array: DeviceArray): Handle {
    return new Handle(SILENT, array);
  }

  handleDisposed(_handle: Handle): void {
    this.#liveHandles -= 1;
  }

  /** The operand as a live handle of this backend. @throws TensorDisposedError, INVALID_ARGUMENT */
  use(x: Tensor, operation: string): Handle {
    if (!(x instanceof Handle)) {
      throw new TensorError("INVALID_ARGUMENT", `${operation}: got a tensor of another backend`);
    }
    if (x.disposed) {
      throw new TensorDisposedError(
        `${operation}: a tensor of shape [${x.shape.join(", ")}] was used after dispose()`,
      );
    }
    if (x.owner !== this && x.owner !== SILENT) {
      throw new TensorError("INVALID_ARGUMENT", `${operation}: got a tensor of another backend`);
    }
    return x;
  }

  /** True where a gradient may be asked for through this handle. */
  isTracked(x: Handle): boolean {
    return this.tape !== null && x.track !== null && x.track.tape === this.tape;
  }

  /** Puts a differentiable operation on the tape, if there is one and it can matter. */
  record(output: Handle, inputs: readonly Handle[], saved: readonly Handle[], backward: Backward): void {
    const { tape } = this;
    if (tape === null || !inputs.some((input) => this.isTracked(input))) return;
    tape.record({
      output,
      inputs: inputs.map((input) => (this.isTracked(input) ? input.track : null)),
      saved: saved.map((handle) => this.keep(handle.array("record").view())),
      backward,
    });
  }

  /** Runs `work` with another tape, or none. */
  withTape<T>(tape: Tape | null, work: () => T): T {
    const outer = this.tape;
    this.tape = tape;
    try {
      return work();
    } finally {
      this.tape = outer;
    }
  }

  /** A new handle for the same value, e.g. where an operation's result would be its operand. */
  alias(x: Handle, shape: Shape = x.shape): Handle {
    return this.wrap(x.array("clone").view(shape));
  }

  assertOpen(): void {
    if (this.#isClosed) throw new TensorError("INVALID_ARGUMENT", "the backend was disposed");
  }

  /** Frees every array; false where that was done before. */
  close(): boolean {
    if (this.#isClosed) return false;
    this.#isClosed = true;
    this.device.dispose();
    return true;
  }
}

const SILENT: HandleOwner = { handleDisposed() {} };
