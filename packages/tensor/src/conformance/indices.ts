/**
 * An id that is no row, no token or no place is INDEX_OUT_OF_RANGE: at once where its value is known, else when a result of it is
 * read. Never a computation that goes on. Where tensors live on a device of their own, ids that were computed there are left out:
 * to look at them would be a wait at every step (see `takeRows` and `WritePlace` of the contract).
 */

import type { Backend, Tensor } from "../contract.ts";
import { expectClose } from "../testing/expect-close.ts";
import { disposeAll } from "./calls.ts";
import { callLogProb, headForms } from "./head-calls.ts";
import { type Check, expectCode } from "./suite.ts";

/** Ids that a table of `rows` does not have. */
const wrongIds = (rows: number) => [rows, rows + 1, -1, -rows, 2 ** 31 - 1, -(2 ** 31)];

const ROWS = 5;

export function indices(check: Check): void {
  check("takeRows refuses ids that are no row, whatever the table and the shape of the ids", async (ops) => {
    for (const dtype of ops.capabilities.dtypes) {
      for (const rest of [[], [3], [64], [2, 2]]) {
        using table = ops.ones([ROWS, ...rest], dtype);
        for (const wrong of wrongIds(ROWS)) {
          for (const shape of [[1], [4], [2, 2]]) {
            using ids = withWrong(ops, wrong, shape);
            await expectRefused(ops, () => ops.takeRows(table, ids));
          }
        }
        using edges = ops.tensor([0, ROWS - 1], [2], "int32");
        using taken = ops.takeRows(table, edges);
        await expectClose(ops, taken, new Array<number>(taken.size).fill(1), { shape: [2, ...rest] });
      }
    }
  });

  check("takeAlongLast refuses ids outside the last axis", async (ops) => {
    using x = ops.ones([4, ROWS]);
    for (const wrong of wrongIds(ROWS)) {
      using ids = withWrong(ops, wrong, [4]);
      await expectRefused(ops, () => ops.takeAlongLast(x, ids));
    }
    using ids = ops.tensor([0, ROWS - 1, 1, 2], [4], "int32");
    using taken = ops.takeAlongLast(x, ids);
    await expectClose(ops, taken, [1, 1, 1, 1]);
  });

  check("ids that were computed, cast or cut out of others are refused too", async (ops) => {
    if (isOnDevice(ops)) return expectReading(ops);
    using table = ops.ones([ROWS, 2]);
    using x = ops.ones([1, ROWS]);
    using floats = ops.tensor([ROWS + 0.9, -1.5], [2]);
    using many = ops.tensor([0, 1, ROWS, 2], [2, 2], "int32");
    const made = (): Tensor[] => [
      ops.tidy(() => ops.slice(ops.cast(floats, "int32"), [0], [1])),
      ops.tidy(() => ops.slice(ops.cast(floats, "int32"), [1], [1])),
      ops.tidy(() => ops.reshape(ops.slice(many, [1, 0], [1, 1]), [1])),
      ops.tidy(() => ops.add(ops.tensor([ROWS - 1], [1], "int32"), ops.ones([1], "int32"))),
      ops.tidy(() => ops.negate(ops.ones([1], "int32"))),
      ops.tidy(() => ops.slice(ops.arange(0, ROWS + 1), [ROWS], [1])),
      ops.full([1], ROWS, "int32"),
      ops.tidy(() => ops.argMax(ops.tensor([0, 0, 0, 0, 0, 0, 1], [1, 7]))),
    ];
    for (const ids of made()) {
      await expectRefused(ops, () => ops.takeRows(table, ids));
      await expectRefused(ops, () => ops.takeAlongLast(x, ids));
      ids.dispose();
    }
    using target = ops.zeros([1], "int32");
    using value = ops.tensor([ROWS], [1], "int32");
    ops.assign(target, value);
    await expectRefused(ops, () => ops.takeRows(table, target));
  });

  check("a wrong id is refused where gradients are taken, and the next gradient is right", async (ops) => {
    using table = ops.tensor([1, 2, 3, 4], [4, 1]);
    const gradientAt = (id: number) =>
      ops.valueAndGrad(
        () => ops.tidy(() => ops.sum(ops.square(ops.takeRows(table, ops.tensor([0, id], [2], "int32"))))),
        [table],
      );
    for (const wrong of wrongIds(4)) {
      await expectRefused(ops, () => gradientAt(wrong).value);
      await expectRefused(ops, () => {
        const inside = ([x]: readonly Tensor[]) =>
          ops.tidy(() => ops.takeRows(x as Tensor, ops.tensor([wrong], [1], "int32")));
        return ops.valueAndGrad(() => ops.tidy(() => ops.sum(ops.checkpoint(inside, [table]))), [table])
          .value;
      });
    }
    const right = gradientAt(2);
    await expectClose(ops, right.gradients[0] as Tensor, [2, 0, 6, 0]);
    disposeAll([right.value, ...right.gradients]);
  });

  check("a captured function refuses wrong ids at its first run and at later ones", async (ops) => {
    using table = ops.tensor([1, 2, 3], [3, 1]);
    const step = ([ids]: readonly Tensor[]) => [ops.takeRows(table, ids as Tensor)];
    const run = (captured: { run(inputs: readonly Tensor[]): Tensor[] }, id: number) => {
      using ids = ops.tensor([0, id], [2], "int32");
      return captured.run([ids])[0] as Tensor;
    };
    for (const wrong of wrongIds(3)) {
      using captured = ops.capture(step);
      await expectRefused(ops, () => run(captured, wrong));
      for (const id of [1, 2]) {
        using taken = run(captured, id);
        await expectClose(ops, taken, [1, id + 1], { shape: [2, 1] });
      }
      await expectRefused(ops, () => run(captured, wrong));
      using taken = run(captured, 0);
      await expectClose(ops, taken, [1, 1]);
    }
  });

  check(
    "tokenLogProb refuses ids that are no token, with gradients and without, however it is cut",
    async (ops) => {
      using hidden = ops.tensor([1, 2, 3, 4, 5, 6], [3, 2]);
      using weight = ops.tensor([1, 0, 0, 1, 1, 1, -1, 1, 0.5, 0.25], [ROWS, 2]);
      using coefficient = ops.tensor([1, 0, -1], [3]);
      for (const form of headForms(ops, "tokenLogProb")) {
        for (const maxElements of [undefined, 2 * ROWS, ROWS - 1, 1]) {
          const call = (ids: Tensor) =>
            callLogProb(
              ops,
              "tokenLogProb",
              form,
              { hidden, weight, ids, coefficient },
              { temperature: 1 },
              maxElements,
            );
          for (const wrong of wrongIds(ROWS)) {
            for (const place of [0, 2]) {
              const list = [0, 1, ROWS - 1];
              list[place] = wrong;
              using ids = ops.tensor(list, [3], "int32");
              const results = () => {
                const { value, logProb_R, entropy_R } = call(ids);
                entropy_R.dispose();
                return [value, logProb_R];
              };
              await expectRefused(ops, () => pickOne(results(), 0));
              await expectRefused(ops, () => pickOne(results(), 1));
              await expectRefused(ops, () => {
                const found = ops.valueAndGrad(() => ops.tidy(() => call(ids).value), [hidden, weight]);
                disposeAll(found.gradients);
                return found.value;
              });
            }
          }
          using ids = ops.tensor([0, 1, ROWS - 1], [3], "int32");
          const right = call(ids);
          await expectClose(ops, right.entropy_R, await ops.read(right.entropy_R), { shape: [3] });
          disposeAll([right.value, right.logProb_R, right.entropy_R]);
        }
      }
    },
  );

  check("tokenLogProb refuses ids that were computed", async (ops) => {
    if (isOnDevice(ops)) return expectReading(ops);
    using hidden = ops.ones([2, 2]);
    using weight = ops.ones([ROWS, 2]);
    using coefficient = ops.ones([2]);
    for (const wrong of [ROWS, -1]) {
      using ids = ops.tidy(() => ops.affine(ops.ones([2], "int32"), { scale: wrong }));
      for (const form of headForms(ops, "tokenLogProb")) {
        await expectRefused(ops, () => {
          const x = { hidden, weight, ids, coefficient };
          const { value, logProb_R, entropy_R } = callLogProb(ops, "tokenLogProb", form, x, {
            temperature: 1,
          });
          disposeAll([entropy_R, logProb_R]);
          return value;
        });
      }
    }
  });

  check("writeSlice refuses places outside its target, as numbers and as a tensor", async (ops) => {
    if (!ops.capabilities.inPlaceWrite) return expectReading(ops);
    using target = ops.zeros([2, 4, 3]);
    using update = ops.ones([2, 2, 3]);
    for (const wrong of [3, 4, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      await expectCode(() => ops.writeSlice(target, update, { axis: 1, start: wrong }), "INDEX_OUT_OF_RANGE");
      await expectCode(
        () => ops.writeSlice(target, update, { axis: 1, start: [0, wrong] }),
        "INDEX_OUT_OF_RANGE",
      );
      if (!Number.isInteger(wrong)) continue;
      using start = ops.tensor([wrong, 0], [2], "int32");
      await expectCode(() => ops.writeSlice(target, update, { axis: 1, start }), "INDEX_OUT_OF_RANGE");
    }
    await expectClose(ops, target, new Array<number>(target.size).fill(0));
    using edges = ops.tensor([2, 0], [2], "int32");
    ops.writeSlice(target, update, { axis: 1, start: edges });
    using sum = ops.sum(target);
    await expectClose(ops, sum, [12]);
  });

  check("an int32 tensor is made of whole numbers of 32 bits alone", async (ops) => {
    const bad = [Number.NaN, 0.5, -0.5, 1e-9, Number.POSITIVE_INFINITY, 2 ** 31, -(2 ** 31) - 1, 2 ** 32 + 1];
    for (const value of [...bad, undefined as unknown as number, null as unknown as number]) {
      await expectCode(() => ops.tensor([0, value], [2], "int32"), "INVALID_ARGUMENT");
    }
    await expectCode(() => ops.tensor(Float32Array.of(1, 1.5), [2], "int32"), "INVALID_ARGUMENT");
    using fine = ops.tensor([2 ** 31 - 1, -(2 ** 31), -0, 7], [4], "int32");
    await expectClose(ops, fine, [2 ** 31 - 1, -(2 ** 31), 0, 7]);
    using whole = ops.tensor(Float32Array.of(3, -4), [2], "int32");
    await expectClose(ops, whole, [3, -4]);
  });
}

/** Zeros with the wrong id last. */
function withWrong(ops: Backend, wrong: number, shape: readonly number[]): Tensor {
  const ids = new Int32Array(shape.reduce((size, length) => size * length, 1));
  ids[ids.length - 1] = wrong;
  return ops.tensor(ids, shape);
}

function pickOne(results: readonly Tensor[], kept: number): Tensor {
  results.forEach((result, at) => {
    if (at !== kept) result.dispose();
  });
  return results[kept] as Tensor;
}

/** Fails unless making a tensor, or reading it, throws INDEX_OUT_OF_RANGE. */
async function expectRefused(ops: Backend, make: () => Tensor): Promise<void> {
  await expectCode(async () => {
    using made = ops.tidy(make);
    await ops.read(made);
  }, "INDEX_OUT_OF_RANGE");
}

function isOnDevice(ops: Backend): boolean {
  return ops.memory().availableBytes !== undefined;
}

/** What is left to say where a test does not apply: the backend still works. */
async function expectReading(ops: Backend): Promise<void> {
  using one = ops.ones([1]);
  await expectClose(ops, one, [1]);
}
