/** Wrong arguments are refused at once, by code, and leave nothing behind. */

import type { Backend, Tensor } from "../contract.ts";
import { RandomKey } from "../random/key.ts";
import { type Check, expectCode } from "./suite.ts";

type Operands = Readonly<
  Record<"x23" | "x45" | "x3" | "x234" | "x345" | "scalar" | "ids2" | "ids22", Tensor>
>;
type Act = (ops: Backend, x: Operands) => unknown;

const key = RandomKey.fromSeed(1);

const refused: Readonly<Record<string, Readonly<Record<string, Act>>>> = {
  SHAPE_MISMATCH: {
    "tensor with too little data": (ops) => ops.tensor([1, 2, 3], [2, 2]),
    "tensor with too much data": (ops) => ops.tensor([1, 2, 3], []),
    "reshape to another size": (ops, { x23 }) => ops.reshape(x23, [4, 2]),
    "reshape where -1 does not divide": (ops, { x23 }) => ops.reshape(x23, [4, -1]),
    "broadcastTo a shape that does not follow": (ops, { x23 }) => ops.broadcastTo(x23, [2, 4]),
    "broadcastTo a lower rank": (ops, { x23 }) => ops.broadcastTo(x23, [3]),
    "broadcastTo a size of 1": (ops, { x23 }) => ops.broadcastTo(x23, [1, 3]),
    "add of shapes that do not broadcast": (ops, { x23, x45 }) => ops.add(x23, x45),
    "multiply of shapes that do not broadcast": (ops, { x23, ids2 }) => {
      using two = ops.cast(ids2, "float32");
      return ops.multiply(x23, two);
    },
    "less of shapes that do not broadcast": (ops, { x23, x45 }) => ops.less(x23, x45),
    "where of shapes that do not broadcast": (ops, { x23, x45 }) => {
      using condition = ops.ones([2, 3], "bool");
      return ops.where(condition, x23, x45);
    },
    "matmul of unlike inner sizes": (ops, { x23, x45 }) => ops.matmul(x23, x45),
    "matmul of inner sizes that a transposition makes unlike": (ops, { x23 }) => ops.matmul(x23, x23),
    "matmul of a vector": (ops, { x23, x3 }) => ops.matmul(x23, x3),
    "matmul of batches that do not broadcast": (ops, { x234, x345 }) =>
      ops.matmul(x234, x345, { transposeA: true, transposeB: true }),
    "concat of unlike sizes beside the axis": (ops, { x23, x45 }) => ops.concat([x23, x45], 0),
    "concat of unlike ranks": (ops, { x23, x3 }) => ops.concat([x23, x3], 0),
    "slice with too few numbers": (ops, { x23 }) => ops.slice(x23, [0], [1]),
    "takeAlongLast with ids of another shape": (ops, { x23, ids22 }) => ops.takeAlongLast(x23, ids22),
    "takeRows of a scalar": (ops, { scalar, ids2 }) => ops.takeRows(scalar, ids2),
    "transpose by default of a vector": (ops, { x3 }) => ops.transpose(x3),
    "assign of another shape": (ops, { x23, x3 }) => ops.assign(x23, x3),
    "random numbers with too few keys": (ops) => ops.randomNormal([3, 2], { key: [key, key] }),
    "uniform numbers with too many keys": (ops) => ops.randomUniform([1], { key: [key, key] }),
    "sampleCategorical of a vector": (ops, { x3 }) => ops.sampleCategorical(x3, { key }),
    "sampleCategorical with too few keys": (ops, { x23 }) => ops.sampleCategorical(x23, { key: [key] }),
    "valueAndGrad of a value that is not a scalar": (ops, { x23 }) =>
      ops.valueAndGrad(() => ops.square(x23), [x23]),
    "softmax of a scalar": (ops, { scalar }) => ops.softmax(scalar),
    "argMax of a scalar": (ops, { scalar }) => ops.argMax(scalar),
  },
  INDEX_OUT_OF_RANGE: {
    "sum over an axis that is not there": (ops, { x23 }) => ops.sum(x23, { axis: 2 }),
    "max over a negative axis that is not there": (ops, { x23 }) => ops.max(x23, { axis: -3 }),
    "mean over one axis that is there and one that is not": (ops, { x23 }) => ops.mean(x23, { axis: [0, 5] }),
    "sum over half an axis": (ops, { x23 }) => ops.sum(x23, { axis: 0.5 }),
    "concat on an axis that is not there": (ops, { x23 }) => ops.concat([x23, x23], 2),
    "transpose by an axis that is not there": (ops, { x23 }) => ops.transpose(x23, [0, 2]),
    "slice that ends behind its axis": (ops, { x23 }) => ops.slice(x23, [1, 0], [2, 3]),
    "slice that begins behind its axis": (ops, { x23 }) => ops.slice(x23, [0, 4], [1, -1]),
    "slice that begins before its axis": (ops, { x23 }) => ops.slice(x23, [-1, 0], [1, 1]),
    "takeRows of a row behind the table": (ops, { x23, ids2 }) => ops.takeRows(x23, ids2),
    "takeRows of a negative row": (ops, { x23 }) => {
      using ids = ops.tensor([-1], [1], "int32");
      return ops.takeRows(x23, ids);
    },
  },
  INVALID_ARGUMENT: {
    "a shape with a negative size": (ops) => ops.zeros([2, -1]),
    "a shape with half a size": (ops) => ops.ones([1.5]),
    "reshape with two sizes to infer": (ops, { x23 }) => ops.reshape(x23, [-1, -1]),
    "transpose by too few axes": (ops, { x234 }) => ops.transpose(x234, [1, 0]),
    "transpose by an axis twice": (ops, { x23 }) => ops.transpose(x23, [1, 1]),
    "sum over an axis twice": (ops, { x23 }) => ops.sum(x23, { axis: [0, -2] }),
    "concat of nothing": (ops) => ops.concat([], 0),
    "topK of more than there is": (ops, { x23 }) => ops.topK(x23, 4),
    "topK of none": (ops, { x23 }) => ops.topK(x23, 0),
    "arange from a fraction": (ops) => ops.arange(0.5, 3),
    "oneHot of a negative depth": (ops, { ids2 }) => ops.oneHot(ids2, -1),
  },
  DTYPE_MISMATCH: {
    "valueAndGrad of an int32 value": (ops, { x23 }) =>
      ops.valueAndGrad(() => ops.tidy(() => ops.cast(ops.sum(x23), "int32")), [x23]),
    "valueAndGrad by an int32 parameter": (ops, { x23, ids2 }) =>
      ops.valueAndGrad(() => ops.sum(x23), [ids2]),
  },
};

