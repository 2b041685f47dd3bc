/**
 * Reverse-mode differentiation: a list of recorded operations, walked backwards once.
 *
 * TensorFlow.js's own tape is not used: it keeps every gradient and saved tensor until the end of the backward pass,
 * cannot nest (a checkpoint is a tape inside a backward pass) and misses gradients of kernels that we use; see
 * docs/decisions/0201. Invariants: saved values are references of the tape's own, so what the caller disposes does not
 * matter; each is released as soon as its operation has been differentiated.
 */

import type { Tensor } from "@soft-tokens/tensor";
import type { Handle } from "../engine/handle.ts";

/** The place of a value on a tape. */
export interface Track {
  readonly tape: Tape;
}

export interface RecordedOperation {
  readonly output: Handle;
  /** `null` where no gradient is wanted. */
  readonly inputs: readonly (Track | null)[];
  /** Owned by the tape. */
  readonly saved: readonly Handle[];
  readonly backward: (upstream: Handle, saved: readonly Handle[]) => readonly (Tensor | null)[];
}

interface Node {
  readonly track: Track;
  readonly inputs: readonly (Track | null)[];
  readonly saved: readonly Handle[];
  readonly backward: RecordedOperation["backward"];
}

/** What the backward pass needs from the runtime. */
export interface GradientArithmetic {
  /** Runs `work` unrecorded, disposes what it makes and keeps a reference of its own to each result. */
  collect(work: () => readonly (Tensor | null)[]): (Handle | null)[];
  /** The sum, owned by the tape; consumes both. */
  accumulate(a: Handle, b: Handle): Handle;
}

export class Tape {
  #nodes: Node[] = [];

  /** A place for a value that gradients are wanted for. */
  leaf(): Track {
    return { tape: this };
  }

  record(operation: RecordedOperation): void {
    const track: Track = { tape: this };
    operation.output.track = track;
    this.#nodes.push({
      track,
      inputs: operation.inputs,
      saved: operation.saved,
      backward: operation.backward,
    });
  }

  /**
   * Gradients of `output` by `leaves`, given its own gradient, which is consumed. The caller owns the results; `null`
   * where the output does not depend on the leaf, or the leaf came before. The tape is empty afterwards.
   */
  differentiate(
    output: Track | null,
    upstream: Handle,
    leaves: readonly Track[],
    arithmetic: GradientArithmetic,
  ): (Handle | null)[] {
    const gradients = new Map<Track, Handle>();
    if (output) gradients.set(output, upstream);
    else upstream.dispose();
    try {
      for (let node = this.#nodes.pop(); node; node = this.#nodes.pop()) {
        const gradient = gradients.get(node.track);
        try {
          if (gradient) propagate(node, gradient, gradients, arithmetic);
        } finally {
          for (const saved of node.saved) saved.dispose();
        }
      }
      return leaves.map((leaf) => {
        const gradient = gradients.get(leaf) ?? null;
        gradients.delete(leaf);
        return gradient;
      });
    } finally {
      for (const gradient of gradients.values()) gradient.dispose();
      this.clear();
    }
  }

  /** Releases everything that is recorded. */
  clear(): void {
    for (const node of this.#nodes) for (const saved of node.saved) saved.dispose();
    this.#nodes = [];
  }
}

function propagate(
  node: Node,
  gradient: Handle,
  gradients: Map<Track, Handle>,
  arithmetic: GradientArithmetic,
): void {
  const parts = arithmetic.collect(() => node.backward(gradient, node.saved));
  gradients.delete(node.track);
  gradient.dispose();
  node.inputs.forEach((input, at) => {
    const part = parts[at] ?? null;
    if (!part) return;
    if (!input) {
      part.dispose();
      return;
    }
    const sum = gradients.get(input);
    gradients.set(input, sum ? arithmetic.accumulate(sum, part) : part);
  });
}
