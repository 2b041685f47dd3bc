/**
 * Keys and values of the prompts whose rows are being decoded, one entry per prompt however many rows it has. Prompts
 * are padded behind: no row sees the padding, so a prompt's entry does not depend on its neighbours.
 *
 * Axes: P prompts, S tokens of the longest prompt, K kv heads, H head size, D hidden.
 */

import type { Backend, Tensor } from "@soft-tokens/tensor";
import { prefixMask } from "./masks.ts";
import { rearrange } from "./rearrange.ts";

export interface LayerPrompts {
  key_PKSH: Tensor;
  value_PKSH: Tensor;
}

export interface PromptTableParts {
  readonly layers: readonly LayerPrompts[];
  readonly lengths: readonly number[];
  /** Hidden state of each prompt's last token after the final norm. */
  readonly lastHidden_PD: Tensor;
}

export class PromptTable implements Disposable {
  readonly layers: readonly LayerPrompts[];
  #lengths: readonly number[];
  #lastHidden_PD: Tensor;
  #mask_PS: Tensor | null;

  /** Takes ownership of the tensors. */
  constructor(
    private readonly ops: Backend,
    parts: PromptTableParts,
  ) {
    this.layers = parts.layers.map((layer) => ({ ...layer }));
    this.#lengths = parts.lengths;
    this.#lastHidden_PD = parts.lastHidden_PD;
    this.#mask_PS = prefixMask(ops, parts.lengths, this.#S);
  }

  /** Tokens of each prompt. */
  get lengths(): readonly number[] {
    return this.#lengths;
  }

  /** Hides the padding; null where there is none. */
  get mask_PS(): Tensor | null {
    return this.#mask_PS;
  }

  /** Hidden states of the last tokens of these prompts, [prompts.length, D]. The caller owns them. */
  hiddenOf(prompts: readonly number[]): Tensor {
    const { ops } = this;
    using ids = ops.tensor(Int32Array.from(prompts), [prompts.length], "int32");
    return ops.takeRows(this.#lastHidden_PD, ids);
  }

  /** Entry i becomes `sources[i]`: a present entry, or from P on one of `fresh`, which stays the caller's. */
  exchange(sources: readonly number[], fresh: PromptTable | null): void {
    const { ops } = this;
    if (!fresh && sources.length === this.#lengths.length && sources.every((source, i) => source === i))
      return;
    const all = [...this.#lengths, ...(fresh?.lengths ?? [])];
    const lengths = sources.map((source) => all[source] as number);
    const longest = Math.max(...lengths);
    // A table of the same size keeps its room, so that a prompt can take a place of the one before it.
    const S = sources.length === this.#lengths.length ? Math.max(longest, this.#S) : longest;
    const exchanged = (old: Tensor, incoming: Tensor | undefined): Tensor => {
      const roomy = toLength(ops, old, S);
      if (roomy !== old) old.dispose();
      const padded = incoming && toLength(ops, incoming, S);
      const result = rearrange(ops, roomy, padded ?? null, sources);
      if (padded !== incoming) padded?.dispose();
      return result;
    };
    this.layers.forEach((layer, index) => {
      const incoming = fresh?.layers[index];
      layer.key_PKSH = exchanged(layer.key_PKSH, incoming?.key_PKSH);
      layer.value_PKSH = exchanged(layer.value_PKSH, incoming?.value_PKSH);
    });
    this.#lastHidden_PD = rearrange(ops, this.#lastHidden_PD, fresh ? fresh.#lastHidden_PD : null, sources);
    this.#lengths = lengths;
    this.#mask_PS?.dispose();
    this.#mask_PS = prefixMask(ops, lengths, S);
  }

  [Symbol.dispose](): void {
    for (const { key_PKSH, value_PKSH } of this.layers) {
      key_PKSH.dispose();
      value_PKSH.dispose();
    }
    this.#lastHidden_PD.dispose();
    this.#mask_PS?.dispose();
  }

  get #S(): number {
    return this.layers[0]?.key_PKSH.shape[2] as number;
  }
}

/** [P, K, *, H] with S tokens: cut, or padded behind. The same handle where nothing is to be done. */
function toLength(ops: Backend, x_PKSH: Tensor, S: number): Tensor {
  const [P = 0, K = 0, length = 0, H = 0] = x_PKSH.shape;
  if (length === S) return x_PKSH;
  if (length > S) return ops.slice(x_PKSH, [0, 0, 0, 0], [P, K, S, H]);
  return ops.tidy(() => ops.concat([x_PKSH, ops.zeros([P, K, S - length, H], x_PKSH.dtype)], 2));
}
