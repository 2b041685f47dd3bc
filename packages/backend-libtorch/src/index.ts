/** libtorch backend of the tensor contract: CPU with bfloat16, CUDA, MPS. See README.md for how its native part is built. */

export type { LibtorchBackend } from "./backend.ts";
export { createLibtorchBackend, type LibtorchOptions } from "./create.ts";
export type { OperationTime } from "./native/addon.ts";
export { describeNative } from "./native/describe-native.ts";
