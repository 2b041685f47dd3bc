import { createTfjsBackend, type TfjsBackend } from "@soft-tokens/backend-tfjs";
import { fillNormal, fillUniform, RandomKey } from "@soft-tokens/tensor";
import { withLeakCheck } from "@soft-tokens/tensor/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { chooseTokens } from "./choose-tokens.ts";

let ops: TfjsBackend;
beforeAll(async () => {
  ops = await createTfjsBackend({ variant: "cpu" });
});
afterAll(() => ops[Symbol.dispose]());

const [R, V, D] = [7, 37, 5];
const hidden = normals("hidden", R * D);
const weight = normals("weight", V * D);
const keys = Array.from({ length: R }, (_, row) => RandomKey.fromSeed(3).fold(row));

function normals(name: string, size: number): Float32Array {
  const out = new Float32Array(size);
  fillNormal(RandomKey.fromSeed(1).fold(name), out);
  return out;
}

/** log softmax(z / tau) of one row in float64. */
function logProbabilities(row: number, temperature: number): number[] {
  const scaled = Array.from({ length: V }, (_, token) => {
    let z = 0;
    for (let d = 0; d < D; d++) z += (hidden[row * D + d] as number) * (weight[token * D + d] as number);
    return z / temperature;
  });
  const most = Math.max(...scaled);
  const logSum = most + Math.log(scaled.reduce((sum, z) => sum + Math.exp(z - most), 0));
  return scaled.map((z) => z - logSum);
}

async function choose(options: { temperature: number; maxElements?: number; topK?: number }) {
  const { maxElements, ...rest } = options;
  using hidden_RD = ops.tensor(hidden, [R, D]);
  using weight_VD = ops.tensor(weight, [V, D]);
  const choice = chooseTokens(ops, {
    hidden_RD,
    weight_VD,
    keys,
    ...rest,
    ...(maxElements !== undefined && { chunk: { maxElements } }),
  });
  const result: Record<string, number[] | null> = {};
  for (const [name, tensor] of Object.entries(choice)) {
    result[name] = tensor && Array.from(await ops.read(tensor));
    tensor?.dispose();
  }
  return result as { ids_R: number[]; logProb_R: number[] | null; entropy_R: number[] } & Record<
    string,
    number[]
  >;
}

describe("chooseTokens", () => {
  it.each([1, 0.5, 0.02])(
    "draws by the cumulative sum at temperature %f, with its log-probability",
    async (tau) => {
      const { ids_R, logProb_R, entropy_R } = await withLeakCheck(ops, () => choose({ temperature: tau }));
      for (let row = 0; row < R; row++) {
        const logP = logProbabilities(row, tau);
        const uniform = new Float32Array(1);
        fillUniform(keys[row] as RandomKey, uniform);
        let sum = 0;
        const wanted = logP.findIndex((l) => {
          sum += Math.exp(l);
          return sum > (uniform[0] as number);
        });
        expect(ids_R[row]).toBe(wanted);
        expect(logProb_R?.[row]).toBeCloseTo(logP[wanted] as number, 4);
        expect(entropy_R[row]).toBeCloseTo(-logP.reduce((total, l) => total + Math.exp(l) * l, 0), 4);
      }
    },
  );

  it("is greedy at temperature 0, without a log-probability and with the entropy of temperature 1", async () => {
    const { ids_R, logProb_R, entropy_R } = await withLeakCheck(ops, () => choose({ temperature: 0 }));
    expect(logProb_R).toBeNull();
    const { entropy_R: atOne } = await choose({ temperature: 1 });
    expect(entropy_R).toEqual(atOne);
    for (let row = 0; row < R; row++) {
      const logP = logProbabilities(row, 1);
      expect(ids_R[row]).toBe(logP.indexOf(Math.max(...logP)));
    }
  });

  it("reports the most probable tokens", async () => {
    const { topIds_RK, topProbabilities_RK } = await choose({ temperature: 1, topK: 3 });
    const logP = logProbabilities(2, 1);
    const order = logP.map((_, token) => token).sort((a, b) => (logP[b] as number) - (logP[a] as number));
    expect(topIds_RK?.slice(6, 9)).toEqual(order.slice(0, 3));
    expect(topProbabilities_RK?.[6]).toBeCloseTo(Math.exp(logP[order[0] as number] as number), 5);
  });

  it("gives the same in chunks of rows, whatever memory they may take", async () => {
    const whole = await choose({ temperature: 0.7, topK: 2 });
    for (const maxElements of [1, 3 * V, 100 * V]) {
      const chunked = await withLeakCheck(ops, () => choose({ temperature: 0.7, topK: 2, maxElements }));
      expect(chunked.ids_R).toEqual(whole.ids_R);
      expect(chunked.topIds_RK).toEqual(whole.topIds_RK);
      chunked.logProb_R?.forEach((value, row) => {
        expect(value).toBeCloseTo(whole.logProb_R?.[row] as number, 5);
      });
    }
  });
});
