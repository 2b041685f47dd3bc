/** `sampleCategorical`: right frequencies, never an impossible id, and noise that belongs to its row. */

import { expect } from "vitest";
import type { Backend } from "../contract.ts";
import { RandomKey } from "../random/key.ts";
import { type Check, expectCode } from "./suite.ts";

const root = RandomKey.fromSeed(7);

export function sampling(check: Check): void {
  check("ids come with the frequencies of their probabilities", async (ops) => {
    const p = [0.5, 0.25, 0.125, 0.0625, 0.0625];
    const rows = 8192;
    const ids = await sample(
      ops,
      Array.from({ length: rows }, () => p),
      root,
    );
    const chiSquare = p.reduce((sum, probability, id) => {
      const count = ids.filter((other) => other === id).length;
      return sum + (count - rows * probability) ** 2 / (rows * probability);
    }, 0);
    expect(ids).toHaveLength(rows);
    expect(chiSquare).toBeLessThan(18.5); // 1 in 1000 at 4 degrees of freedom
  });

  check("an id of zero probability never comes, at the front, in the middle or at the end", async (ops) => {
    for (const p of [
      [0, 0.5, 0, 0.5, 0],
      [0, 0, 1, 0, 0],
      [0.25, 0, 0, 0.75, 0],
      [0, 0, 0, 0, 1],
      [1, 0, 0, 0, 0],
    ]) {
      const ids = await sample(
        ops,
        Array.from({ length: 512 }, () => p),
        root.fold("zero"),
      );
      for (const id of ids) expect(p[id]).toBeGreaterThan(0);
    }
  });

  check(
    "rows that sum to a little less or more than 1 never run past their last possible id",
    async (ops) => {
      for (const total of [0.999, 0.9999995, 1.000001, 1.001]) {
        const p = [0.4 * total, 0, 0.6 * total, 0];
        const ids = await sample(
          ops,
          Array.from({ length: 2048 }, () => p),
          root.fold("rounding"),
        );
        for (const id of ids) expect(p[id]).toBeGreaterThan(0);
      }
    },
  );

  check(
    "a large vocabulary whose rounded probabilities do not quite sum to 1 is sampled to its end",
    async (ops) => {
      const V = 1001;
      const p = new Array<number>(V).fill(Math.fround(1 / V));
      const ids = await sample(
        ops,
        Array.from({ length: 1024 }, () => p),
        root.fold("large"),
      );
      expect(ids.every((id) => id >= 0 && id < V)).toBe(true);
      const mean = ids.reduce((sum, id) => sum + id, 0) / ids.length;
      expect(Math.abs(mean - (V - 1) / 2)).toBeLessThan(4.5 * (V / Math.sqrt(12 * ids.length)));
    },
  );

  check("a key per row gives each row alone, whatever the batch around it", async (ops) => {
    const p = Array.from({ length: 16 }, (_, row) =>
      [row % 3, 2, 1 + (row % 2), 5].map((x, _at, all) => x / all.reduce((a, b) => a + b)),
    );
    const keys = p.map((_, row) => root.fold("row", row));
    const whole = await sample(ops, p, keys);
    for (const [row, key] of keys.entries()) {
      expect(await sample(ops, [p[row] as number[]], [key])).toEqual([whole[row]]);
    }
    const reversed = await sample(ops, [...p].reverse(), [...keys].reverse());
    expect(reversed.reverse()).toEqual(whole);
    expect(new Set(whole).size).toBeGreaterThan(1);
  });

  check("it inverts the cumulative sum at the uniform number of its row", async (ops) => {
    const p = [0.25, 0.125, 0, 0.5, 0.125]; // sums are exact
    const rows = 64;
    const keys = Array.from({ length: rows }, (_, row) => root.fold("inverse", row));
    const ids = await sample(
      ops,
      Array.from({ length: rows }, () => p),
      keys,
    );
    using uniform = ops.randomUniform([rows], { key: keys });
    const numbers = Array.from(await ops.read(uniform));
    const inverse = (u: number) => {
      let sum = 0;
      return p.findIndex((probability) => {
        sum += probability;
        return u < sum;
      });
    };
    expect(ids).toEqual(numbers.map(inverse));
  });

  check("the same key gives the same ids, and one key serves rows with different numbers", async (ops) => {
    const p = Array.from({ length: 256 }, () => [0.25, 0.25, 0.25, 0.25]);
    const first = await sample(ops, p, root);
    expect(await sample(ops, p, root)).toEqual(first);
    expect(await sample(ops, p, root.fold(1))).not.toEqual(first);
    expect(new Set(first).size).toBe(4);
  });

  check("one token, one row and no rows are fine; int32 probabilities are not", async (ops) => {
    expect(await sample(ops, [[1], [1]], root)).toEqual([0, 0]);
    using none = ops.zeros([0, 3]);
    using ids = ops.sampleCategorical(none, { key: root });
    expect([...ids.shape]).toEqual([0]);
    expect(ids.dtype).toBe("int32");
    using integers = ops.ones([2, 2], "int32");
    await expectCode(() => ops.sampleCategorical(integers, { key: root }), "DTYPE_MISMATCH");
  });
}

async function sample(
  ops: Backend,
  rows: readonly (readonly number[])[],
  key: RandomKey | readonly RandomKey[],
): Promise<number[]> {
  using probabilities = ops.tensor(rows.flat(), [rows.length, rows[0]?.length ?? 0]);
  using ids = ops.sampleCategorical(probabilities, { key });
  return Array.from(await ops.read(ids));
}
