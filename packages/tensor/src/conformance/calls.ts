/** Calls an operation of the contract by name with stored arguments, and shares what several concerns need of it. */

import type { Backend, Tensor } from "../contract.ts";
import { type DType, type FloatDType, isFloat } from "../dtype.ts";
import type { Case, HostTensor } from "./fixture.ts";

type Call = (ops: Backend, xs: readonly Tensor[], args: readonly unknown[]) => Tensor[];

/** Operations whose tensors are not simply their first arguments, or whose result is not one tensor. */
const special: Readonly<Record<string, Call>> = {
  concat: (ops, xs, [axis]) => [ops.concat(xs, axis as number)],
  topK: (ops, [x], [k]) => {
    const { values, indices } = ops.topK(x as Tensor, k as number);
    return [values, indices];
  },
};

export function callOperation(
  ops: Backend,
  name: string,
  xs: readonly Tensor[],
  args: readonly unknown[],
): Tensor[] {
  const call = special[name];
  if (call) return call(ops, xs, args);
  const method = ops[name as keyof Backend] as (...all: unknown[]) => Tensor;
  return [method.apply(ops, [...xs, ...args])];
}

/** The float dtypes that the backend calculates with. */
export function floatDtypes(ops: Backend): FloatDType[] {
  return [...ops.capabilities.dtypes].filter(isFloat);
}

/** The float dtypes that a case can run in: stored values must mean the same numbers there. */
export function dtypesOf(ops: Backend, { inputs }: Pick<Case, "inputs">): FloatDType[] {
  const floats = inputs.filter((x) => x.dtype === "float32");
  const isExact = floats.every((x) => x.data.every(fitsBfloat16));
  return floatDtypes(ops).filter((dtype) => dtype === "float32" || (floats.length > 0 && isExact));
}

/** The dtype of an output when the case's float inputs have `dtype`. */
export function outputDtype(testCase: Case, output: HostTensor, dtype: DType): DType {
  if (output.dtype !== "float32") return output.dtype;
  return testCase.op === "cast" ? (testCase.args[0] as DType) : dtype;
}

/** True where the low half of a float32 is zero. */
function fitsBfloat16(x: number): boolean {
  const bits = new Uint32Array(Float32Array.of(x).buffer)[0] as number;
  return (bits & 0xffff) === 0;
}

export function disposeAll(xs: Iterable<Tensor | undefined | null>): void {
  for (const x of xs) x?.dispose();
}