export function errors(check: Check): void {
  for (const [code, cases] of Object.entries(refused)) {
    for (const [title, act] of Object.entries(cases)) {
      check(`${title} throws ${code}`, async (ops) => {
        const operands = makeOperands(ops);
        await expectCode(() => act(ops, operands), code);
        for (const x of Object.values(operands)) x.dispose();
      });
    }
  }

  check("an error inside valueAndGrad reaches the caller, and the next gradient is right", async (ops) => {
    using x = ops.tensor([1, 2], [2]);
    using y = ops.tensor([1, 2, 3], [3]);
    await expectCode(
      () => ops.valueAndGrad(() => ops.tidy(() => ops.sum(ops.add(x, y))), [x]),
      "SHAPE_MISMATCH",
    );
    const result = ops.valueAndGrad(() => ops.tidy(() => ops.sum(ops.square(x))), [x]);
    const [gradient] = result.gradients;
    if (!gradient) throw new Error("no gradient");
    if ((await ops.read(gradient)).join() !== "2,4") throw new Error("wrong gradient after an error");
    result.value.dispose();
    gradient.dispose();
  });
}

function makeOperands(ops: Backend): Operands {
  return {
    x23: ops.ones([2, 3]),
    x45: ops.ones([4, 5]),
    x3: ops.ones([3]),
    x234: ops.ones([2, 3, 4]),
    x345: ops.ones([3, 5, 3]),
    scalar: ops.ones([]),
    ids2: ops.tensor([1, 2], [2], "int32"),
    ids22: ops.zeros([2, 2], "int32"),
  };
}
