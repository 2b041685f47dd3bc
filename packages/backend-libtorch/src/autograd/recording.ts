/**
 * What TypeScript knows of a gradient: which values lead back to a parameter, and through which functions with a backward
 * pass of their own. The graph between those is libtorch's; a custom function cuts it, its value begins a new part.
 */

import type { Tensor } from "@soft-tokens/tensor";
import type { Handle } from "../engine/handle.ts";
import type { Slot } from "../native/addon.ts";

/** Where a tracked value stands: the recording, and the custom functions that its part of the graph begins at. */
export interface Track {
  readonly recording: Recording;
  readonly customs: ReadonlySet<CustomFunction>;
}

/** A call of `customGradient` or `checkpoint` whose inputs lead to a parameter. Slots and saved handles are its own. */
export interface CustomFunction {
  /** The value, as the leaf at which a later part of the graph begins. */
  readonly value: { readonly slot: Slot; readonly handle: Handle };
  /** Where an input leads to a parameter: its tensor and where it stands. */
  readonly inputs: readonly ({ readonly slot: Slot; readonly track: Track } | null)[];
  readonly saved: readonly Handle[];
  readonly backward: (upstream: Handle, saved: readonly Handle[]) => readonly (Tensor | null)[];
}

/** One run of `valueAndGrad`, or of a checkpoint's function in the backward pass. */
export class Recording {
  /** In the order of the calls. */
  readonly customs: CustomFunction[] = [];
  readonly #none: Track = { recording: this, customs: new Set() };

  /** Of a parameter. */
  leaf(): Track {
    return this.#none;
  }

  through(custom: CustomFunction): Track {
    return { recording: this, customs: new Set([custom]) };
  }

  /** Of a value that was computed from these; null where none of them is tracked here. */
  join(inputs: readonly Handle[]): Track | null {
    let joined: Track | null = null;
    for (const { track } of inputs) {
      if (!track || track.recording !== this || track === joined) continue;
      joined = joined === null || joined.customs.size === 0 ? track : this.#union(joined, track);
    }
    return joined;
  }

  #union(a: Track, b: Track): Track {
    const customs = new Set(a.customs);
    for (const custom of b.customs) customs.add(custom);
    return customs.size === a.customs.size ? a : { recording: this, customs };
  }
}
