/**
 * The chunked head operations: stored PyTorch values and gradients in every form, one result whatever the chunks, tied and
 * untied weights, temperatures down to 1e-4 with exact ties and gaps of 2^-13 between logits.
 */

import { expect } from "vitest";
import type { Backend, Tensor } from "../contract.ts";
import type { FloatDType } from "../dtype.ts";
import { expectClose } from "../testing/expect-close.ts";
import { expectGradient } from "../testing/expect-gradient.ts";
import { disposeAll, floatDtypes } from "./calls.ts";
import { fusedCases, type NamedCase, upload } from "./fixture.ts";
import { callLogProb, callMixture, type HeadInputs, headForms } from "./head-calls.ts";
import { type Check, expectCode } from "./suite.ts";

const mixtures = fusedCases.filter(({ op }) => op === "mixture");
const logProbs = fusedCases.filter(({ op }) => op === "thoughtLogProb" || op === "tokenLogProb");

export function head(check: Check): void {
  for (const testCase of mixtures) {
    check(`mixture: ${testCase.title}`, async (ops) => {
      const x = uploadHead(ops, testCase);
      for (const form of headForms(ops, "mixture")) {
        for (const maxElements of chunkings(testCase)) {
          const result = callMixture(ops, form, x, testCase.args, maxElements);
          const outputs = [
            result.mixture_RD,
            result.argmax_R,
            result.entropy_R,
            result.topIds_RK,
            result.topProbabilities_RK,
          ].filter((tensor) => tensor !== undefined);
          expect(outputs).toHaveLength(testCase.outputs.length);
          for (const [at, want] of testCase.outputs.entries()) {
            const got = outputs[at] as Tensor;
            expect(got.dtype).toBe(want.dtype);
            await expectClose(ops, got, want.data, { shape: want.shape });
          }
          disposeAll(outputs);
        }
      }
      disposeAll(Object.values(x));
    });
  }

  for (const testCase of logProbs) {
    check(`${testCase.op}: ${testCase.title}`, async (ops) => {
      const x = uploadHead(ops, testCase);
      for (const form of headForms(ops, testCase.op as "thoughtLogProb")) {
        for (const maxElements of chunkings(testCase)) {
          await checkLogProb(ops, testCase, x, (inputs) =>
            callLogProb(ops, testCase.op, form, inputs, testCase.args, maxElements),
          );
        }
      }
      disposeAll(Object.values(x));
    });
  }

  for (const testCase of logProbs.filter(isSmooth)) {
    check(`${testCase.op}: ${testCase.title}, gradients fit the differences of the value`, async (ops) => {
      const x = uploadHead(ops, testCase);
      const names = ["hidden", "weight", "embedding"].filter((name) => x[name]);
      for (const form of headForms(ops, testCase.op as "thoughtLogProb")) {
        await expectGradient(
          ops,
          (inputs) => {
            const moved = {
              ...x,
              ...Object.fromEntries(names.map((name, at) => [name, inputs[at] as Tensor])),
            };
            return callLogProb(ops, testCase.op, form, moved, testCase.args).value;
          },
          names.map((name) => x[name] as Tensor),
        );
      }
      disposeAll(Object.values(x));
    });
  }

  check(
    "the value of a log-probability may be a term of a larger loss, and is scaled with it",
    async (ops) => {
      const testCase = logProbs.find(({ op }) => op === "thoughtLogProb") as NamedCase;
      const x = uploadHead(ops, testCase);
      const hidden = x.hidden as Tensor;
      const differentiate = (factor: number, extra: number) =>
        ops.valueAndGrad(
          () =>
            ops.tidy(() => {
              const { value } = callLogProb(ops, testCase.op, "public", x, testCase.args);
              return ops.add(
                ops.affine(value, { scale: factor }),
                ops.affine(ops.sum(hidden), { scale: extra }),
              );
            }),
          [hidden],
        );
      const once = differentiate(1, 0);
      const scaled = differentiate(-3, 0.5);
      const want = Array.from(await ops.read(once.gradients[0] as Tensor), (g) => -3 * g + 0.5);
      await expectClose(ops, scaled.gradients[0] as Tensor, want);
      for (const result of [once, scaled]) disposeAll([result.value, ...result.gradients]);
      disposeAll(Object.values(x));
    },
  );

  check("the head operations compute in float32 whatever the dtype of the weights", async (ops) => {
    for (const dtype of floatDtypes(ops)) {
      for (const testCase of [...mixtures, ...logProbs]) {
        if (testCase.args.temperature === 1e-4) continue; // its gaps of 2^-13 are not numbers of bfloat16
        const x = uploadHead(ops, testCase, dtype);
        if (testCase.op === "mixture") {
          const result = callMixture(ops, "public", x, { ...testCase.args, topK: 0 });
          expect(result.mixture_RD.dtype).toBe("float32");
          await expectClose(ops, result.mixture_RD, testCase.outputs[0]?.data ?? []);
          disposeAll([result.mixture_RD, result.argmax_R, result.entropy_R]);
        } else {
          const result = callLogProb(ops, testCase.op, "public", x, testCase.args);
          await expectClose(ops, result.logProb_R, testCase.outputs[1]?.data ?? []);
          disposeAll([result.value, result.logProb_R, result.entropy_R]);
        }
        disposeAll(Object.values(x));
      }
    }
  });

  check("ties of the argmax go to the lowest token, across vocabulary tiles too", async (ops) => {
    using hidden = ops.ones([2, 1]);
    using weight = ops.tensor([1, 3, 2, 3, 3, 0, 3], [7, 1]);
    for (const form of headForms(ops, "mixture")) {
      for (const maxElements of [1000, 14, 7, 4, 3, 2, 1]) {
        const result = callMixture(ops, form, { hidden, weight }, { temperature: 1, topK: 4 }, maxElements);
        await expectClose(ops, result.argmax_R, [1, 1]);
        await expectClose(ops, result.topIds_RK as Tensor, [1, 3, 4, 6, 1, 3, 4, 6], { shape: [2, 4] });
        disposeAll([
          result.mixture_RD,
          result.argmax_R,
          result.entropy_R,
          result.topIds_RK,
          result.topProbabilities_RK,
        ]);
      }
    }
  });

  check("no rows give no results, and no gradient but zeros", async (ops) => {
    using hidden = ops.zeros([0, 2]);
    using weight = ops.ones([3, 2]);
    using thought = ops.zeros([0, 2]);
    using coefficient = ops.zeros([0]);
    const result = callMixture(ops, "public", { hidden, weight }, { temperature: 1 });
    await expectClose(ops, result.mixture_RD, [], { shape: [0, 2] });
    await expectClose(ops, result.argmax_R, [], { shape: [0] });
    disposeAll([result.mixture_RD, result.argmax_R, result.entropy_R]);
    const inputs = { hidden, weight, thought, coefficient };
    const found = ops.valueAndGrad(
      () =>
        ops.tidy(
          () => callLogProb(ops, "thoughtLogProb", "public", inputs, { temperature: 1, sigma: 1 }).value,
        ),
      [weight],
    );
    await expectClose(ops, found.value, [0]);
    await expectClose(ops, found.gradients[0] as Tensor, [0, 0, 0, 0, 0, 0]);
    disposeAll([found.value, ...found.gradients]);
  });

  check("a temperature or a sigma that is not positive is refused", async (ops) => {
    const x = uploadHead(ops, logProbs[0] as NamedCase);
    for (const bad of [0, -1, Number.NaN]) {
      const args = { temperature: bad, sigma: 1 };
      await expectCode(() => callMixture(ops, "public", x, args), "INVALID_ARGUMENT");
      await expectCode(() => callLogProb(ops, "thoughtLogProb", "public", x, args), "INVALID_ARGUMENT");
      const wrongSigma = { temperature: 1, sigma: bad };
      await expectCode(() => callLogProb(ops, "thoughtLogProb", "public", x, wrongSigma), "INVALID_ARGUMENT");
    }
    disposeAll(Object.values(x));
  });
}

