/** Element-by-element operations with their gradients. */

import { type Backend, broadcastShapes, type DType, type Shape, type Tensor } from "@soft-tokens/tensor";
import { assertAffine, assertDtype, assertSameDtype } from "@soft-tokens/tensor/checks";
import type { Handle } from "../engine/handle.ts";
import type { Runtime } from "../engine/runtime.ts";
import type { BinaryOperation, CompareOperation, UnaryOperation } from "../kernels/kernels.ts";
import { assertSupported } from "./checks.ts";
import { sumTo } from "./gradients.ts";

const NUMERIC: readonly DType[] = ["float32", "int32"];
const FLOAT: readonly DType[] = ["float32"];
const BOOL: readonly DType[] = ["bool"];

export type ElementwiseOps = Pick<
  Backend,
  | "cast"
  | "add"
  | "subtract"
  | "multiply"
  | "divide"
  | "maximum"
  | "minimum"
  | "affine"
  | "negate"
  | "abs"
  | "exp"
  | "log"
  | "sqrt"
  | "rsqrt"
  | "square"
  | "tanh"
  | "sigmoid"
  | "silu"
  | "equal"
  | "less"
  | "lessEqual"
  | "greater"
  | "greaterEqual"
  | "logicalAnd"
  | "logicalOr"
  | "logicalNot"
  | "where"
>;

