/**
 * SIMD kernels on TensorFlow.js's WebAssembly heap, in AssemblyScript. `npm run simd` in this package compiles this folder
 * into src/wasm/simd-module.ts; the compiler is only needed for that.
 *
 * Every function takes byte addresses and byte strides into the imported memory and writes where it is told; nothing here
 * allocates, keeps state or checks. float32 unless said otherwise.
 */

export { adamW } from "./adamw";
export { attend, attendBackward } from "./attention";
export { affine, binary, dotGradient, gatedGradient, gatedUnit, unary } from "./elementwise";
export { gemm } from "./gemm";
export { addRowsById, copyRows, fillRows, takeRowsById, transposeBlocks } from "./move";
export { normalizeRows, normalizeRowsGradient } from "./norm";
export { philoxWords } from "./philox";
export { reduceMiddle } from "./reduce";
export { rotate } from "./rotary";
export { argMaxRows, shiftRows, softmaxGradient, softmaxRows, sumExpRows } from "./softmax";