type LogProb = (inputs: HeadInputs) => ReturnType<typeof callLogProb>;

async function checkLogProb(ops: Backend, testCase: NamedCase, x: HeadInputs, call: LogProb): Promise<void> {
  const [value, logProb, entropy] = testCase.outputs;
  const plain = call(x);
  await expectClose(ops, plain.value, value?.data ?? [], { shape: [] });
  await expectClose(ops, plain.logProb_R, logProb?.data ?? []);
  await expectClose(ops, plain.entropy_R, entropy?.data ?? []);
  disposeAll([plain.value, plain.logProb_R, plain.entropy_R]);

  const { gradient } = testCase;
  if (!gradient) throw new Error("fixture: no gradient");
  const wrt = gradient.inputs.flatMap((want, at) =>
    want ? [{ want, name: testCase.names[at] as string }] : [],
  );
  using upstream = upload(ops, gradient.upstream);
  const result = ops.valueAndGrad(
    () =>
      ops.tidy(() => {
        const { value, logProb_R, entropy_R } = call(x);
        return { value: ops.multiply(value, upstream), aux: [logProb_R, entropy_R] };
      }),
    wrt.map(({ name }) => x[name] as Tensor),
  );
  await expectClose(ops, result.aux[0] as Tensor, logProb?.data ?? []);
  await expectClose(ops, result.aux[1] as Tensor, entropy?.data ?? []);
  for (const [at, { want }] of wrt.entries()) {
    await expectClose(ops, result.gradients[at] as Tensor, want.data, { shape: want.shape });
  }
  disposeAll([result.value, ...result.gradients, ...result.aux]);
  await checkSums(
    ops,
    x,
    wrt.map(({ name }) => x[name] as Tensor),
    call,
  );
}

