/**
 * `loadAddon`: the native part, or an error that says what is wrong and which command mends it. Found, looked at, tried in a
 * child process, and only then loaded into this one.
 */

import { createRequire } from "node:module";
import { TensorError } from "@soft-tokens/tensor";
import { type AddonSearch, type LocatedAddon, type LocateOptions, locateAddon } from "./locate-addon.ts";
import { type AddonDescription, type ProbeOptions, type ProbeOutcome, probeAddon } from "./probe-addon.ts";

export type LoadOptions = LocateOptions & ProbeOptions;

const BUILD = "npm run build:native";
const REBUILD = `build it again: ${BUILD} -- --force`;

/**
 * The module that the addon exports.
 * @throws TensorError NOT_BUILT when there is no addon, NATIVE_ABI when there is one for something else, BACKEND_UNAVAILABLE
 * when the libtorch that it needs is not there
 */
export async function loadAddon(options: LoadOptions = {}): Promise<unknown> {
  const { addon } = await checkAddon(options);
  calmOpenMp(process.env);
  return createRequire(import.meta.url)(addon.path);
}

/**
 * Threads of GNU's OpenMP wait for each other in a busy loop of up to seconds. With one more busy process on the cores each
 * then burns the time that another one needs, and a step takes ten to a hundred times as long; sleeping soon costs an idle
 * machine nothing measurable. Read once, when the library is loaded; whoever has set either variable is left alone.
 */
export function calmOpenMp(environment: NodeJS.ProcessEnv): void {
  if (environment.GOMP_SPINCOUNT === undefined && environment.OMP_WAIT_POLICY === undefined) {
    environment.GOMP_SPINCOUNT = SPIN_COUNT;
  }
}

/** Twenty to fifty microseconds, as a processor's pause is long: the distance of two operations of a decode step. */
const SPIN_COUNT = "1000";

/** Everything that `loadAddon` does but the loading. */
export async function checkAddon(
  options: LoadOptions = {},
): Promise<{ addon: LocatedAddon; description: AddonDescription }> {
  const search = await locateAddon(options);
  if (!search.found) throw notFound(search);
  const addon = search.found;
  const mismatch = versionMismatch(addon);
  if (mismatch) throw mismatch;
  const outcome = await probeAddon(addon, options);
  if (outcome.status !== "works") throw probeError(addon, outcome);
  return { addon, description: outcome.description };
}

function notFound({ tried, withoutLibtorch }: AddonSearch): TensorError {
  if (withoutLibtorch) return new TensorError("BACKEND_UNAVAILABLE", `backend-libtorch: ${withoutLibtorch}`);
  const places = tried.map(({ place, reason }) => `${place}: ${reason}`).join("; ");
  return new TensorError(
    "NOT_BUILT",
    `backend-libtorch: the native part is not built. Build it with ${BUILD} (where there is no libtorch, npm run setup:native ` +
      `first), or use @soft-tokens/backend-tfjs, which needs nothing but npm. Tried ${places}`,
  );
}

/** The libtorch of the build is gone, or another version has taken its place. */
function versionMismatch({ path, info, libtorchLib, libtorchVersion }: LocatedAddon): TensorError | null {
  if (!info || libtorchLib === null) return null;
  if (libtorchVersion === null)
    return new TensorError(
      "BACKEND_UNAVAILABLE",
      `backend-libtorch: ${path} was built with libtorch ${info.libtorch} in ${libtorchLib}, and there is no usable libtorch any ` +
        `more. Put it back, or build for another one: ${BUILD}`,
    );
  const [built, now] = [minor(info.libtorch), minor(libtorchVersion)];
  // A shipped addon is built for the oldest libtorch that is supported, and the probe decides about newer ones.
  if (built === now || (info.libtorchLib === null && now > built)) return null;
  return new TensorError(
    "NATIVE_ABI",
    `backend-libtorch: ${path} was built for libtorch ${info.libtorch}, but ${libtorchLib} holds ${libtorchVersion} now; ${REBUILD}`,
  );
}

/** "2.11.0+cu130" -> 2011 */
function minor(version: string): number {
  const [major = 0, second = 0] = version.split(".").map((part) => Number.parseInt(part, 10));
  return major * 1000 + second;
}

/** What dlopen says, in words that name the remedy. Exported for its tests. */
export function probeError(
  addon: LocatedAddon,
  outcome: Exclude<ProbeOutcome, { status: "works" }>,
): TensorError {
  const at = `backend-libtorch: ${addon.path}`;
  if (outcome.status === "timed out")
    return new TensorError(
      "BACKEND_UNAVAILABLE",
      `${at} did not answer within ${outcome.afterMs / 1000} s when it was tried in a process of its own`,
    );
  if (outcome.status === "crashed") {
    const why =
      outcome.signal === "SIGILL" || outcome.signal === "SIGBUS"
        ? "it uses instructions that this processor lacks, or is damaged"
        : "it was built for another libtorch, or is damaged";
    return new TensorError(
      "NATIVE_ABI",
      `${at} ends the process that loads it (${outcome.signal}): ${why}; ${REBUILD}`,
    );
  }
  const message = outcome.message.replaceAll(`${addon.path}: `, ""); // it is named already
  const missing =
    /(lib[\w.+-]+): cannot open shared object file/.exec(message)?.[1] ??
    /Library not loaded: (\S+)/.exec(message)?.[1];
  if (missing)
    return new TensorError(
      "BACKEND_UNAVAILABLE",
      `${at} needs ${missing}, which was not found${addon.libtorchLib ? ` (libtorch: ${addon.libtorchLib})` : ""}; install what is ` +
        `missing, or ${REBUILD}`,
    );
  const system = /version [`'](GLIBC\w*_[\d.]+|CXXABI_[\d.]+)' not found/.exec(message)?.[1];
  if (system)
    return new TensorError(
      "NATIVE_ABI",
      `${at} was built on a newer system (it wants ${system}); ${REBUILD}`,
    );
  if (/undefined symbol|Symbol not found/i.test(message))
    return new TensorError(
      "NATIVE_ABI",
      `${at} does not fit the libtorch or Node that is here (${message}); ${REBUILD}`,
    );
  if (/self-register|different Node\.js version|Module version mismatch|NODE_MODULE_VERSION/.test(message))
    return new TensorError(
      "NATIVE_ABI",
      `${at} was built for another Node than ${process.version}; ${REBUILD}`,
    );
  if (
    /invalid ELF|file too short|wrong ELF class|not a mach-o|slice is not valid|incompatible architecture/i.test(
      message,
    )
  )
    return new TensorError(
      "NATIVE_ABI",
      `${at} is no addon for ${process.platform} on ${process.arch}; ${REBUILD}`,
    );
  return new TensorError("NATIVE_ABI", `${at} cannot be loaded: ${message}; ${REBUILD}`);
}
