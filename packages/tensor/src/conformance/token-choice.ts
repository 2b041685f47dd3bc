/**
 * `tokenChoice` in every form, against float64 sums on the host: the drawn id, its log-probability, the entropy and the
 * alternatives; one result whatever the chunks.
 *
 * Axes: R rows, V vocabulary, D hidden.
 */

import { expect } from "vitest";
import type { Backend, Tensor } from "../contract.ts";
import type { FloatDType } from "../dtype.ts";
import type { TokenChoiceResult } from "../fused/contract.ts";
import { fillNormal } from "../random/fill.ts";
import { RandomKey } from "../random/key.ts";
import { expectClose } from "../testing/expect-close.ts";
import { disposeAll, floatDtypes } from "./calls.ts";
import type { Form } from "./fused-calls.ts";
import { callTokenChoice, headForms } from "./head-calls.ts";
import { type Check, expectCode } from "./suite.ts";

const [R, V, D] = [7, 37, 5];
const root = RandomKey.fromSeed(3);
const keys = Array.from({ length: R }, (_, row) => root.fold(row));
/** Logarithm of what float32 can still tell from 0, with room. */
const LEAST_LOG = -60;
const chunkings = [undefined, 100 * V, 3 * V, V, 1];

export function tokenChoices(check: Check): void {
  for (const temperature of [1, 0.5, 0.02, 0]) {
    check(`at temperature ${temperature} the host's float64 sums choose the same tokens`, async (ops) => {
      for (const dtype of floatDtypes(ops)) {
        const x = upload(ops, dtype);
        const logP = await logProbabilities(ops, x, temperature === 0 ? 1 : temperature);
        const wanted = temperature === 0 ? logP.map(mostProbable) : await invert(ops, logP);
        for (const form of headForms(ops, "tokenChoice")) {
          for (const maxElements of chunkings) {
            const choice = choose(ops, form, x, { temperature, topK: 3, maxElements });
            await expectClose(ops, choice.ids_R, wanted, { shape: [R] });
            await expectClose(ops, choice.entropy_R, logP.map(entropy), { shape: [R] });
            if (temperature === 0) expect(choice.logProb_R).toBeNull();
            else {
              const atIds = wanted.map((id, row) => logP[row]?.[id] as number);
              await expectClose(ops, choice.logProb_R as Tensor, atIds, { shape: [R] });
            }
            const top = logP.map((row) => order(row).slice(0, 3));
            // Tokens whose probabilities are 0 in float32 are all alike.
            const isAlive = top.flatMap((ids, row) =>
              ids.map((id) => (logP[row]?.[id] as number) > LEAST_LOG),
            );
            const topIds = Array.from(await ops.read(choice.topIds_RK as Tensor));
            expect((choice.topIds_RK as Tensor).shape).toEqual([R, 3]);
            expect(topIds.filter((_, at) => isAlive[at])).toEqual(top.flat().filter((_, at) => isAlive[at]));
            const topP = top.flatMap((ids, row) => ids.map((id) => Math.exp(logP[row]?.[id] as number)));
            await expectClose(ops, choice.topProbabilities_RK as Tensor, topP, { shape: [R, 3] });
            disposeAll(Object.values(choice).filter((tensor) => tensor !== null));
          }
        }
        disposeAll(Object.values(x));
      }
    });
  }

  check("the greedy choice among equal logits is the lowest token", async (ops) => {
    using hidden = ops.ones([2, 1]);
    using weight = ops.tensor([1, 3, 2, 3, 3, 0, 3], [7, 1]);
    for (const form of headForms(ops, "tokenChoice")) {
      const choice = callTokenChoice(ops, form, {
        hidden_RD: hidden,
        weight_VD: weight,
        temperature: 0,
        keys: [],
      });
      await expectClose(ops, choice.ids_R, [1, 1]);
      expect(choice.topIds_RK).toBeUndefined();
      disposeAll([choice.ids_R, choice.entropy_R]);
    }
  });

  check("a row draws the same token alone as in its batch", async (ops) => {
    const x = upload(ops, "float32");
    for (const form of headForms(ops, "tokenChoice")) {
      const whole = choose(ops, form, x, { temperature: 1 });
      const ids = Array.from(await ops.read(whole.ids_R));
      for (const row of [0, 3, R - 1]) {
        using hidden_RD = ops.slice(x.hidden, [row, 0], [1, D]);
        const alone = callTokenChoice(ops, form, {
          hidden_RD,
          weight_VD: x.weight,
          temperature: 1,
          keys: [keys[row] as RandomKey],
        });
        await expectClose(ops, alone.ids_R, [ids[row] as number]);
        disposeAll([alone.ids_R, alone.logProb_R as Tensor, alone.entropy_R]);
      }
      disposeAll([whole.ids_R, whole.logProb_R as Tensor, whole.entropy_R]);
    }
    disposeAll(Object.values(x));
  });

  check(
    "a choice of no rows is empty; a bad temperature and a wrong count of keys are refused",
    async (ops) => {
      using weight_VD = ops.ones([3, 2]);
      using none_RD = ops.zeros([0, 2]);
      using hidden_RD = ops.ones([2, 2]);
      for (const form of headForms(ops, "tokenChoice")) {
        const empty = callTokenChoice(ops, form, { hidden_RD: none_RD, weight_VD, temperature: 1, keys: [] });
        await expectClose(ops, empty.ids_R, [], { shape: [0] });
        disposeAll([empty.ids_R, empty.logProb_R as Tensor, empty.entropy_R]);
        const pair = [root, root];
        for (const temperature of [-1, Number.NaN, Number.POSITIVE_INFINITY]) {
          const bad = { hidden_RD, weight_VD, temperature, keys: pair };
          await expectCode(() => callTokenChoice(ops, form, bad), "INVALID_ARGUMENT");
        }
        const few = { hidden_RD, weight_VD, temperature: 1, keys: [root] };
        await expectCode(() => callTokenChoice(ops, form, few), "SHAPE_MISMATCH");
        const narrow = { hidden_RD, weight_VD: none_RD, temperature: 1, keys: pair };
        await expectCode(
          () => callTokenChoice(ops, form, { ...narrow, hidden_RD: weight_VD }),
          "SHAPE_MISMATCH",
        );
      }
    },
  );
}

