/**
 * Reads a rollout file and checks everything that can be checked without the model; see format.ts.
 */

import { readSafetensors, type SafetensorsFile } from "@soft-tokens/model";
import { SamplerError } from "../errors.ts";
import { RAGGED, RAGGED_NAMES, type RaggedName, type StoredRollouts, THOUGHTS } from "./format.ts";

/**
 * All samples of a file; their arrays are views of the tensors read.
 * @throws INVALID_ROLLOUTS with `file` and `key`; the model package's errors for a file that is no safetensors
 */
export async function readRollouts(path: string): Promise<StoredRollouts> {
  const file = await readSafetensors(path);
  try {
    const { metadata } = file;
    const thought = metadata.thought;
    if (!thought) throw invalid(file, "thought", "metadata lacks the thought's name");
    const rows = {} as Record<RaggedName, Int32Array[]>;
    for (const name of RAGGED_NAMES) rows[name] = await readRagged(file, name);
    checkCounts(file, rows);
    const thoughts = await readThoughts(file, thought, rows.shadowIds);
    return {
      thought,
      temperature: readNumber(file, metadata, "tau"),
      sigma: readNumber(file, metadata, "sigma"),
      answerTemperature: "answer_tau" in metadata ? readNumber(file, metadata, "answer_tau") : 1,
      hiddenSize: thoughts?.hiddenSize || null,
      rollouts: rows.promptIds.map((promptIds, sample) => ({
        promptIds,
        shadowIds: rows.shadowIds[sample] as Int32Array,
        thoughts: thoughts?.rows[sample] ?? null,
        forcedIds: rows.forcedIds[sample] as Int32Array,
        answerIds: rows.answerIds[sample] as Int32Array,
      })),
      metadata,
    };
  } finally {
    await file.close();
  }
}

/** One array per sample. */
async function readRagged(file: SafetensorsFile, name: RaggedName): Promise<Int32Array[]> {
  const { ids: idsKey, offsets: offsetsKey } = RAGGED[name];
  const offsets = await readInt32(file, offsetsKey);
  const ids = await readInt32(file, idsKey);
  if (offsets.length === 0) throw invalid(file, offsetsKey, "is empty; it wants one entry more than samples");
  if (offsets[0] !== 0) throw invalid(file, offsetsKey, `begins at ${offsets[0]}, not at 0`);
  offsets.forEach((offset, at) => {
    const before = offsets[at - 1] ?? 0;
    if (offset < before) throw invalid(file, offsetsKey, `falls from ${before} to ${offset} at entry ${at}`);
  });
  const end = offsets.at(-1);
  if (end !== ids.length) {
    throw invalid(file, offsetsKey, `ends at ${end}, but "${idsKey}" has ${ids.length} entries`);
  }
  const negative = ids.findIndex((id) => id < 0);
  if (negative >= 0) throw invalid(file, idsKey, `holds the id ${ids[negative]} at entry ${negative}`);
  return Array.from({ length: offsets.length - 1 }, (_, sample) =>
    ids.subarray(offsets[sample], offsets[sample + 1]),
  );
}

function checkCounts(file: SafetensorsFile, rows: Record<RaggedName, Int32Array[]>): void {
  const samples = rows.promptIds.length;
  for (const name of RAGGED_NAMES) {
    if (rows[name].length !== samples) {
      throw invalid(
        file,
        RAGGED[name].offsets,
        `counts ${rows[name].length} samples, but "${RAGGED.promptIds.offsets}" counts ${samples}`,
      );
    }
  }
  const empty = rows.promptIds.findIndex((ids) => ids.length === 0);
  if (empty >= 0) throw invalid(file, RAGGED.promptIds.offsets, `gives sample ${empty} an empty prompt`);
}

async function readThoughts(
  file: SafetensorsFile,
  thought: string,
  shadowIds: readonly Int32Array[],
): Promise<{ hiddenSize: number; rows: Float32Array[] } | null> {
  const entry = file.entries.get(THOUGHTS);
  if (!entry) {
    if (thought === "hard") return null;
    throw invalid(file, THOUGHTS, `is missing, and ${thought} thoughts cannot be scored without it`);
  }
  if (thought === "hard") throw invalid(file, THOUGHTS, "is present, but hard thoughts are their shadow ids");
  const [steps, D] = entry.shape;
  const wanted = shadowIds.reduce((sum, ids) => sum + ids.length, 0);
  if (entry.dtype !== "F32" || entry.shape.length !== 2 || steps !== wanted || D === undefined) {
    throw invalid(
      file,
      THOUGHTS,
      `is ${entry.dtype} [${entry.shape.join(", ")}], wanted F32 [${wanted}, D] as "thought_offsets" says`,
    );
  }
  if (D === 0 && wanted > 0) throw invalid(file, THOUGHTS, "has rows of no values");
  const values = (await file.read(THOUGHTS)) as Float32Array;
  let step = 0;
  const rows = shadowIds.map((ids, sample) => {
    const row = values.subarray(step * D, (step + ids.length) * D);
    if (!row.every(Number.isFinite)) {
      throw invalid(file, THOUGHTS, `holds a value that is not finite in sample ${sample}`);
    }
    step += ids.length;
    return row;
  });
  return { hiddenSize: D, rows };
}

async function readInt32(file: SafetensorsFile, key: string): Promise<Int32Array> {
  const entry = file.entries.get(key);
  if (!entry) throw invalid(file, key, "is missing");
  if (entry.dtype !== "I32" || entry.shape.length !== 1) {
    throw invalid(file, key, `is ${entry.dtype} [${entry.shape.join(", ")}], wanted I32 of one axis`);
  }
  return (await file.read(key)) as Int32Array;
}

/** tau, sigma: finite and not negative. */
function readNumber(file: SafetensorsFile, metadata: Readonly<Record<string, string>>, key: string): number {
  const text = metadata[key];
  const value = text === undefined || text.trim() === "" ? Number.NaN : Number(text);
  if (!Number.isFinite(value) || value < 0) {
    throw invalid(file, key, `of the metadata wants a number of at least 0, got ${JSON.stringify(text)}`);
  }
  return value;
}

function invalid(file: SafetensorsFile, key: string, message: string): SamplerError {
  return new SamplerError("INVALID_ROLLOUTS", `${file.path}: "${key}" ${message}`, { file: file.path, key });
}
