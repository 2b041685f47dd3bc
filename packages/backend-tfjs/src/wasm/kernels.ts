/** The kernels of the WebAssembly variant: our own where TensorFlow.js's are slow or wrong, its own for the rest. */

import { shapesEqual } from "@soft-tokens/tensor";
import type { Kernels } from "../kernels/kernels.ts";
import type { WasmDevice } from "./device.ts";
import * as elementwise from "./elementwise.ts";
import { matmul } from "./matmul.ts";
import * as move from "./move.ts";
import { random } from "./random.ts";
import { reduce } from "./reduce.ts";
import * as rows from "./rows.ts";
import * as softmax from "./softmax.ts";

export function wasmKernels(wasm: WasmDevice, stock: Kernels): Kernels {
  return {
    ...stock,
    unary: (operation, x) =>
      x.dtype === "float32" ? elementwise.unary(wasm, operation, x) : stock.unary(operation, x),
    affine: (x, scale, shift) =>
      x.dtype === "float32" ? elementwise.affine(wasm, x, scale, shift) : stock.affine(x, scale, shift),
    binary: (operation, a, b, shape) =>
      a.dtype === "float32"
        ? elementwise.binary(wasm, operation, a, b, shape)
        : stock.binary(operation, a, b, shape),
    accumulate(sum, part) {
      if (sum.dtype !== "float32" || sum.isShared) return stock.accumulate(sum, part);
      elementwise.addInPlace(wasm, sum, part);
      return sum.view();
    },
    reduce: (operation, x, axes) =>
      x.dtype === "float32" && x.size > 0
        ? reduce(wasm, operation, x, axes)
        : stock.reduce(operation, x, axes),
    matmul: (a, b, transposeA, transposeB, batch) => matmul(wasm, a, b, transposeA, transposeB, batch),
    argMax: (x) => (x.dtype === "float32" && x.size > 0 ? softmax.argMax(wasm, x) : stock.argMax(x)),
    softmax: (x) => softmax.softmax(wasm, x),
    softmaxGradient: (y, dy) => softmax.softmaxGradient(wasm, y, dy),
    logSoftmax: (x) => softmax.logSoftmax(wasm, x),
    logSoftmaxGradient: (y, dy) => softmax.logSoftmaxGradient(wasm, y, dy),
    logSumExp: (x) => softmax.logSumExp(wasm, x),
    transpose: (x, permutation) =>
      x.dtype !== "bool" && x.size > 0
        ? move.transpose(wasm, x, permutation)
        : stock.transpose(x, permutation),
    broadcastTo: (x, shape) =>
      x.dtype !== "bool" && !shapesEqual(x.shape, shape)
        ? move.broadcastTo(wasm, x, shape)
        : stock.broadcastTo(x, shape),
    concat(xs, axis) {
      const filled = xs.filter((x) => x.size > 0);
      return filled.length < 2 ? stock.concat(xs, axis) : move.concat(wasm, filled, axis);
    },
    slice: (x, begin, size) => (shapesEqual(x.shape, size) ? x.view() : move.slice(wasm, x, begin, size)),
    place: (x, shape, begin) => (shapesEqual(x.shape, shape) ? x.view() : move.place(wasm, x, shape, begin)),
    random: (distribution, shape, keys) => random(wasm, distribution, shape, keys),
    takeRows: (table, ids) => rows.takeRows(wasm, table, ids),
    addRows: (x, ids, shape) => rows.addRows(wasm, x, ids, shape),
  };
}
