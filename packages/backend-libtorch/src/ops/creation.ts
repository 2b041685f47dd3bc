/** Creation and randomness. */

import {
  type Backend,
  type DType,
  isFloat,
  type RandomOptions,
  type Shape,
  type TensorData,
  TensorError,
} from "@soft-tokens/tensor";
import {
  assertDtype,
  assertFills,
  assertIntegers,
  assertKeyPerRow,
  assertMatrix,
  assertValidShape,
  type IdRange,
} from "@soft-tokens/tensor/checks";
import type { Handle } from "../engine/handle.ts";
import type { Runtime } from "../engine/runtime.ts";
import { dtypeCode } from "../native/addon.ts";

export type CreationOps = Pick<
  Backend,
  "tensor" | "zeros" | "ones" | "full" | "arange" | "randomNormal" | "randomUniform" | "sampleCategorical"
>;

export function creationOps(runtime: Runtime): CreationOps {
  const { operations } = runtime;

  function full(shape: Shape, value: number, dtype: DType, operation: string): Handle {
    assertValidShape(shape, operation);
    const y = runtime.result([...shape], dtype);
    operations.full(y.slot, shape, value, dtypeCode[dtype]);
    return y;
  }

  function random(operation: "randomNormal" | "randomUniform", shape: Shape, options: RandomOptions): Handle {
    assertValidShape(shape, operation);
    const keys = keyWords(options, shape, operation);
    const y = runtime.result([...shape], "float32");
    operations[operation](y.slot, keys, shape);
    return y;
  }

  return {
    tensor(data, shape, dtype) {
      const type = dtype ?? naturalDtype(data);
      assertValidShape(shape, "tensor");
      assertFills(data.length, shape, "tensor");
      if (type === "int32") assertIntegers(data, "tensor");
      const y = runtime.result([...shape], type);
      const host = hostArray(data, type);
      operations.fromHost(y.slot, host, shape, dtypeCode[naturalDtype(host)], dtypeCode[type]);
      if (type === "int32") y.memory.range = rangeOf(host as Int32Array);
      return y;
    },
    zeros: (shape, dtype = "float32") => full(shape, 0, dtype, "zeros"),
    ones: (shape, dtype = "float32") => full(shape, 1, dtype, "ones"),
    full(shape, value, dtype = "float32") {
      if (dtype === "bool") return full(shape, Number(value !== 0), dtype, "full");
      return full(shape, dtype === "int32" ? Math.trunc(value) : value, dtype, "full");
    },
    arange(start, stop) {
      if (!Number.isInteger(start) || !Number.isInteger(stop)) {
        throw new TensorError("INVALID_ARGUMENT", `arange: wanted integers, got ${start} and ${stop}`);
      }
      const y = runtime.result([Math.max(0, stop - start)], "int32");
      operations.arange(y.slot, start, Math.max(start, stop));
      return y;
    },
    randomNormal: (shape, options) => random("randomNormal", shape, options),
    randomUniform: (shape, options) => random("randomUniform", shape, options),
    sampleCategorical(operand, options) {
      const probabilities = runtime.use(operand, "sampleCategorical");
      assertDtype(probabilities, ["float32"], "sampleCategorical");
      assertMatrix(probabilities, "sampleCategorical");
      const [rows = 0] = probabilities.shape;
      const keys = keyWords(options, [rows], "sampleCategorical");
      const y = runtime.result([rows], "int32");
      const uniform = runtime.newSlot();
      operations.randomUniform(uniform, keys, [rows]);
      operations.sampleCategorical(y.slot, probabilities.slot, uniform);
      runtime.freeSlot(uniform);
      return y;
    },
  };
}

/** The words of one key, or of one per row. */
export function keyWords({ key }: RandomOptions, shape: Shape, operation: string): Uint32Array {
  if (!isKeyList(key)) return Uint32Array.from(key.words);
  assertKeyPerRow(key, shape, operation);
  const words = new Uint32Array(2 * key.length);
  key.forEach((one, row) => {
    words.set(one.words, 2 * row);
  });
  return words;
}

function isKeyList(key: RandomOptions["key"]): key is Extract<RandomOptions["key"], readonly unknown[]> {
  return Array.isArray(key);
}

function naturalDtype(data: TensorData | readonly number[]): "float32" | "int32" | "bool" {
  if (data instanceof Int32Array) return "int32";
  if (data instanceof Uint8Array) return "bool";
  return "float32";
}

/** The values in an array of the dtype itself (float32 for bfloat16). */
function hostArray(data: TensorData | readonly number[], dtype: DType): TensorData {
  if (isFloat(dtype)) return data instanceof Float32Array ? data : Float32Array.from(data);
  if (dtype === "int32") return data instanceof Int32Array ? data : Int32Array.from(data);
  return Uint8Array.from(data, (value) => (value ? 1 : 0));
}

function rangeOf(ids: Int32Array): IdRange {
  let least = Number.POSITIVE_INFINITY;
  let greatest = Number.NEGATIVE_INFINITY;
  for (const id of ids) {
    if (id < least) least = id;
    if (id > greatest) greatest = id;
  }
  return { least, greatest };
}
