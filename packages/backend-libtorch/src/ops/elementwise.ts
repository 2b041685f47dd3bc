/** Element-by-element operations. */

import { type Backend, broadcastShapes, type DType, type Tensor } from "@soft-tokens/tensor";
import { assertAffine, assertDtype, assertSameDtype } from "@soft-tokens/tensor/checks";
import type { Handle } from "../engine/handle.ts";
import type { Runtime } from "../engine/runtime.ts";

const FLOAT: readonly DType[] = ["float32", "bfloat16"];
const NUMERIC: readonly DType[] = [...FLOAT, "int32"];
const BOOL: readonly DType[] = ["bool"];
const ANY: readonly DType[] = [...NUMERIC, "bool"];

type UnaryName = "negate" | "abs" | "exp" | "log" | "sqrt" | "rsqrt" | "square" | "tanh" | "sigmoid" | "silu";
type BinaryName = "add" | "subtract" | "multiply" | "divide" | "maximum" | "minimum";
type CompareName = "equal" | "less" | "lessEqual" | "greater" | "greaterEqual" | "logicalAnd" | "logicalOr";

export type ElementwiseOps = Pick<
  Backend,
  UnaryName | BinaryName | CompareName | "affine" | "logicalNot" | "where"
>;

export function elementwiseOps(runtime: Runtime): ElementwiseOps {
  const { operations } = runtime;

  function unary(operation: UnaryName, dtypes: readonly DType[]): (x: Tensor) => Tensor {
    return (operand) => {
      const x = runtime.use(operand, operation);
      assertDtype(x, dtypes, operation);
      const y = runtime.result(x.shape, x.dtype, { from: [x] });
      operations[operation](y.slot, x.slot);
      return y;
    };
  }

  function operands(operandA: Tensor, operandB: Tensor, dtypes: readonly DType[], operation: string) {
    const a = runtime.use(operandA, operation);
    const b = runtime.use(operandB, operation);
    assertSameDtype(a, b, operation);
    assertDtype(a, dtypes, operation);
    return { a, b, shape: broadcastShapes(a.shape, b.shape, operation) };
  }

  function binary(operation: BinaryName, dtypes: readonly DType[]): (a: Tensor, b: Tensor) => Tensor {
    return (operandA, operandB) => {
      const { a, b, shape } = operands(operandA, operandB, dtypes, operation);
      const y = runtime.result(shape, a.dtype, { from: [a, b] });
      operations[operation](y.slot, a.slot, b.slot);
      return y;
    };
  }

  function compare(operation: CompareName, dtypes: readonly DType[]): (a: Tensor, b: Tensor) => Tensor {
    return (operandA, operandB) => {
      const { a, b, shape } = operands(operandA, operandB, dtypes, operation);
      const y = runtime.result(shape, "bool");
      operations[operation](y.slot, a.slot, b.slot);
      return y;
    };
  }

  return {
    add: binary("add", NUMERIC),
    subtract: binary("subtract", NUMERIC),
    multiply: binary("multiply", NUMERIC),
    divide: binary("divide", FLOAT),
    maximum: binary("maximum", NUMERIC),
    minimum: binary("minimum", NUMERIC),
    affine(operand, { scale = 1, shift = 0 }) {
      const x = runtime.use(operand, "affine");
      assertDtype(x, NUMERIC, "affine");
      assertAffine(x, scale, shift);
      const y = runtime.result(x.shape, x.dtype, { from: [x] });
      operations.affine(y.slot, x.slot, scale, shift);
      return y;
    },
    negate: unary("negate", NUMERIC),
    abs: unary("abs", NUMERIC),
    exp: unary("exp", FLOAT),
    log: unary("log", FLOAT),
    sqrt: unary("sqrt", FLOAT),
    rsqrt: unary("rsqrt", FLOAT),
    square: unary("square", NUMERIC),
    tanh: unary("tanh", FLOAT),
    sigmoid: unary("sigmoid", FLOAT),
    silu: unary("silu", FLOAT),
    equal: compare("equal", ANY),
    less: compare("less", NUMERIC),
    lessEqual: compare("lessEqual", NUMERIC),
    greater: compare("greater", NUMERIC),
    greaterEqual: compare("greaterEqual", NUMERIC),
    logicalAnd: compare("logicalAnd", BOOL),
    logicalOr: compare("logicalOr", BOOL),
    logicalNot(operand) {
      const x = runtime.use(operand, "logicalNot");
      assertDtype(x, BOOL, "logicalNot");
      const y = runtime.result(x.shape, "bool");
      operations.logicalNot(y.slot, x.slot);
      return y;
    },
    where(operandCondition, operandA, operandB) {
      const condition: Handle = runtime.use(operandCondition, "where");
      assertDtype(condition, BOOL, "where");
      const { a, b, shape } = operands(operandA, operandB, ANY, "where");
      const full = broadcastShapes(condition.shape, shape, "where");
      const y = runtime.result(full, a.dtype, { from: [a, b] });
      operations.where(y.slot, condition.slot, a.slot, b.slot);
      return y;
    },
  };
}
