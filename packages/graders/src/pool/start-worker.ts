/**
 * Starts a worker thread, from the built package or from source, with a grader in JavaScript or TypeScript.
 *
 * TypeScript needs a loader. Node 20 ignores `--import` for the first file of a worker thread, so where TypeScript has to be read
 * the thread begins with a line of JavaScript that registers tsx and then imports the worker.
 */
import { existsSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { MessageChannel, type MessagePort, Worker } from "node:worker_threads";
import type { WorkerSettings } from "./contract.ts";
import { GraderPoolError } from "./errors.ts";
import { createProgressMemory } from "./progress.ts";
import { isSource, type TypescriptLoader } from "./typescript-loader.ts";

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

/** tsx's two interfaces take the path of their settings in two ways. Nothing of it is left for programs that a grader starts. */
function withLoader({ modules, commonJs, tsconfig }: TypescriptLoader): string {
  const [worker, path] = [JSON.stringify(workerFile.href), JSON.stringify(tsconfig)];
  return `Promise.all([import(${JSON.stringify(modules)}), import(${JSON.stringify(commonJs)})]).then(([modules, commonJs]) => {
    process.env.TSX_TSCONFIG_PATH = ${path};
    modules.register({ tsconfig: ${path} });
    commonJs.register();
    delete process.env.TSX_TSCONFIG_PATH;
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
