/**
 * Saves every fixture model in three forms (float32, bfloat16, sharded) with slightly changed weights, and our logits
 * beside them, for fixtures-scripts/check_saved_model.py to compare with transformers.
 *
 *   node --conditions=@soft-tokens/source --import tsx packages/model/scripts/save-for-check.ts OUT_FOLDER
 *   python packages/model/fixtures-scripts/check_saved_model.py OUT_FOLDER
 */

import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { createTfjsBackend } from "@soft-tokens/backend-tfjs";
import { embedIds, FIXTURE_NAMES, fixtureFolder, logitsOf } from "../src/fixtures/open-fixture.ts";
import {
  type LanguageModel,
  loadModel,
  type SaveModelOptions,
  saveModel,
  writeSafetensors,
} from "../src/index.ts";

const TEXT = "The bone is on the table: 12 ½ é";
const FORMS: Record<string, SaveModelOptions> = {
  float32: { dtype: "float32" },
  bfloat16: { dtype: "bfloat16" },
  sharded: { dtype: "float32", maxShardBytes: 12_000 },
};

const out = process.argv[2];
if (!out) throw new Error("usage: save-for-check.ts OUT_FOLDER");
const backend = await createTfjsBackend({ variant: "cpu" });
for (const name of FIXTURE_NAMES) {
  using model = await loadModel(fixtureFolder(name), { backend, dtype: "float32" });
  for (const tensor of model.parameters.values()) {
    using changed = backend.affine(tensor, { scale: 1.01, shift: 0.003 });
    backend.assign(tensor, changed);
  }
  for (const [form, options] of Object.entries(FORMS))
    await saveWithLogits(model, join(out, `${name}-${form}`), options);
}
process.stdout.write(`saved ${FIXTURE_NAMES.length * Object.keys(FORMS).length} models in ${out}\n`);

/** FOLDER/model and FOLDER/logits.safetensors. The logits are those of the model as it is loaded again. */
async function saveWithLogits(
  model: LanguageModel,
  folder: string,
  options: SaveModelOptions,
): Promise<void> {
  await mkdir(folder, { recursive: true });
  await saveModel(model, join(folder, "model"), options);
  using saved = await loadModel(join(folder, "model"), { backend, dtype: "float32" });
  const ids = saved.tokenizer.encode(TEXT);
  using logits = backend.tidy(() => logitsOf(saved, saved.forward(embedIds(saved, ids, [1, ids.length]))));
  await writeSafetensors(
    join(folder, "logits.safetensors"),
    [
      { name: "ids", dtype: "I64", shape: [ids.length], data: BigInt64Array.from(ids.map(BigInt)) },
      {
        name: "logits",
        dtype: "F32",
        shape: logits.shape,
        data: (await backend.read(logits)) as Float32Array,
      },
    ],
    { text: TEXT },
  );
}