interface Operands extends Readonly<Record<string, Tensor>> {
  readonly hidden: Tensor;
  readonly weight: Tensor;
}

function upload(ops: Backend, dtype: FloatDType): Operands {
  const normals = (name: string, rows: number) => {
    const data = new Float32Array(rows * D);
    fillNormal(RandomKey.fromSeed(1).fold(name), data);
    using wide = ops.tensor(data, [rows, D]);
    return ops.cast(wide, dtype);
  };
  return { hidden: normals("hidden", R), weight: normals("weight", V) };
}

function choose(
  ops: Backend,
  form: Form,
  { hidden, weight }: Operands,
  options: { temperature: number; topK?: number; maxElements?: number | undefined },
): TokenChoiceResult {
  const { maxElements, ...rest } = options;
  return callTokenChoice(ops, form, {
    hidden_RD: hidden,
    weight_VD: weight,
    keys,
    ...rest,
    ...(maxElements !== undefined && { maxElements }),
  });
}

/** log softmax(z / tau) of every row in float64, of the operands as they are stored. */
async function logProbabilities(
  ops: Backend,
  { hidden, weight }: Operands,
  temperature: number,
): Promise<number[][]> {
  const [h, w] = [await ops.read(hidden), await ops.read(weight)];
  return Array.from({ length: R }, (_, row) => {
    const scaled = Array.from({ length: V }, (_, token) => {
      let z = 0;
      for (let d = 0; d < D; d++) z += (h[row * D + d] as number) * (w[token * D + d] as number);
      return z / temperature;
    });
    const most = Math.max(...scaled);
    const logSum = most + Math.log(scaled.reduce((sum, z) => sum + Math.exp(z - most), 0));
    return scaled.map((z) => z - logSum);
  });
}

/** The first token whose cumulative sum exceeds the uniform number of its row. */
async function invert(ops: Backend, logP: readonly (readonly number[])[]): Promise<number[]> {
  using uniform_R = ops.randomUniform([R], { key: keys });
  const uniform = await ops.read(uniform_R);
  return logP.map((row, at) => {
    let sum = 0;
    return row.findIndex((l) => {
      sum += Math.exp(l);
      return sum > (uniform[at] as number);
    });
  });
}

function entropy(logP: readonly number[]): number {
  return -logP.reduce((total, l) => total + Math.exp(l) * l, 0);
}

function mostProbable(logP: readonly number[]): number {
  return logP.indexOf(Math.max(...logP));
}

function order(logP: readonly number[]): number[] {
  return logP.map((_, token) => token).sort((a, b) => (logP[b] as number) - (logP[a] as number));
}
