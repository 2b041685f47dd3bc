/**
 * Element-by-element kernels on host-visible memory, for the dtypes and operations that TensorFlow.js's own kernels lack
 * or compute differently from the contract: int32 arithmetic, comparisons, casts, masks.
 */

import type { DType, Shape, TensorData } from "@soft-tokens/tensor";
import type { DeviceArray } from "../engine/array.ts";
import type { Device } from "../engine/device.ts";
import type { BinaryOperation, CompareOperation } from "./kernels.ts";
import { atLeastOneAxis, broadcastStrides, forEachRow } from "./layout.ts";

type Combine = (a: number, b: number) => number;

const INTEGER_COMBINE: Record<Exclude<BinaryOperation, "divide">, Combine> = {
  add: (a, b) => (a + b) | 0,
  subtract: (a, b) => (a - b) | 0,
  multiply: Math.imul,
  maximum: Math.max,
  minimum: Math.min,
};

const COMPARE: Record<CompareOperation, Combine> = {
  equal: (a, b) => (a === b ? 1 : 0),
  less: (a, b) => (a < b ? 1 : 0),
  lessEqual: (a, b) => (a <= b ? 1 : 0),
  greater: (a, b) => (a > b ? 1 : 0),
  greaterEqual: (a, b) => (a >= b ? 1 : 0),
  logicalAnd: (a, b) => a & b,
  logicalOr: (a, b) => a | b,
};

/** int32 arithmetic wraps, as in PyTorch. */
export function integerBinary(
  device: Device,
  operation: Exclude<BinaryOperation, "divide">,
  a: DeviceArray,
  b: DeviceArray,
  shape: Shape,
): DeviceArray {
  return combine(device, INTEGER_COMBINE[operation], a, b, shape, "int32");
}

/** A NaN on either side wins. */
export function floatExtremum(
  device: Device,
  operation: "maximum" | "minimum",
  a: DeviceArray,
  b: DeviceArray,
  shape: Shape,
): DeviceArray {
  return combine(device, operation === "maximum" ? Math.max : Math.min, a, b, shape, "float32");
}

/** Sum of all elements times `scale`, added up in float64 (wrapping for int32). */
export function totalOf(device: Device, x: DeviceArray, scale: number, shape: Shape): DeviceArray {
  return device.create(shape, x.dtype, (out) => {
    const data = device.view(x);
    let total = 0;
    for (let i = 0; i < data.length; i++) total += data[i] as number;
    out[0] = total * scale;
  });
}

export function compare(
  device: Device,
  operation: CompareOperation,
  a: DeviceArray,
  b: DeviceArray,
  shape: Shape,
): DeviceArray {
  return combine(device, COMPARE[operation], a, b, shape, "bool");
}

function combine(
  device: Device,
  apply: Combine,
  a: DeviceArray,
  b: DeviceArray,
  shape: Shape,
  dtype: DType,
): DeviceArray {
  return device.create(shape, dtype, (out) => {
    const dataA = device.view(a);
    const dataB = device.view(b);
    const walked = atLeastOneAxis(shape);
    const stridesA = broadcastStrides(a.shape, walked);
    const stridesB = broadcastStrides(b.shape, walked);
    const length = walked[walked.length - 1] as number;
    const stepA = stridesA[walked.length - 1] as number;
    const stepB = stridesB[walked.length - 1] as number;
    forEachRow(walked, stridesA, stridesB, (row, offsetA, offsetB) => {
      const base = row * length;
      for (let i = 0; i < length; i++) {
        out[base + i] = apply(dataA[offsetA + i * stepA] as number, dataB[offsetB + i * stepB] as number);
      }
    });
  });
}

export function where(
  device: Device,
  condition: DeviceArray,
  a: DeviceArray,
  b: DeviceArray,
  shape: Shape,
): DeviceArray {
  return device.create(shape, a.dtype, (out) => {
    const mask = device.view(condition);
    const dataA = device.view(a);
    const dataB = device.view(b);
    const walked = atLeastOneAxis(shape);
    const last = walked.length - 1;
    const length = walked[last] as number;
    const stridesMask = broadcastStrides(condition.shape, walked);
    const stridesA = broadcastStrides(a.shape, walked);
    const stridesB = broadcastStrides(b.shape, walked);
    const stepMask = stridesMask[last] as number;
    const stepA = stridesA[last] as number;
    const stepB = stridesB[last] as number;
    const maskOffsets = rowOffsets(walked, stridesMask);
    forEachRow(walked, stridesA, stridesB, (row, offsetA, offsetB) => {
      const base = row * length;
      const maskBase = maskOffsets[row] as number;
      for (let i = 0; i < length; i++) {
        out[base + i] = mask[maskBase + i * stepMask]
          ? (dataA[offsetA + i * stepA] as number)
          : (dataB[offsetB + i * stepB] as number);
      }
    });
  });
}

function rowOffsets(shape: Shape, strides: readonly number[]): number[] {
  const offsets: number[] = [];
  forEachRow(shape, strides, strides, (_, offset) => offsets.push(offset));
  return offsets;
}

export function logicalNot(device: Device, x: DeviceArray): DeviceArray {
  return mapElements(device, x, "bool", (value) => (value ? 0 : 1));
}

export function integerUnary(
  device: Device,
  operation: "negate" | "abs" | "square",
  x: DeviceArray,
): DeviceArray {
  if (operation === "negate") return mapElements(device, x, "int32", (value) => -value | 0);
  if (operation === "abs") return mapElements(device, x, "int32", (value) => Math.abs(value) | 0);
  return mapElements(device, x, "int32", (value) => Math.imul(value, value));
}

/** float -> int32 truncates towards zero; anything -> bool is `x != 0` (TensorFlow.js on WebAssembly truncates first). */
export function cast(device: Device, x: DeviceArray, dtype: DType): DeviceArray {
  if (x.dtype === dtype) return x.view();
  if (dtype === "bool") return mapElements(device, x, "bool", (value) => (value !== 0 ? 1 : 0));
  return device.create(x.shape, dtype, (out) => {
    out.set(device.view(x));
  });
}

export function mapElements(
  device: Device,
  x: DeviceArray,
  dtype: DType,
  apply: (value: number) => number,
): DeviceArray {
  return device.create(x.shape, dtype, (out) => {
    const data: TensorData = device.view(x);
    for (let i = 0; i < out.length; i++) out[i] = apply(data[i] as number);
  });
}
