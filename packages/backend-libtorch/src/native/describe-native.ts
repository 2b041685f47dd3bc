/** What there is of the native part on this machine, for the doctor: never throws, loads nothing into this process. */

import { TensorError } from "@soft-tokens/tensor";
import { type FoundLibtorch, findLibtorch, type TriedPlace } from "./find-libtorch.ts";
import { supportedRange } from "./libtorch-folder.ts";
import { checkAddon, type LoadOptions } from "./load-addon.ts";
import { type LocatedAddon, locateAddon } from "./locate-addon.ts";
import type { AddonDescription } from "./probe-addon.ts";

export interface NativeReport {
  /** The addon that would be loaded, whether it works or not. */
  readonly addon: LocatedAddon | null;
  /** What the addon said in a child process; null where it does not work. */
  readonly description: AddonDescription | null;
  /** Why it cannot be used. */
  readonly problem: { readonly code: string; readonly message: string } | null;
  /** The libtorch that a build would use now. */
  readonly libtorch: FoundLibtorch | null;
  /** Where a libtorch was looked for in vain. */
  readonly tried: readonly TriedPlace[];
  /** "2.10 to 2.11" */
  readonly supported: string;
}

export async function describeNative(options: LoadOptions = {}): Promise<NativeReport> {
  const { found: libtorch, tried } = await findLibtorch(options);
  const base = { libtorch, tried, supported: supportedRange() };
  try {
    const { addon, description } = await checkAddon(options);
    return { ...base, addon, description, problem: null };
  } catch (error) {
    const { found: addon } = await locateAddon(options).catch(() => ({ found: null }));
    const { message } = error as Error;
    const code = error instanceof TensorError ? error.code : "BACKEND_UNAVAILABLE";
    return { ...base, addon, description: null, problem: { code, message } };
  }
}
