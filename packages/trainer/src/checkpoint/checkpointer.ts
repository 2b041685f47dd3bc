/**
 * Complete checkpoints of a run: the model's Hugging Face folder with two files beside the weights,
 *
 *   optimizer.safetensors   first.NAME, second.NAME (and master.NAME), dtypes and shapes as in memory
 *   trainer.json            step, optimizer updates, best validation, settings, key, and the hash of every file
 *
 * so that the folder can be loaded by transformers as it is, and continued bit for bit by the trainer.
 */

import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  type LanguageModel,
  loadModel,
  readSafetensors,
  saveModel,
  writeSafetensors,
} from "@soft-tokens/model";
import { type Backend, bytesPerElement, formatShape, type Tensor } from "@soft-tokens/tensor";
import { TrainerError } from "../errors.ts";
import { assertFiniteWeights } from "../finite.ts";
import type { AdamW } from "../optimizer.ts";
import type { TrainerWarning } from "../warnings.ts";
import {
  assertSameRun,
  type CheckpointDocument,
  decodeDocument,
  encodeDocument,
  type Identity,
  type TrainerState,
} from "./document.ts";
import { sealFolder, syncPath, verifyFolder } from "./files.ts";
import { createCheckpointStore } from "./store.ts";

const DOCUMENT = "trainer.json";
const OPTIMIZER = "optimizer.safetensors";

export interface CheckpointerOptions {
  readonly folder: string;
  readonly keep: number;
  readonly model: LanguageModel;
  readonly optimizer: AdamW;
  readonly identity: Identity;
  readonly dataPositionAt: (step: number) => number;
  /** Writes the model's folder. Defaults to `saveModel` of the model package. */
  readonly saveModel?: ((model: LanguageModel, folder: string) => Promise<unknown>) | undefined;
  /** What the caller has stored of the steps becomes durable before the checkpoint that covers them. */
  readonly beforeSave?: (() => void | Promise<void>) | undefined;
}

interface Restored {
  readonly state: TrainerState;
  readonly folder: string;
  readonly warnings: readonly TrainerWarning[];
}

export interface Checkpointer {
  /** Fails early where nothing could be written later. @throws CHECKPOINT_WRITE_FAILED */
  open(): Promise<void>;
  isEmpty(): Promise<boolean>;
  /** @throws CHECKPOINT_WRITE_FAILED, WEIGHTS_NOT_FINITE */
  save(state: TrainerState): Promise<string>;
  /** The newest good checkpoint, put into model and optimizer; null where there is none. */
  restore(): Promise<Restored | null>;
}

