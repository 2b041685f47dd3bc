/**
 * Starts a worker thread, from the built package or from source, with a grader in JavaScript or TypeScript.
 *
 * TypeScript needs a loader. Node 20 ignores `--import` for the first file of a worker thread, so where TypeScript has to be read
 * the thread begins with a line of JavaScript that registers tsx and then imports the worker.
 */
import { existsSync, readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { MessageChannel, type MessagePort, Worker } from "node:worker_threads";
import type { WorkerSettings } from "./contract.ts";
import { GraderPoolError } from "./errors.ts";
import { createProgressMemory } from "./progress.ts";

export interface StartedWorker {
  readonly worker: Worker;
  readonly port: MessagePort;
  readonly progress: SharedArrayBuffer;
}

export interface StartOptions extends Omit<WorkerSettings, "port" | "progress"> {
  /** Megabytes of JavaScript heap above which a worker is ended. */
  readonly memoryMb: number;
  /** What reads TypeScript, or null where none has to be read. */
  readonly typescript: TypescriptLoader | null;
}

const isSource = import.meta.url.endsWith(".ts");
const workerFile = new URL(isSource ? "./worker.ts" : "./worker.js", import.meta.url);

export function startWorker({ memoryMb, typescript, ...settings }: StartOptions): StartedWorker {
  const { port1: port, port2 } = new MessageChannel();
  const progress = createProgressMemory();
  const workerData: WorkerSettings = { ...settings, port: port2, progress };
  const options = {
    workerData,
    transferList: [port2],
    resourceLimits: { maxOldGenerationSizeMb: memoryMb },
  };
  const worker = typescript
    ? new Worker(withLoader(typescript), { ...options, eval: true })
    : new Worker(workerFile, options);
  return { worker, port, progress };
}

/** URLs of tsx's interfaces. A .ts file beside no package.json, or one that says nothing of modules, is CommonJS to Node. */
export interface TypescriptLoader {
  readonly modules: string;
  readonly commonJs: string;
}

function withLoader({ modules, commonJs }: TypescriptLoader): string {
  const loaders = [modules, commonJs].map((url) => `import(${JSON.stringify(url)})`).join(", ");
  const worker = JSON.stringify(workerFile.href);
  return `Promise.all([${loaders}]).then((loaders) => {
    for (const { register } of loaders) register();
    return import(${worker});
  });`;
}

/**
 * The URL of a grader's file, by path (from the current folder) or file: URL.
 * @throws {GraderPoolError} GRADER_NOT_FOUND
 */
export function graderUrl(grader: string | URL): string {
  const text = String(grader);
  const path = text.startsWith("file:") ? fileURLToPath(text) : resolve(text);
  if (!existsSync(path)) throw new GraderPoolError("GRADER_NOT_FOUND", `grader ${path}: no such file`);
  if (!statSync(path).isFile()) {
    throw new GraderPoolError("GRADER_NOT_FOUND", `grader ${path}: not a file; wanted a .js or .ts file`);
  }
  return pathToFileURL(path).href;
}

/**
 * What reads TypeScript in a worker: null where nothing has to, or where Node itself does.
 * @throws {GraderPoolError} GRADER_NEEDS_TYPESCRIPT
 */
export function typescriptLoader(grader: string | null): TypescriptLoader | null {
  const isTypeScript = grader !== null && /\.[cm]?tsx?$/.test(grader);
  if (!isSource && !isTypeScript) return null;
  const found = findTsx([
    import.meta.url,
    ...(grader ? [grader] : []),
    pathToFileURL(resolve("here.js")).href,
  ]);
  if (found) return found;
  const { typescript } = process.features as { typescript?: string | false };
  if (!isSource && typescript) return null;
  throw new GraderPoolError(
    "GRADER_NEEDS_TYPESCRIPT",
    `grader ${grader && fileURLToPath(grader)}: Node ${process.versions.node} does not read TypeScript; install tsx beside it (npm install tsx), use Node 22.18 or later, or give a .js file`,
  );
}

/** `require.resolve` knows only one of an interface's two forms, so the manifest is asked. */
function findTsx(places: readonly string[]): TypescriptLoader | null {
  for (const place of places) {
    try {
      const manifest = createRequire(place).resolve("tsx/package.json");
      const { exports } = JSON.parse(readFileSync(manifest, "utf8")) as TsxManifest;
      const urlOf = (name: keyof typeof exports) =>
        new URL(exports[name].import.default, pathToFileURL(manifest)).href;
      return { modules: urlOf("./esm/api"), commonJs: urlOf("./cjs/api") };
    } catch {
      // Not installed there, or not as we know it.
    }
  }
  return null;
}

interface TsxManifest {
  readonly exports: Readonly<
    Record<"./esm/api" | "./cjs/api", { readonly import: { readonly default: string } }>
  >;
}
