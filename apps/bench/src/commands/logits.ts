/** `logits`: last-position logits of a model for given ids as JSON, for comparison with any other program. */

import { modelOptions, openModel, UsageError } from "@soft-tokens/app-common";
import { EvaluationError } from "@soft-tokens/evals";
import { TensorScope } from "@soft-tokens/tensor";
import { z } from "zod";

export const LogitsOptions = z.strictObject({
  ...modelOptions,
  dtype: z.enum(["auto", "float32", "bfloat16"]).default("float32").describe("Weights in memory"),
  ids: z.string().min(1).describe("Token ids, comma-separated: 1,2,3"),
  top: z.int().positive().default(20).describe("How many of the largest logits to print"),
});
export type LogitsOptions = z.infer<typeof LogitsOptions>;

/** Prints {"top": [{"id", "logit"}, ...], "logSumExp"}; natural logarithm. */
export async function logits(options: LogitsOptions, { signal }: { signal: AbortSignal }): Promise<void> {
  const ids = parseIds(options.ids);
  using opened = await openModel(options, { rows: 1, tokensPerRow: ids.length }, signal);
  const { backend, model } = opened;
  const outside = ids.find((id) => id >= model.config.vocabularySize);
  if (outside !== undefined) {
    throw new UsageError(
      `--ids: ${outside} is outside the vocabulary of ${model.config.vocabularySize} tokens`,
    );
  }
  using scope = new TensorScope();
  const result = backend.tidy(() => {
    const ids_1T = backend.tensor(Int32Array.from(ids), [1, ids.length], "int32");
    const hidden_1TD = model.forward(model.embed(ids_1T));
    const last_1D = backend.reshape(backend.slice(hidden_1TD, [0, ids.length - 1, 0], [1, 1, -1]), [1, -1]);
    const weight32_VD = backend.cast(model.head.weight_VD, "float32");
    const logits_1V = backend.matmul(backend.cast(last_1D, "float32"), weight32_VD, { transposeB: true });
    const { values, indices } = backend.topK(logits_1V, Math.min(options.top, model.config.vocabularySize));
    return { values, indices, logSumExp: backend.logSumExp(logits_1V), least: backend.min(logits_1V) };
  });
  const [values, indices, logSumExp, least] = await Promise.all(
    [result.values, result.indices, result.logSumExp, result.least].map((tensor) =>
      backend.read(scope.track(tensor)),
    ),
  );
  assertFinite([...(values ?? []), ...(logSumExp ?? []), ...(least ?? [])], ids.length);
  const top = Array.from(indices as Int32Array, (id, rank) => ({ id, logit: values?.[rank] as number }));
  process.stdout.write(`${JSON.stringify({ top, logSumExp: logSumExp?.[0] })}\n`);
}

/** The largest, the smallest and the sum of all tell of every one: NaN and infinity reach one of them. */
function assertFinite(numbers: readonly number[], tokens: number): void {
  const wrong = numbers.find((number) => !Number.isFinite(number));
  if (wrong === undefined) return;
  throw new EvaluationError(
    "LOGITS_NOT_FINITE",
    `logits: after ${tokens} tokens they hold ${wrong}; the model's weights are broken, or so large that its numbers leave float32`,
  );
}

function parseIds(text: string): number[] {
  const ids = text.split(",").map((part) => part.trim());
  const wrong = ids.find((part) => !/^\d+$/.test(part));
  if (wrong !== undefined) {
    throw new UsageError(
      `--ids: ${JSON.stringify(wrong)} is not a token id; wanted whole numbers with commas, such as 1,2,3`,
    );
  }
  return ids.map(Number);
}