/** `ops` is the finished backend: gradients are written in its own operations. */
export function elementwiseOps(runtime: Runtime, ops: Backend): ElementwiseOps {
  const { kernels } = runtime;

  function unary(
    operation: UnaryOperation,
    dtypes: readonly DType[],
    gradient: (dy: Tensor, x: Tensor, y: Tensor) => Tensor,
    keep: "x" | "y" | "both" | "none",
  ): (x: Tensor) => Tensor {
    return (operand) => {
      const x = runtime.use(operand, operation);
      assertDtype(x, dtypes, operation);
      const y = runtime.wrap(kernels.unary(operation, x.array(operation)));
      if (runtime.isTracked(x)) {
        const saved = keep === "both" ? [x, y] : keep === "x" ? [x] : keep === "y" ? [y] : [];
        runtime.record(y, [x], saved, (dy, kept) => [
          gradient(
            dy,
            (keep === "y" ? dy : (kept[0] ?? dy)) as Tensor,
            (keep === "both" ? kept[1] : (kept[0] ?? dy)) as Tensor,
          ),
        ]);
      }
      return y;
    };
  }

  function operands(
    operandA: Tensor,
    operandB: Tensor,
    dtypes: readonly DType[],
    operation: string,
  ): { a: Handle; b: Handle; shape: Shape } {
    const a = runtime.use(operandA, operation);
    const b = runtime.use(operandB, operation);
    assertSameDtype(a, b, operation);
    assertDtype(a, dtypes, operation);
    return { a, b, shape: broadcastShapes(a.shape, b.shape, operation) };
  }

  /** `gradient` gives one function per operand, called only where a gradient is wanted. */
  function binary(
    operation: BinaryOperation,
    dtypes: readonly DType[],
    needs: (wantsA: boolean, wantsB: boolean) => { a: boolean; b: boolean },
    gradient: (dy: Tensor, a: Tensor, b: Tensor) => readonly [() => Tensor, () => Tensor],
  ): (a: Tensor, b: Tensor) => Tensor {
    return (operandA, operandB) => {
      const { a, b, shape } = operands(operandA, operandB, dtypes, operation);
      const y = runtime.wrap(kernels.binary(operation, a.array(operation), b.array(operation), shape));
      const wantsA = runtime.isTracked(a);
      const wantsB = runtime.isTracked(b);
      if (wantsA || wantsB) {
        const need = needs(wantsA, wantsB);
        const shapeA = a.shape;
        const shapeB = b.shape;
        const saved = [...(need.a ? [a] : []), ...(need.b ? [b] : [])];
        runtime.record(y, [a, b], saved, (dy, kept) => {
          const keptA = (need.a ? kept[0] : dy) as Tensor;
          const keptB = (need.b ? kept[kept.length - 1] : dy) as Tensor;
          const [towardsA, towardsB] = gradient(dy, keptA, keptB);
          return [
            wantsA ? sumTo(ops, towardsA(), shapeA) : null,
            wantsB ? sumTo(ops, towardsB(), shapeB) : null,
          ];
        });
      }
      return y;
    };
  }

  function compare(operation: CompareOperation, dtypes: readonly DType[]): (a: Tensor, b: Tensor) => Tensor {
    return (operandA, operandB) => {
      const { a, b, shape } = operands(operandA, operandB, dtypes, operation);
      return runtime.wrap(kernels.compare(operation, a.array(operation), b.array(operation), shape));
    };
  }

  /** The winner takes the gradient; equal operands share it, as in PyTorch. */
  function extremum(operation: "maximum" | "minimum"): (a: Tensor, b: Tensor) => Tensor {
    const wins = operation === "maximum" ? ops_greater : ops_less;
    return binary(
      operation,
      NUMERIC,
      () => ({ a: true, b: true }),
      (dy, a, b) => {
        const share = (x: Tensor, other: Tensor): Tensor => {
          const half = ops.affine(ops.cast(ops.equal(x, other), "float32"), { scale: 0.5 });
          return ops.multiply(dy, ops.add(ops.cast(wins(x, other), "float32"), half));
        };
        return [() => share(a, b), () => share(b, a)];
      },
    );
  }
  const ops_greater = (a: Tensor, b: Tensor): Tensor => ops.greater(a, b);
  const ops_less = (a: Tensor, b: Tensor): Tensor => ops.less(a, b);

  const nothing = () => ({ a: false, b: false });
  const comparable: readonly DType[] = ["float32", "int32"];

  return {
    cast(operand, dtype) {
      const x = runtime.use(operand, "cast");
      assertSupported(dtype, "cast");
      const y = runtime.wrap(kernels.cast(x.array("cast"), dtype));
      if (dtype === x.dtype) runtime.record(y, [x], [], (dy) => [dy]);
      return y;
    },
    add: binary("add", NUMERIC, nothing, (dy) => [() => dy, () => dy]),
    subtract: binary("subtract", NUMERIC, nothing, (dy) => [() => dy, () => ops.negate(dy)]),
    multiply: binary(
      "multiply",
      NUMERIC,
      (wantsA, wantsB) => ({ a: wantsB, b: wantsA }),
      (dy, a, b) => [() => ops.multiply(dy, b), () => ops.multiply(dy, a)],
    ),
    divide: binary(
      "divide",
      FLOAT,
      (_, wantsB) => ({ a: wantsB, b: true }),
      (dy, a, b) => [
        () => ops.divide(dy, b),
        () => ops.negate(ops.divide(ops.multiply(dy, a), ops.square(b))),
      ],
    ),
    maximum: extremum("maximum"),
    minimum: extremum("minimum"),
    affine(operand, { scale = 1, shift = 0 }) {
      const x = runtime.use(operand, "affine");
      assertDtype(x, NUMERIC, "affine");
      assertAffine(x, scale, shift);
      const y = runtime.wrap(kernels.affine(x.array("affine"), scale, shift));
      runtime.record(y, [x], [], (dy) => [ops.affine(dy, { scale })]);
      return y;
    },
    negate: unary("negate", NUMERIC, (dy) => ops.negate(dy), "none"),
    abs: unary(
      "abs",
      NUMERIC,
      (dy, x) => {
        const zero = ops.zeros([]);
        const positive = ops.cast(ops.greater(x, zero), "float32");
        const negative = ops.cast(ops.less(x, zero), "float32");
        return ops.multiply(dy, ops.subtract(positive, negative));
      },
      "x",
    ),
    exp: unary("exp", FLOAT, (dy, _, y) => ops.multiply(dy, y), "y"),
    log: unary("log", FLOAT, (dy, x) => ops.divide(dy, x), "x"),
    sqrt: unary("sqrt", FLOAT, (dy, _, y) => ops.divide(ops.affine(dy, { scale: 0.5 }), y), "y"),
    rsqrt: unary(
      "rsqrt",
      FLOAT,
      (dy, _, y) => ops.affine(ops.multiply(dy, ops.multiply(y, ops.square(y))), { scale: -0.5 }),
      "y",
    ),
    square: unary("square", NUMERIC, (dy, x) => ops.affine(ops.multiply(dy, x), { scale: 2 }), "x"),
    tanh: unary(
      "tanh",
      FLOAT,
      (dy, _, y) => ops.multiply(dy, ops.affine(ops.square(y), { scale: -1, shift: 1 })),
      "y",
    ),
    sigmoid: unary(
      "sigmoid",
      FLOAT,
      (dy, _, y) => ops.multiply(dy, ops.multiply(y, ops.affine(y, { scale: -1, shift: 1 }))),
      "y",
    ),
    silu: unary(
      "silu",
      FLOAT,
      // d/dx x s(x) = s (1 + x (1 - s))
      (dy, x) => {
        const gate = ops.sigmoid(x);
        const rest = ops.multiply(x, ops.affine(gate, { scale: -1, shift: 1 }));
        return ops.multiply(dy, ops.multiply(gate, ops.affine(rest, { shift: 1 })));
      },
      "x",
    ),
    equal: compare("equal", [...comparable, "bool"]),
    less: compare("less", comparable),
    lessEqual: compare("lessEqual", comparable),
    greater: compare("greater", comparable),
    greaterEqual: compare("greaterEqual", comparable),
    logicalAnd: compare("logicalAnd", BOOL),
    logicalOr: compare("logicalOr", BOOL),
    logicalNot(operand) {
      const x = runtime.use(operand, "logicalNot");
      assertDtype(x, BOOL, "logicalNot");
      return runtime.wrap(kernels.logicalNot(x.array("logicalNot")));
    },
    where(operandCondition, operandA, operandB) {
      const condition = runtime.use(operandCondition, "where");
      assertDtype(condition, BOOL, "where");
      const { a, b, shape } = operands(operandA, operandB, ["float32", "int32", "bool"], "where");
      const full = broadcastShapes(condition.shape, shape, "where");
      const y = runtime.wrap(
        kernels.where(condition.array("where"), a.array("where"), b.array("where"), full),
      );
      const wantsA = runtime.isTracked(a);
      const wantsB = runtime.isTracked(b);
      const [shapeA, shapeB] = [a.shape, b.shape];
      runtime.record(y, [a, b], [condition], (dy, [mask]) => {
        const zero = ops.zeros([]);
        return [
          wantsA ? sumTo(ops, ops.where(mask as Handle, dy, zero), shapeA) : null,
          wantsB ? sumTo(ops, ops.where(mask as Handle, zero, dy), shapeB) : null,
        ];
      });
      return y;
    },
  };
}
