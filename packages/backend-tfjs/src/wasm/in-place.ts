/** Writing into memory that a handle already has: allowed only where nobody else can see it. */

import type { DeviceArray } from "../engine/array.ts";
import type { Handle } from "../engine/handle.ts";
import type { WasmDevice } from "./device.ts";
import { copy } from "./move.ts";

/**
 * The array of a handle, free to be written: where other handles, or the tape, hold the same memory, the handle moves to a
 * copy first and they keep the old value.
 */
export function ownExclusively(wasm: WasmDevice, handle: Handle, operation: string): DeviceArray {
  const array = handle.array(operation);
  if (!array.isShared) return array;
  handle.replace(copy(wasm, array), operation);
  return handle.array(operation);
}
