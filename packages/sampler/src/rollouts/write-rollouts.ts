/** Writes a rollout file; see format.ts. */

import { type SafetensorsTensor, writeSafetensors } from "@soft-tokens/model";
import type { ThoughtPolicy } from "../contract.ts";
import { SamplerError } from "../errors.ts";
import { RAGGED, RAGGED_NAMES, type StoredRollout, THOUGHTS } from "./format.ts";

export interface WriteRolloutsOptions {
  /** The policy that thought; its name, temperature and sigma go into the file. */
  readonly policy: Pick<ThoughtPolicy, "name" | "settings" | "storesThoughts">;
  /** Temperature of the answers; 0 is greedy. */
  readonly answerTemperature: number;
  /** Further strings to keep, e.g. the step of the run. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/**
 * Writes `file` (to a temporary name first, then renamed), replacing what was there.
 * @throws INVALID_ROLLOUTS for a sample whose thoughts do not fit the policy or the other samples
 */
export async function writeRollouts(
  file: string,
  rollouts: readonly StoredRollout[],
  options: WriteRolloutsOptions,
): Promise<void> {
  const { policy, answerTemperature, metadata } = options;
  const tensors: SafetensorsTensor[] = [];
  for (const name of RAGGED_NAMES) {
    const rows = rollouts.map((rollout) => rollout[name]);
    const offsets = offsetsOf(rows);
    const total = offsets.at(-1) as number;
    const data = new Int32Array(total);
    rows.forEach((row, sample) => {
      data.set(row, offsets[sample]);
    });
    tensors.push({ name: RAGGED[name].ids, dtype: "I32", shape: [total], data });
    tensors.push({ name: RAGGED[name].offsets, dtype: "I32", shape: [offsets.length], data: offsets });
  }
  if (policy.storesThoughts) tensors.push(thoughtsTensor(file, rollouts));
  else if (rollouts.some(({ thoughts }) => thoughts !== null)) {
    throw invalid(file, `a ${policy.name} thought stores no embeddings, but a sample has some`);
  }
  await writeSafetensors(file, tensors, {
    ...metadata,
    thought: policy.name,
    tau: String(policy.settings.temperature),
    sigma: String(policy.settings.sigma),
    answer_tau: String(answerTemperature),
  });
}

/** D comes from the samples themselves; where none has a step it is 0. */
function thoughtsTensor(file: string, rollouts: readonly StoredRollout[]): SafetensorsTensor {
  const steps = offsetsOf(rollouts.map(({ shadowIds }) => shadowIds)).at(-1) as number;
  const first = rollouts.find(({ shadowIds }) => shadowIds.length > 0);
  const D = first?.thoughts ? first.thoughts.length / first.shadowIds.length : 0;
  rollouts.forEach(({ shadowIds, thoughts }, sample) => {
    if (thoughts?.length !== shadowIds.length * D) {
      throw invalid(
        file,
        `sample ${sample} has ${thoughts?.length ?? "no"} thought values for ${shadowIds.length} steps of ${D}`,
      );
    }
  });
  return {
    name: THOUGHTS,
    dtype: "F32",
    shape: [steps, D],
    data: () => {
      const data = new Float32Array(steps * D);
      let at = 0;
      for (const { thoughts } of rollouts) {
        if (!thoughts) continue;
        data.set(thoughts, at);
        at += thoughts.length;
      }
      return data;
    },
  };
}

function offsetsOf(rows: readonly ArrayLike<number>[]): Int32Array {
  const offsets = new Int32Array(rows.length + 1);
  rows.forEach((row, sample) => {
    offsets[sample + 1] = (offsets[sample] as number) + row.length;
  });
  return offsets;
}

function invalid(file: string, message: string): SamplerError {
  return new SamplerError("INVALID_ROLLOUTS", `${file}: ${message}`, { file, key: THOUGHTS });
}
