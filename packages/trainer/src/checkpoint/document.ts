/**
 * `trainer.json` of a checkpoint: everything of a run that is not a tensor, with the size and hash of every other file, so
 * that a truncated or altered checkpoint is known before anything of it is used.
 */

import { createHash } from "node:crypto";
import { parseJson } from "@soft-tokens/model";
import { z } from "zod";
import { TrainerError } from "../errors.ts";
import { WatchState } from "../warnings.ts";

const count = z.int().nonnegative();

/** Position of a run between two steps. */
export const TrainerState = z.strictObject({
  /** Whole steps made. */
  step: count,
  /** -1: none yet, not even the one before the first step. */
  lastValidatedStep: z.int().min(-1),
  best: z.strictObject({ step: count, score: z.number() }).nullable(),
  /** Steps in a row whose gradient was not finite. */
  skippedInARow: count,
  watch: WatchState,
});
export type TrainerState = z.infer<typeof TrainerState>;

const FileRecord = z.strictObject({ name: z.string(), bytes: count, sha256: z.string() });
export type FileRecord = z.infer<typeof FileRecord>;

/** What has to be the same for a run to be continued. Compared key by key. */
const Identity = z.strictObject({
  trainer: z.enum(["rloo", "supervised"]),
  /** The two words of the run's random key. */
  key: z.tuple([count, count]),
  /** Items in the training source. */
  items: count,
  /** Of the parameters in memory. */
  dtype: z.enum(["float32", "bfloat16"]),
  /** Policy name, temperature, noise scale and sigma; absent for supervised training. */
  policy: z.record(z.string(), z.union([z.string(), z.number()])),
  settings: z.record(z.string(), z.unknown()),
});
export type Identity = z.infer<typeof Identity>;

const CheckpointDocument = z.strictObject({
  format: z.literal(1),
  identity: Identity,
  state: TrainerState,
  optimizer: z.strictObject({ updates: count }),
  /** For readers: items drawn so far, counted over all epochs. It follows from the step. */
  dataPosition: count,
  files: z.array(FileRecord),
});
export type CheckpointDocument = z.infer<typeof CheckpointDocument>;

export function encodeDocument(document: CheckpointDocument): string {
  return `${JSON.stringify({ ...document, checksum: checksum(document) }, null, 2)}\n`;
}

/** @throws CHECKPOINT_DAMAGED when the text is not a document, or not the one that was written */
export function decodeDocument(text: string, file: string): CheckpointDocument {
  const damaged = (why: string, cause?: unknown) =>
    new TrainerError("CHECKPOINT_DAMAGED", `${file}: ${why}`, { cause });
  let raw: unknown;
  try {
    raw = parseJson(text);
  } catch (cause) {
    throw damaged("is not JSON", cause);
  }
  const parsed = CheckpointDocument.extend({ checksum: z.string() }).safeParse(raw);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw damaged(`${issue?.path.join(".") || "document"}: ${issue?.message}`, parsed.error);
  }
  const { checksum: stored, ...document } = parsed.data;
  if (checksum(document) !== stored) throw damaged("its checksum does not fit its contents");
  return document;
}

/** @throws CHECKPOINT_MISMATCH naming the first difference */
export function assertSameRun(stored: Identity, wanted: Identity, folder: string): void {
  const differences: string[] = [];
  const compare = (key: string, before: unknown, now: unknown) => {
    if (JSON.stringify(before) !== JSON.stringify(now)) {
      differences.push(`${key} was ${JSON.stringify(before)} and is ${JSON.stringify(now)}`);
    }
  };
  for (const key of ["trainer", "key", "items", "dtype"] as const) compare(key, stored[key], wanted[key]);
  for (const group of ["policy", "settings"] as const) {
    for (const key of new Set([...Object.keys(stored[group]), ...Object.keys(wanted[group])])) {
      compare(key, stored[group][key], wanted[group][key]);
    }
  }
  if (differences.length === 0) return;
  throw new TrainerError(
    "CHECKPOINT_MISMATCH",
    `${folder} belongs to another run: ${differences.join("; ")}. Use the old values to continue it, or another folder`,
  );
}

function checksum(document: CheckpointDocument): string {
  return createHash("sha256").update(canonical(document)).digest("hex");
}

/** JSON with sorted keys: the same text whatever order a parser left them in. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    part !== null && typeof part === "object" && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}
