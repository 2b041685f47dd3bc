/** The element types of safetensors files that this project reads and writes. */

export const SAFETENSORS_DTYPES = ["F32", "F16", "BF16", "I32", "I64", "U8", "BOOL"] as const;
export type SafetensorsDType = (typeof SAFETENSORS_DTYPES)[number];

/** Raw elements as they stand in a file; F16 and BF16 as their 16 bits. */
export type SafetensorsData = Float32Array | Uint16Array | Int32Array | BigInt64Array | Uint8Array;

/** Bytes of one element. */
export function itemSize(dtype: SafetensorsDType): 1 | 2 | 4 | 8 {
  switch (dtype) {
    case "I64":
      return 8;
    case "F32":
    case "I32":
      return 4;
    case "F16":
    case "BF16":
      return 2;
    case "U8":
    case "BOOL":
      return 1;
    default:
      return dtype satisfies never;
  }
}

/** A typed array over bytes that begin at a multiple of the element's size. */
export function viewAs(dtype: SafetensorsDType, buffer: ArrayBuffer): SafetensorsData {
  switch (dtype) {
    case "F32":
      return new Float32Array(buffer);
    case "F16":
    case "BF16":
      return new Uint16Array(buffer);
    case "I32":
      return new Int32Array(buffer);
    case "I64":
      return new BigInt64Array(buffer);
    case "U8":
    case "BOOL":
      return new Uint8Array(buffer);
    default:
      return dtype satisfies never;
  }
}
