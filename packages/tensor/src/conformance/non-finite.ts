/**
 * What is not finite is seen. The entropy of a row is NaN exactly where one of its logits is NaN or infinite, in every head
 * operation: a caller who looks at it needs no pass over [rows, vocabulary] of its own. Large finite numbers stay numbers.
 */

import { expect } from "vitest";
import type { Backend, Tensor } from "../contract.ts";
import { RandomKey } from "../random/key.ts";
import { disposeAll } from "./calls.ts";
import { callLogProb, callMixture, callTokenChoice, headForms } from "./head-calls.ts";
import type { Check } from "./suite.ts";

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;

/** Rows of [R, 2] hidden states. */
const R = 3;
/** Shorter than a vector, ragged, and longer than a segment of any kernel. */
const VOCABULARIES = [3, 37, 4099];

export function nonFinite(check: Check): void {
  for (const [title, bad] of [
    ["NaN", nan],
    ["Infinity", inf],
    ["-Infinity", -inf],
  ] as const) {
    check(`a hidden state with ${title} has entropy NaN, the rows around it have their own`, async (ops) => {
      for (const V of VOCABULARIES) {
        for (const row of [0, 2]) {
          const hidden = [1, 2, -1, 0.5, 0.25, 1];
          hidden[2 * row] = bad;
          const wanted = Array.from({ length: R }, (_, at) => at !== row);
          await expectEntropies(ops, { hidden, weight: weights(V) }, wanted);
        }
      }
    });

    check(`a head whose weight for one token is ${title} has entropy NaN in every row`, async (ops) => {
      for (const V of VOCABULARIES) {
        for (const token of [0, V - 1]) {
          const weight = weights(V);
          weight[2 * token + 1] = bad;
          await expectEntropies(ops, { hidden: [1, 2, -1, 0.5, 0.25, 1], weight }, [false, false, false]);
        }
      }
    });
  }

  check("logits that leave float32 have entropy NaN, whichever way they leave it", async (ops) => {
    for (const V of VOCABULARIES) {
      for (const sign of [1, -1]) {
        const weight = weights(V);
        weight[2 * (V - 1)] = sign * 3e38;
        await expectEntropies(ops, { hidden: [10, 0, 0, 1, 20, 1], weight }, [false, true, false]);
      }
    }
  });

  check("large finite logits have an entropy, and subnormal and zero ones too", async (ops) => {
    for (const V of VOCABULARIES) {
      const weight = weights(V);
      await expectEntropies(ops, { hidden: [1e30, 1e30, -1e30, 0, 1e-42, -1e-42], weight }, [
        true,
        true,
        true,
      ]);
      await expectEntropies(ops, { hidden: [0, 0, -0, 0, 0, -0], weight }, [true, true, true]);
    }
  });
}

/** [V, 2] without equals, so that no row is one of ties alone. */
function weights(V: number): number[] {
  return Array.from({ length: 2 * V }, (_, at) => Math.fround(Math.sin(at + 1)));
}

/** Fails unless each row's entropy is a finite number exactly where `hasEntropy` says so, in all forms of all head operations. */
async function expectEntropies(
  ops: Backend,
  data: { readonly hidden: readonly number[]; readonly weight: readonly number[] },
  hasEntropy: readonly boolean[],
): Promise<void> {
  const V = data.weight.length / 2;
  using hidden = ops.tensor(data.hidden, [R, 2]);
  using weight = ops.tensor(data.weight, [V, 2]);
  using thought = ops.zeros([R, 2]);
  using coefficient = ops.ones([R]);
  using ids = ops.tensor([0, 1, V - 1], [R], "int32");
  using finite = ops.tensor(weights(V), [V, 2]);
  const keys = Array.from({ length: R }, (_, row) => RandomKey.fromSeed(row));
  const x = { hidden, weight, thought, coefficient, ids };
  const look = async (entropy_R: Tensor, what: string) => {
    const got = Array.from(await ops.read(entropy_R), Number.isFinite);
    expect(got, `${what}, ${V} tokens`).toEqual(hasEntropy);
  };
  for (const maxElements of V > 100 ? [undefined] : [undefined, V, 2]) {
    for (const form of headForms(ops, "mixture")) {
      for (const temperature of [1, 1e-4]) {
        const mixed = callMixture(
          ops,
          form,
          { ...x, embedding: finite },
          { temperature, topK: 2 },
          maxElements,
        );
        await look(mixed.entropy_R, `mixture, ${form}`);
        await expectIds(ops, mixed.argmax_R, V);
        disposeAll(Object.values(mixed) as Tensor[]);
      }
    }
    for (const form of headForms(ops, "tokenChoice")) {
      for (const temperature of [0, 1]) {
        const chosen = callTokenChoice(ops, form, {
          ...{ hidden_RD: hidden, weight_VD: weight, temperature, keys },
          ...(maxElements !== undefined && { maxElements }),
        });
        await look(chosen.entropy_R, `tokenChoice, ${form}`);
        await expectIds(ops, chosen.ids_R, V);
        disposeAll([chosen.ids_R, chosen.logProb_R, chosen.entropy_R]);
      }
    }
    for (const name of ["tokenLogProb", "thoughtLogProb"] as const) {
      for (const form of headForms(ops, name)) {
        const scored = callLogProb(
          ops,
          name,
          form,
          { ...x, embedding: finite },
          { temperature: 1, sigma: 1 },
          maxElements,
        );
        await look(scored.entropy_R, `${name}, ${form}`);
        disposeAll([scored.value, scored.logProb_R, scored.entropy_R]);
      }
    }
  }
}

/** Whatever is chosen of what is no distribution is a token: it is looked up before anybody can know. */
async function expectIds(ops: Backend, ids_R: Tensor, V: number): Promise<void> {
  for (const id of await ops.read(ids_R)) expect(id >= 0 && id < V, `id ${id} of ${V}`).toBe(true);
}
