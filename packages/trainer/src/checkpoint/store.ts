/**
 * A folder of checkpoints:
 *
 *   step-000100/   step-000200/   last.json   best.json
 *
 * A checkpoint is written to `.writing-*`, synced and renamed, so that a `step-*` folder is complete or not there at all.
 * What a crash leaves behind under `.writing-*` or `.removing-*` is removed when the store is opened. Earlier checkpoints are
 * removed only after the new one has its name. The two pointers are for people and tools; resuming goes by the folders.
 */

import { mkdir, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { parseJson } from "@soft-tokens/model";
import { z } from "zod";
import { TrainerError } from "../errors.ts";
import { replaceFile, syncFolder } from "./files.ts";

const NAME = /^step-(\d{6,})$/;

/** Folders of ours and of `saveModel` beside them, and pointers, that never got their final name. */
const LEFT_BEHIND = /^\.{1,2}(writing|removing)-|\.json\.tmp-\d+$/;

export interface BestCheckpoint {
  readonly step: number;
  readonly score: number;
}

interface SaveOptions {
  readonly step: number;
  /** Of the run so far; its checkpoint is never pruned. */
  readonly best: BestCheckpoint | null;
  readonly bytes: number;
  /** Fills the folder. */
  readonly write: (folder: string) => Promise<void>;
}

export interface CheckpointStore {
  /** Makes the folder, sees whether it can be written, and removes what a crash left behind. @throws CHECKPOINT_WRITE_FAILED */
  open(): Promise<void>;
  /** Steps that have a checkpoint, newest first. */
  steps(): Promise<number[]>;
  folderOf(step: number): string;
  /** Returns the folder. @throws CHECKPOINT_WRITE_FAILED */
  save(options: SaveOptions): Promise<string>;
  /** Puts a damaged checkpoint out of the way, under a name that is never read or pruned. Returns that name. */
  setAside(step: number): Promise<string>;
  /** Lets the pointers say what the run says after it fell back to an earlier checkpoint. */
  pointTo(step: number, best: BestCheckpoint | null): Promise<void>;
}

export function createCheckpointStore(root: string, options: { readonly keep: number }): CheckpointStore {
  const folderOf = (step: number) => join(root, `step-${String(step).padStart(6, "0")}`);

  const steps = async () => {
    const names = await readdir(root).catch(ignoreMissing<string[]>([]));
    return names
      .flatMap((name) => NAME.exec(name)?.[1] ?? [])
      .map(Number)
      .sort((a, b) => b - a);
  };

  const remove = async (step: number) => {
    const going = join(root, `.removing-${step}`);
    await rm(going, { recursive: true, force: true });
    await rename(folderOf(step), going);
    await rm(going, { recursive: true, force: true });
  };

  const prune = async (best: BestCheckpoint | null) => {
    const kept = (await steps()).filter((step) => step !== best?.step).slice(options.keep);
    for (const step of kept) await remove(step);
  };

  const pointTo = async (step: number, best: BestCheckpoint | null) => {
    const name = (of: number) => folderOf(of).slice(root.length + 1);
    await replaceFile(join(root, "last.json"), `${JSON.stringify({ step, folder: name(step) })}\n`);
    const pointer = join(root, "best.json");
    if (best) await replaceFile(pointer, `${JSON.stringify({ ...best, folder: name(best.step) })}\n`);
    else await rm(pointer, { force: true });
  };

  return {
    steps,
    folderOf,
    pointTo,
    async open() {
      const probe = join(root, ".writing-probe");
      try {
        await mkdir(root, { recursive: true });
        for (const name of (await readdir(root)).filter((n) => LEFT_BEHIND.test(n))) {
          await rm(join(root, name), { recursive: true, force: true });
        }
        await mkdir(probe);
        await rm(probe, { recursive: true });
      } catch (cause) {
        throw writeFailure(root, cause);
      }
    },
    async save({ step, best, bytes, write }) {
      const temporary = join(root, `.writing-${step}`);
      try {
        await mkdir(root, { recursive: true });
        await rm(temporary, { recursive: true, force: true });
        await mkdir(temporary);
        await write(temporary);
        await syncFolder(temporary);
        if ((await steps()).includes(step)) await remove(step);
        await rename(temporary, folderOf(step));
        await syncFolder(root);
        await pointTo(step, best);
        await prune(best);
      } catch (cause) {
        await rm(temporary, { recursive: true, force: true }).catch(() => undefined);
        throw writeFailure(`${folderOf(step)} (about ${(bytes / 2 ** 20).toFixed(0)} MiB)`, cause);
      }
      return folderOf(step);
    },
    async setAside(step) {
      for (let attempt = 1; ; attempt++) {
        const target = `${folderOf(step)}.damaged${attempt === 1 ? "" : `-${attempt}`}`;
        const isTaken = await readdir(target).then(
          () => true,
          () => false,
        );
        if (isTaken) continue;
        await rename(folderOf(step), target);
        return target;
      }
    },
  };
}

const BestPointer = z.object({ step: z.int().min(0), score: z.number(), folder: z.string().regex(NAME) });

/** The best checkpoint by validation, as its pointer says; null where there is none yet. @throws CHECKPOINT_DAMAGED */
export async function readBestCheckpoint(
  root: string,
): Promise<(BestCheckpoint & { folder: string }) | null> {
  const text = await readFile(join(root, "best.json"), "utf8").catch(ignoreMissing<string | null>(null));
  if (text === null) return null;
  const { step, score, folder } = readPointer(text, join(root, "best.json"));
  return { step, score, folder: join(root, folder) };
}

function readPointer(text: string, file: string): z.infer<typeof BestPointer> {
  try {
    return BestPointer.parse(parseJson(text));
  } catch (cause) {
    throw new TrainerError("CHECKPOINT_DAMAGED", `${file}: does not name a checkpoint`, { cause });
  }
}

function writeFailure(what: string, cause: unknown): unknown {
  const code = (cause as NodeJS.ErrnoException)?.code;
  const reasons: Record<string, string> = {
    ENOSPC: "no space left on the disk",
    EDQUOT: "the disk quota is used up",
    EACCES: "no permission to write there",
    EPERM: "no permission to write there",
    EROFS: "the file system is read-only",
    ENOTDIR: "there is a file where a folder should be",
    EEXIST: "there is a file where a folder should be",
    EIO: "the disk reports an error",
  };
  const reason = code === undefined ? undefined : reasons[code];
  if (!reason) return cause;
  return new TrainerError(
    "CHECKPOINT_WRITE_FAILED",
    `cannot write ${what}: ${reason}. Earlier checkpoints are untouched`,
    { cause },
  );
}

function ignoreMissing<T>(instead: T): (error: NodeJS.ErrnoException) => T {
  return (error) => {
    if (error.code === "ENOENT") return instead;
    throw error;
  };
}