/** Added to sums twice, gradients are twice what they are alone. */
async function checkSums(ops: Backend, x: HeadInputs, wrt: readonly Tensor[], call: LogProb): Promise<void> {
  const fn = () => ops.tidy(() => call(x).value);
  const plain = ops.valueAndGrad(fn, wrt);
  const sums = wrt.map(({ shape }) => ops.zeros(shape));
  for (let times = 0; times < 2; times++) ops.valueAndGrad(fn, wrt, { addTo: sums }).value.dispose();
  for (const [at, gradient] of plain.gradients.entries()) {
    const twice = Array.from(await ops.read(gradient), (value) => 2 * value);
    await expectClose(ops, sums[at] as Tensor, twice, { shape: gradient.shape });
  }
  disposeAll([plain.value, ...plain.gradients, ...sums]);
}

/** Whole, by rows, by odd vocabulary tiles, element by element. */
function chunkings(testCase: NamedCase): (number | undefined)[] {
  const [V = 1] = testCase.inputs[1]?.shape ?? [];
  return V > 100 ? [undefined, 2 * V, 97] : [undefined, 2 * V, V, V - 1, 7, 1].filter((n) => n !== 0);
}

/** Differences need a function without cliffs; and a mean that stays put has no difference to match its gradient. */
function isSmooth({ args }: NamedCase): boolean {
  return args.temperature !== 1e-4 && args.embeddingGradient !== false;
}

function uploadHead(ops: Backend, testCase: NamedCase, dtype: FloatDType = "float32"): HeadInputs {
  const narrow = new Set(["hidden", "weight", "embedding"]);
  return Object.fromEntries(
    testCase.names.map((name, at) => {
      const x = testCase.inputs[at];
      if (!x) throw new Error(`fixture: no input ${name}`);
      return [name, upload(ops, x, narrow.has(name) ? dtype : "float32")];
    }),
  );
}
