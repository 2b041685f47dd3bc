/**
 * Element types. There is no implicit promotion anywhere: mixing dtypes throws DTYPE_MISMATCH, casts are written.
 */
export type DType = "float32" | "bfloat16" | "int32" | "bool";

/** The dtypes that carry gradients. */
export type FloatDType = "float32" | "bfloat16";

/** What `Backend.tensor` accepts and `Backend.read` returns: bfloat16 is read as float32, bool as bytes 0 and 1. */
export type TensorData = Float32Array | Int32Array | Uint8Array;

/** Bytes of one element. */
export function bytesPerElement(dtype: DType): number {
  switch (dtype) {
    case "float32":
    case "int32":
      return 4;
    case "bfloat16":
      return 2;
    case "bool":
      return 1;
    default:
      return dtype satisfies never;
  }
}

/** True for the dtypes that carry gradients. */
export function isFloat(dtype: DType): dtype is FloatDType {
  return dtype === "float32" || dtype === "bfloat16";
}
