/**
 * NaN and infinity are never a result: weights are looked at after every step that changes them and before they are saved,
 * log-probabilities when they are read. A step whose gradient alone is not finite is another matter: it is skipped (see
 * update-weights.ts).
 */

import type { LanguageModel } from "@soft-tokens/model";
import { SamplerError } from "@soft-tokens/sampler";
import { TrainerError } from "./errors.ts";
import type { TrainingRow } from "./training-row.ts";

/** @throws WEIGHTS_NOT_FINITE naming the parameter; `when` begins the message: "after step 3" */
export async function assertFiniteWeights(model: LanguageModel, when: string): Promise<void> {
  const name = await findBrokenParameter(model);
  if (name === null) return;
  throw new TrainerError(
    "WEIGHTS_NOT_FINITE",
    `${when}: ${name} holds NaN or infinity. Nothing of it was saved, earlier checkpoints are untouched`,
  );
}

/** The first parameter that holds NaN or infinity. One sum for each on the backend, one small read. */
async function findBrokenParameter({ backend: ops, parameters }: LanguageModel): Promise<string | null> {
  using sums = ops.tidy(() =>
    ops.concat(
      Array.from(parameters.values(), (parameter) => ops.tidy(() => ops.reshape(ops.sum(parameter), [1]))),
      0,
    ),
  );
  const totals = await ops.read(sums);
  let at = 0;
  for (const [name, parameter] of parameters) {
    if (Number.isFinite(totals[at++] as number)) continue;
    const values = (await ops.read(parameter)) as Float32Array;
    if (!values.every(Number.isFinite)) return name; // a sum of large numbers may be infinite too
  }
  return null;
}

/** The log-probabilities of a row's thought steps and answer tokens. @throws LOGITS_NOT_FINITE, `nameOf` says of whom */
export function assertFiniteLogProbs(
  row: TrainingRow,
  logProbs: { readonly thoughtSteps: Float32Array; readonly answerSteps: Float32Array },
  nameOf: (row: TrainingRow) => string,
): void {
  const steps = { "thought step": logProbs.thoughtSteps, "answer token": logProbs.answerSteps };
  for (const [what, values] of Object.entries(steps)) {
    const at = values.findIndex((value) => !Number.isFinite(value));
    if (at < 0) continue;
    throw new TrainerError(
      "LOGITS_NOT_FINITE",
      `${nameOf(row)}: the log-probability of ${what} ${at + 1} is ${values[at]}; ${CAUSE}`,
    );
  }
}

const CAUSE = "the weights are broken, or so large that the model's numbers leave float32";

/**
 * Runs a part of a training run. What the sampler or the pass found not to be finite comes with the place in the run, and with the
 * parameter where one is broken: a model that was given so, not one that became so. `nameOf`: a prompt of the sampler's.
 * @throws LOGITS_NOT_FINITE, WEIGHTS_NOT_FINITE
 */
export async function explainNotFinite<T>(
  model: LanguageModel,
  { place, nameOf }: { readonly place: string; readonly nameOf?: (promptIndex: number) => string },
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const isOurs = error instanceof TrainerError || error instanceof SamplerError;
    if (!isOurs || error.code !== "LOGITS_NOT_FINITE") throw error;
    await assertFiniteWeights(model, place);
    const { promptIndex } = error as Partial<SamplerError>;
    const whose = promptIndex === undefined || !nameOf ? "" : ` ${nameOf(promptIndex)}:`;
    throw new TrainerError("LOGITS_NOT_FINITE", `${place}:${whose} ${error.message}`, { cause: error });
  }
}
