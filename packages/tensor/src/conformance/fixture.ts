/** The stored PyTorch values; written by fixtures-scripts/generate.py, which also explains the text form of a tensor. */

import type { Backend, Shape, Tensor } from "../contract.ts";
import type { DType, TensorData } from "../dtype.ts";
import fusedFile from "../fixtures/fused.json" with { type: "json" };
import opsFile from "../fixtures/ops.json" with { type: "json" };
import randomFile from "../fixtures/random.json" with { type: "json" };
import { shapeSize } from "../shape.ts";

/** A tensor on the host. */
export interface HostTensor {
  readonly dtype: DType;
  readonly shape: Shape;
  readonly data: TensorData;
}

export interface Case {
  readonly op: string;
  readonly title: string;
  readonly inputs: readonly HostTensor[];
  /** Arguments after the tensors. */
  readonly args: readonly unknown[];
  readonly outputs: readonly HostTensor[];
  /** Gradient of the first output, and what PyTorch makes of it: one gradient per input, `null` where there is none. */
  readonly gradient: {
    readonly upstream: HostTensor;
    readonly inputs: readonly (HostTensor | null)[];
  } | null;
}

/** A case of a fused operation: its tensors have names, its plain arguments are one object. */
export interface NamedCase extends Omit<Case, "args"> {
  readonly names: readonly string[];
  readonly args: Readonly<Record<string, unknown>>;
}

interface StoredCase {
  readonly op: string;
  readonly title: string;
  readonly inputs: readonly string[];
  readonly args?: unknown;
  readonly outputs: readonly string[];
  readonly upstream?: string;
  readonly gradients?: readonly (string | null)[];
}

export const opCases: readonly Case[] = stored(opsFile).map((record) => ({
  ...parseCase(record),
  args: (record.args ?? []) as unknown[],
}));

export const fusedCases: readonly NamedCase[] = stored(fusedFile).map((record) => {
  const { names, ...args } = record.args as { names: string[] };
  return { ...parseCase(record), names, args };
});

export const randomCases: readonly Case[] = stored(randomFile).map((record) => ({
  ...parseCase(record),
  args: record.args as unknown[],
}));

/** A copy on the backend; float32 data may go to any float dtype. */
export function upload(ops: Backend, x: HostTensor, floatDtype: DType = "float32"): Tensor {
  if (x.dtype !== "float32" || floatDtype === "float32") return ops.tensor(x.data, x.shape, x.dtype);
  using x32 = ops.tensor(x.data, x.shape);
  return ops.cast(x32, floatDtype);
}

function stored(file: unknown): readonly StoredCase[] {
  return (file as { cases: readonly StoredCase[] }).cases;
}

function parseCase(record: StoredCase): Omit<Case, "args"> {
  return {
    op: record.op,
    title: record.title,
    inputs: record.inputs.map(parseTensor),
    outputs: record.outputs.map(parseTensor),
    gradient:
      record.upstream === undefined
        ? null
        : {
            upstream: parseTensor(record.upstream),
            inputs: (record.gradients ?? []).map((text) => (text === null ? null : parseTensor(text))),
          },
  };
}

/** `float32[2,3] 0.5 -1.25 ...` */
function parseTensor(text: string): HostTensor {
  const match = /^(\w+)\[([\d,]*)\](.*)$/.exec(text);
  if (!match) throw new SyntaxError(`fixture: not a tensor: ${text.slice(0, 40)}`);
  const [, name = "", lengths = "", rest = ""] = match;
  const shape = lengths === "" ? [] : lengths.split(",").map(Number);
  const values = rest.trim() === "" ? [] : rest.trim().split(" ").map(Number);
  if (values.length !== shapeSize(shape))
    throw new SyntaxError(`fixture: wrong length: ${text.slice(0, 40)}`);
  return { dtype: name as DType, shape, data: hostArray(name as DType, values) };
}

/** The array that `Backend.read` gives for this dtype. */
function hostArray(dtype: DType, values: readonly number[]): TensorData {
  switch (dtype) {
    case "float32":
    case "bfloat16":
      return Float32Array.from(values);
    case "int32":
      return Int32Array.from(values);
    case "bool":
      return Uint8Array.from(values);
    default:
      return dtype satisfies never;
  }
}