export function createCheckpointer(options: CheckpointerOptions): Checkpointer {
  const { folder, model, optimizer, identity } = options;
  const store = createCheckpointStore(folder, { keep: options.keep });

  const read = async (step: number): Promise<CheckpointDocument> => {
    const file = join(store.folderOf(step), DOCUMENT);
    const text = await readFile(file, "utf8").catch((cause: unknown) => {
      throw new TrainerError("CHECKPOINT_DAMAGED", `${file}: cannot be read`, { cause });
    });
    const document = decodeDocument(text, file);
    await verifyFolder(store.folderOf(step), document.files);
    return document;
  };

  return {
    open: store.open,
    isEmpty: async () => (await store.steps()).length === 0,
    async save(state) {
      await assertFiniteWeights(model, `the checkpoint of step ${state.step}`);
      await options.beforeSave?.();
      return store.save({
        step: state.step,
        best: state.best,
        bytes: checkpointBytes(model, optimizer),
        write: async (target) => {
          await (options.saveModel ?? saveModel)(model, target);
          await writeOptimizer(join(target, OPTIMIZER), optimizer, model.backend);
          const document: CheckpointDocument = {
            format: 1,
            identity,
            state,
            optimizer: { updates: optimizer.updates },
            dataPosition: options.dataPositionAt(state.step),
            files: await sealFolder(target),
          };
          await writeFile(join(target, DOCUMENT), encodeDocument(document));
          await syncPath(join(target, DOCUMENT));
        },
      });
    },
    async restore() {
      await store.open();
      const damaged: { step: number; message: string }[] = [];
      for (const step of await store.steps()) {
        const document = await read(step).catch((error: unknown) => {
          if (error instanceof TrainerError && error.code === "CHECKPOINT_DAMAGED") return error;
          throw error;
        });
        if (document instanceof TrainerError) {
          damaged.push({ step, message: document.message });
          continue;
        }
        const found = store.folderOf(step);
        assertSameRun(document.identity, identity, found);
        await restoreWeights(model, found);
        await restoreOptimizer(join(found, OPTIMIZER), optimizer, model.backend);
        optimizer.setUpdates(document.optimizer.updates);
        const warnings = await setAside(damaged);
        await store.pointTo(step, document.state.best);
        return { state: document.state, folder: found, warnings };
      }
      if (damaged.length === 0) return null;
      throw new TrainerError(
        "CHECKPOINT_DAMAGED",
        `${folder}: no checkpoint is good (${damaged.map(({ message }) => message).join("; ")}). Remove the folder to begin anew`,
      );
    },
  };

  async function setAside(damaged: readonly { step: number; message: string }[]): Promise<TrainerWarning[]> {
    const warnings: TrainerWarning[] = [];
    for (const { step, message } of damaged) {
      const kept = await store.setAside(step);
      warnings.push({
        code: "CHECKPOINT_DAMAGED",
        message: `the checkpoint of step ${step} is damaged (${message}); kept as ${kept}, continuing from the one before`,
      });
    }
    return warnings;
  }
}

async function writeOptimizer(file: string, optimizer: AdamW, ops: Backend): Promise<void> {
  const tensors = [...optimizer.state].map(([name, tensor]) => ({
    name,
    dtype: tensor.dtype === "bfloat16" ? ("BF16" as const) : ("F32" as const),
    shape: tensor.shape,
    data: async () => (await ops.read(tensor)) as Float32Array,
  }));
  await writeSafetensors(file, tensors, { updates: String(optimizer.updates) });
}

async function restoreOptimizer(file: string, optimizer: AdamW, ops: Backend): Promise<void> {
  await using stored = await readSafetensors(file);
  for (const [name, tensor] of optimizer.state) {
    using value = ops.tensor(await stored.readFloat32(name), tensor.shape, tensor.dtype);
    ops.assign(tensor, value);
  }
}

/** Puts a folder's weights into the handles of a model that is in use. @throws CHECKPOINT_MISMATCH for another architecture */
async function restoreWeights(model: LanguageModel, folder: string): Promise<void> {
  using stored = await loadModel(folder, { backend: model.backend, dtype: parameterDtype(model) });
  const layout = ({ parameters }: LanguageModel) =>
    [...parameters].map(([name, { shape }]) => `${name} ${formatShape(shape)}`).sort();
  const wanted = layout(model);
  const difference = layout(stored).find((line) => !wanted.includes(line));
  if (difference !== undefined || stored.parameters.size !== model.parameters.size) {
    const detail = difference === undefined ? "parameters are missing" : `it has ${difference}`;
    throw new TrainerError(
      "CHECKPOINT_MISMATCH",
      `${folder} holds a model of another architecture: ${detail}`,
    );
  }
  for (const [name, parameter] of model.parameters) {
    model.backend.assign(parameter, stored.parameters.get(name) as Tensor);
  }
}

/** The one dtype that a model's parameters have. */
export function parameterDtype(model: LanguageModel): "float32" | "bfloat16" {
  const [first] = model.parameters.values();
  return first?.dtype === "bfloat16" ? "bfloat16" : "float32";
}

function checkpointBytes(model: LanguageModel, optimizer: AdamW): number {
  const tensors = [...model.parameters.values(), ...optimizer.state.values()];
  return tensors.reduce((total, { size, dtype }) => total + size * bytesPerElement(dtype), 0);
}
