/**
 * Weights from files into the backend, one tensor at a time: read, widen, turn linear weights to [in, out], hand over,
 * forget. Beside the model itself there is never more than one of its tensors in memory.
 */

import { type Backend, type FloatDType, formatShape, shapesEqual, type Tensor } from "@soft-tokens/tensor";
import {
  EMBEDDING,
  HEAD,
  memoryShape,
  type ParameterSpec,
  parameterSpecs,
} from "../architecture/parameters.ts";
import type { ModelConfig } from "../config/config.ts";
import type { LoadModelOptions } from "../contract.ts";
import { ModelError } from "../errors.ts";
import { entryBytes } from "../safetensors/read.ts";
import { isBuffer, nameTensors } from "./name-tensors.ts";
import { describeNotFinite, findNotFinite } from "./not-finite.ts";
import type { LocatedTensor, WeightFiles } from "./shards.ts";
import { transposed } from "./transpose.ts";

/**
 * The caller owns the tensors.
 * @throws WEIGHTS_MISSING, WEIGHTS_SHAPE, WEIGHTS_DTYPE, WEIGHTS_UNEXPECTED, WEIGHTS_NOT_FINITE
 */
export async function loadParameters(
  weights: WeightFiles,
  config: ModelConfig,
  folder: string,
  options: LoadModelOptions,
): Promise<Map<string, Tensor>> {
  const specs = parameterSpecs(config);
  const tensors = nameTensors(weights.tensors, config);
  refuseAbsent(weights, config);
  const located = new Map(specs.map((spec) => [spec.name, locate(tensors, spec, folder)]));
  refuseUnexpected(tensors, located, config);
  if (config.tiedHead) await checkTiedHead(tensors);

  const dtype = options.dtype ?? chooseDType(located.get(EMBEDDING) as LocatedTensor, options.backend);
  const totalBytes = [...located.values()].reduce((sum, { entry }) => sum + entryBytes(entry), 0);
  let bytes = 0;
  const parameters = new Map<string, Tensor>();
  try {
    for (const spec of specs) {
      const { file, entry } = located.get(spec.name) as LocatedTensor;
      const values = await file.readFloat32(entry.name, {
        onBytes: (count) => {
          bytes += count;
          options.onProgress?.({ phase: "read", file: file.path, bytes, totalBytes });
        },
        ...(options.signal && { signal: options.signal }),
      });
      assertFinite(values, spec, dtype, file.path);
      const [rows = 0, columns = 0] = spec.fileShape;
      const data = spec.isTransposed ? transposed(values, rows, columns) : values;
      parameters.set(spec.name, options.backend.tensor(data, memoryShape(spec), dtype));
    }
  } catch (error) {
    for (const tensor of parameters.values()) tensor.dispose();
    throw error;
  }
  return parameters;
}

function assertFinite(
  values: Float32Array,
  { name, fileShape }: ParameterSpec,
  dtype: FloatDType,
  file: string,
): void {
  const found = findNotFinite(values, dtype);
  if (!found) return;
  throw new ModelError(
    "WEIGHTS_NOT_FINITE",
    `${name}: ${describeNotFinite(found, fileShape, dtype)}; the file is damaged, or the training that wrote it diverged`,
    { file, key: name },
  );
}

/** The weights' own precision where the backend computes in it; float16 is widened. */
function chooseDType({ entry }: LocatedTensor, backend: Backend): "float32" | "bfloat16" {
  return entry.dtype === "BF16" && backend.capabilities.dtypes.has("bfloat16") ? "bfloat16" : "float32";
}

/** An index may name what no shard holds any more, if nothing needs it: tables of old versions, the second copy of a tied head. */
function refuseAbsent(weights: WeightFiles, config: ModelConfig): void {
  for (const [name, error] of weights.absent) {
    if (!isBuffer(name) && !(config.tiedHead && name === HEAD)) throw error;
  }
}

type Tensors = ReadonlyMap<string, LocatedTensor>;

function locate(tensors: Tensors, spec: ParameterSpec, folder: string): LocatedTensor {
  const located = tensors.get(spec.name);
  if (!located) {
    const similar = [...tensors.values()].find(({ entry }) => entry.name.endsWith(`.${spec.name}`));
    const hint = similar ? `; they have ${similar.entry.name}, under a prefix that is not known here` : "";
    throw new ModelError("WEIGHTS_MISSING", `the weights have no tensor ${spec.name}${hint}`, {
      file: folder,
      key: spec.name,
    });
  }
  const { file, entry } = located;
  if (!shapesEqual(entry.shape, spec.fileShape)) {
    throw new ModelError(
      "WEIGHTS_SHAPE",
      `${spec.name} has shape ${formatShape(entry.shape)}, config.json says ${formatShape(spec.fileShape)}`,
      { file: file.path, key: spec.name },
    );
  }
  return located;
}

/** A tensor that we would leave out could change what the model computes: refuse it, but for known buffers. */
function refuseUnexpected(tensors: Tensors, located: Tensors, config: ModelConfig): void {
  for (const [name, { file, entry }] of tensors) {
    const isKnown = located.has(name) || isBuffer(name);
    if (isKnown || (config.tiedHead && name === HEAD)) continue;
    throw new ModelError(
      "WEIGHTS_UNEXPECTED",
      `${entry.name} has no place in the model that config.json describes`,
      { file: file.path, key: entry.name },
    );
  }
}

/**
 * Some files hold a tied head nevertheless. Where it differs from the embedding, transformers 5 does not tie; we ask
 * for a config that says so.
 */
async function checkTiedHead(tensors: Tensors): Promise<void> {
  const head = tensors.get(HEAD);
  const embedding = tensors.get(EMBEDDING);
  if (!head || !embedding) return;
  const [first, second] = [
    await head.file.read(head.entry.name),
    await embedding.file.read(embedding.entry.name),
  ];
  const bytes = (data: ArrayBufferView) => Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  if (!bytes(first).equals(bytes(second))) {
    throw new ModelError(
      "WEIGHTS_UNEXPECTED",
      `${HEAD} differs from ${EMBEDDING} though tie_word_embeddings is true; set it to false in config.json`,
      { file: head.file.path, key: HEAD },
    );
  }
}
