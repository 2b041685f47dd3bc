import type { Backend, Tensor } from "@soft-tokens/tensor";
import type { PromptIds } from "../contract.ts";

/** Hidden state of each prompt's last token: right-padded [P, S, D] -> [P, D]. Differentiable. The caller owns the result. */
export function lastOfPrompts(ops: Backend, prompt_PSD: Tensor, promptIds: PromptIds): Tensor {
  const [P = 0, S = 0, D = 0] = prompt_PSD.shape;
  const last = promptIds.map((ids, prompt) => prompt * S + ids.length - 1);
  return ops.tidy(() =>
    ops.takeRows(ops.reshape(prompt_PSD, [P * S, D]), ops.tensor(Int32Array.from(last), [P], "int32")),
  );
}
