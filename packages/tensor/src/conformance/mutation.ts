/** `assign` and `writeSlice`: the only ways a handle changes, and who must not notice. */

import { expect } from "vitest";
import type { Backend, Tensor } from "../contract.ts";
import { expectClose } from "../testing/expect-close.ts";
import { disposeAll } from "./calls.ts";
import { hostProduct } from "./operands.ts";
import { type Check, expectCode } from "./suite.ts";

export function mutation(check: Check): void {
  check("assign gives the handle new contents and leaves the source alone", async (ops) => {
    using target = ops.tensor([1, 2, 3], [3]);
    const source = ops.tensor([4, 5, 6], [3]);
    ops.assign(target, source);
    await expectClose(ops, target, [4, 5, 6], { shape: [3] });
    await expectClose(ops, source, [4, 5, 6]);
    source.dispose();
    using filler = ops.full([3], 9);
    await expectClose(ops, target, [4, 5, 6]);
    await expectClose(ops, filler, [9, 9, 9]);
  });

  check("assign between two tensors does not tie them together", async (ops) => {
    using target = ops.tensor([1, 2], [2]);
    using source = ops.tensor([3, 4], [2]);
    using other = ops.tensor([5, 6], [2]);
    ops.assign(target, source);
    ops.assign(source, other);
    await expectClose(ops, target, [3, 4]);
    ops.assign(target, target);
    await expectClose(ops, target, [3, 4]);
  });

  check("results made before assign keep their values", async (ops) => {
    using target = ops.tensor([1, 2, 3, 4], [2, 2]);
    const results = derived(ops, target);
    using next = ops.tensor([9, 9, 9, 9], [2, 2]);
    ops.assign(target, next);
    for (const [result, want] of results) await expectClose(ops, result, want);
    disposeAll(results.map(([result]) => result));
  });

  check("assign works for every dtype, for scalars and for nothing", async (ops) => {
    for (const dtype of ops.capabilities.dtypes) {
      for (const shape of [[], [3], [0, 2]]) {
        using target = ops.zeros(shape, dtype);
        using one = ops.ones(shape, dtype);
        ops.assign(target, one);
        await expectClose(ops, target, new Array<number>(target.size).fill(1), { shape });
      }
    }
  });

  check("assign inside tidy changes an outer tensor for good", async (ops) => {
    using target = ops.tensor([1, 2], [2]);
    const before = ops.memory();
    for (let step = 0; step < 5; step++) ops.tidy(() => ops.assign(target, ops.add(target, target)));
    await expectClose(ops, target, [32, 64]);
    expect(ops.memory().tensors).toBe(before.tensors);
    expect(ops.memory().bytes).toBe(before.bytes);
  });

  check("gradients follow a parameter that was assigned between two passes", async (ops) => {
    using parameter = ops.tensor([1, 2], [2]);
    for (let step = 0; step < 3; step++) {
      const host = Array.from(await ops.read(parameter));
      const result = ops.valueAndGrad(() => ops.tidy(() => ops.sum(ops.square(parameter))), [parameter]);
      const [gradient] = result.gradients as [Tensor];
      await expectClose(
        ops,
        gradient,
        host.map((x) => 2 * x),
      );
      ops.tidy(() => ops.assign(parameter, ops.subtract(parameter, ops.affine(gradient, { scale: 0.25 }))));
      disposeAll([result.value, gradient]);
    }
    await expectClose(ops, parameter, [0.125, 0.25]);
  });

  check(
    "writeSlice writes in place along any axis, or throws UNSUPPORTED_OP where it is not declared",
    async (ops) => {
      for (const [axis, start, want] of [
        [0, 1, [0, 0, 0, 1, 2, 3]],
        [1, 2, [0, 0, 1, 0, 0, 2]],
        [-1, 0, [1, 0, 0, 2, 0, 0]],
      ] as const) {
        using target = ops.zeros([2, 3]);
        using update = axis === 0 ? ops.tensor([1, 2, 3], [1, 3]) : ops.tensor([1, 2], [2, 1]);
        if (!(await canWrite(ops, () => ops.writeSlice(target, update, { axis, start })))) continue;
        await expectClose(ops, target, want, { shape: [2, 3] });
        await expectClose(ops, update, axis === 0 ? [1, 2, 3] : [1, 2]);
      }
    },
  );

  check(
    "a cache that writeSlice fills step by step equals a concat, as second operand at every step",
    async (ops) => {
      const [B, S, H] = [2, 5, 3];
      using cache = ops.zeros([B, S, H]);
      using query = ops.tensor(
        Float32Array.from({ length: B * 2 * H }, (_, i) => (i % 5) / 4 - 0.5),
        [B, 2, H],
      );
      for (let step = 0; step < S; step++) {
        using update = ops.tensor(
          Float32Array.from({ length: B * H }, (_, i) => (i + step * 7) / 8),
          [B, 1, H],
        );
        if (!(await canWrite(ops, () => ops.writeSlice(cache, update, { axis: 1, start: step })))) return;
        using flipped = ops.transpose(cache);
        using scores = ops.matmul(query, cache, { transposeB: true });
        using plain = ops.matmul(query, flipped);
        const want = await hostProduct(ops, query, flipped);
        await expectClose(ops, scores, want, { shape: [B, 2, S] });
        await expectClose(ops, plain, want, { shape: [B, 2, S] });
        using mixed = ops.matmul(scores, cache);
        await expectClose(ops, mixed, await hostProduct(ops, scores, cache), { shape: [B, 2, H] });
      }
      const want = Array.from({ length: B * S * H }, (_, at) => {
        const [row, step, h] = [Math.floor(at / (S * H)), Math.floor(at / H) % S, at % H];
        return (row * H + h + step * 7) / 8;
      });
      await expectClose(ops, cache, want);
    },
  );

  check("writeSlice with a start for each row fills rows that are at different places", async (ops) => {
    const [R, K, C, H] = [3, 2, 4, 2];
    using cache = ops.zeros([R, K, C, H]);
    const want = new Array<number>(R * K * C * H).fill(0);
    const starts = [
      [0, 3, 1],
      [1, 0, 2],
    ];
    for (const [step, start] of starts.entries()) {
      const values = Float32Array.from({ length: R * K * H }, (_, i) => i + 1 + step / 2);
      using update = ops.tensor(values, [R, K, 1, H]);
      if (!(await canWrite(ops, () => ops.writeSlice(cache, update, { axis: -2, start })))) return;
      values.forEach((value, i) => {
        const [row, head, h] = [Math.floor(i / (K * H)), Math.floor(i / H) % K, i % H];
        want[((row * K + head) * C + (start[row] as number)) * H + h] = value;
      });
      await expectClose(ops, cache, want, { shape: [R, K, C, H] });
    }
    // Two at once, and from a view whose rows are not beside each other.
    using wide = ops.tensor(
      Float32Array.from({ length: R * 3 * K * H }, (_, i) => 100 + i),
      [R, 3, K, H],
    );
    using long = ops.transpose(wide, [0, 2, 1, 3]);
    using two = ops.slice(long, [0, 0, 1, 0], [-1, -1, 2, -1]);
    const start = [2, 0, 1];
    using places = ops.tensor(Int32Array.from(start), [R]);
    using other = ops.reshape(cache, cache.shape);
    ops.writeSlice(other, two, { axis: 2, start: places });
    ops.writeSlice(cache, two, { axis: 2, start });
    await expectClose(ops, other, await ops.read(cache));
    for (let i = 0; i < R * K * 2 * H; i++) {
      const [row, head, step, h] = [
        Math.floor(i / (K * 2 * H)),
        Math.floor(i / (2 * H)) % K,
        Math.floor(i / H) % 2,
        i % H,
      ];
      want[((row * K + head) * C + (start[row] as number) + step) * H + h] =
        100 + ((row * 3 + step + 1) * K + head) * H + h;
    }
    await expectClose(ops, cache, want);
  });

  check(
    "writeSlice takes its starts from a tensor that was computed, and leaves a view as it was",
    async (ops) => {
      const [R, C] = [3, 4];
      using cache = ops.zeros([R, C]);
      using first = ops.tensor(Int32Array.from([0, 1, 2]), [R]);
      for (let step = 0; step < 2; step++) {
        using view = ops.reshape(cache, [R * C]);
        const before = await ops.read(view);
        using starts = ops.affine(first, { shift: step });
        using update = ops.full([R, 1], step + 1);
        if (!(await canWrite(ops, () => ops.writeSlice(cache, update, { axis: -1, start: starts })))) return;
        await expectClose(ops, view, before);
      }
      await expectClose(ops, cache, [1, 2, 0, 0, 0, 1, 2, 0, 0, 0, 1, 2]);
    },
  );

  check("a 2-D second operand written in place is read anew by the next matmul", async (ops) => {
    using weight = ops.ones([3, 4]);
    using x = ops.ones([2, 3]);
    for (let step = 0; step < 3; step++) {
      using product = ops.matmul(x, weight);
      await expectClose(ops, product, await hostProduct(ops, x, weight));
      using update = ops.full([1, 4], step + 5);
      if (!(await canWrite(ops, () => ops.writeSlice(weight, update, { axis: 0, start: step })))) return;
    }
    using product = ops.matmul(x, weight);
    await expectClose(ops, product, new Array<number>(8).fill(18));
  });

  check("results made before writeSlice keep their values", async (ops) => {
    using target = ops.tensor([1, 2, 3, 4], [2, 2]);
    const results = derived(ops, target);
    using update = ops.tensor([9, 9], [1, 2]);
    await canWrite(ops, () => ops.writeSlice(target, update, { axis: 0, start: 0 }));
    for (const [result, want] of results) await expectClose(ops, result, want);
    disposeAll(results.map(([result]) => result));
  });

  check("writeSlice refuses what does not fit, and then changes nothing", async (ops) => {
    using target = ops.tensor([1, 2, 3, 4], [2, 2]);
    using row = ops.ones([1, 2]);
    using long = ops.ones([1, 3]);
    using column = ops.ones([2, 1]);
    using integers = ops.ones([1, 2], "int32");
    using vector = ops.ones([2]);
    using places = ops.tensor(Int32Array.from([0, 2]), [2]);
    using before = ops.tensor(Int32Array.from([-1, 0]), [2]);
    using one = ops.zeros([1], "int32");
    using table = ops.zeros([2, 1], "int32");
    const wrong: [() => void, string][] = [
      [() => ops.writeSlice(target, column, { axis: 1, start: places }), "INDEX_OUT_OF_RANGE"],
      [() => ops.writeSlice(target, column, { axis: 1, start: before }), "INDEX_OUT_OF_RANGE"],
      [() => ops.writeSlice(target, column, { axis: 1, start: one }), "SHAPE_MISMATCH"],
      [() => ops.writeSlice(target, column, { axis: 1, start: table }), "SHAPE_MISMATCH"],
      [() => ops.writeSlice(target, column, { axis: 1, start: vector }), "DTYPE_MISMATCH"],
      [() => ops.writeSlice(target, row, { axis: 0, start: one }), "INVALID_ARGUMENT"],
      [() => ops.writeSlice(target, row, { axis: 0, start: 2 }), "INDEX_OUT_OF_RANGE"],
      [() => ops.writeSlice(target, row, { axis: 0, start: -1 }), "INDEX_OUT_OF_RANGE"],
      [() => ops.writeSlice(target, row, { axis: 2, start: 0 }), "INDEX_OUT_OF_RANGE"],
      [() => ops.writeSlice(target, column, { axis: 1, start: [0, 2] }), "INDEX_OUT_OF_RANGE"],
      [() => ops.writeSlice(target, column, { axis: 1, start: [0, 0.5] }), "INDEX_OUT_OF_RANGE"],
      [() => ops.writeSlice(target, column, { axis: 1, start: [0] }), "SHAPE_MISMATCH"],
      [() => ops.writeSlice(target, row, { axis: 0, start: [0, 1] }), "INVALID_ARGUMENT"],
      [() => ops.writeSlice(target, long, { axis: 0, start: 0 }), "SHAPE_MISMATCH"],
      [() => ops.writeSlice(target, vector, { axis: 0, start: 0 }), "SHAPE_MISMATCH"],
      [() => ops.writeSlice(target, integers, { axis: 0, start: 0 }), "DTYPE_MISMATCH"],
    ];
    for (const [act, code] of wrong)
      await expectCode(act, ops.capabilities.inPlaceWrite ? code : "UNSUPPORTED_OP");
    await expectClose(ops, target, [1, 2, 3, 4]);
  });
}

/** Results that a backend might be tempted to make views of `target` ([1, 2, 3, 4] as [2, 2]). */
function derived(ops: Backend, target: Tensor): [Tensor, readonly number[]][] {
  return [
    [ops.clone(target), [1, 2, 3, 4]],
    [ops.reshape(target, [4]), [1, 2, 3, 4]],
    [ops.cast(target, "float32"), [1, 2, 3, 4]],
    [ops.stopGradient(target), [1, 2, 3, 4]],
    [ops.slice(target, [0, 0], [1, 2]), [1, 2]],
    [ops.transpose(target), [1, 3, 2, 4]],
    [ops.square(target), [1, 4, 9, 16]],
  ];
}

/** Runs `write` where writeSlice is declared; elsewhere makes sure that it is refused. */
async function canWrite(ops: Backend, write: () => void): Promise<boolean> {
  if (!ops.capabilities.inPlaceWrite) {
    await expectCode(write, "UNSUPPORTED_OP");
    return false;
  }
  write();
  return true;
}
