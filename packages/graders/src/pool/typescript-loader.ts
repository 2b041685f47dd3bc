/**
 * What reads TypeScript where graders run: a grader's own file, and this package when it runs from source. tsx is taken from this
 * package or from the grader's folder, never from the current one: a program that is started in a folder must not run its code.
 * For the same reason tsx is told which tsconfig.json it is to read, since it would take the current folder's.
 */
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { GraderPoolError } from "./errors.ts";

export const isSource = import.meta.url.endsWith(".ts");

/** URLs of tsx's interfaces. A .ts file without a package.json, or with one that says nothing of modules, is CommonJS to Node. */
export interface TypescriptLoader {
  readonly modules: string;
  readonly commonJs: string;
  /** For `node --import`. */
  readonly program: string;
  /** Path of the settings it reads. */
  readonly tsconfig: string;
}

/**
 * What reads TypeScript for a grader: null where nothing has to, or where Node itself does.
 * @throws {GraderPoolError} GRADER_NEEDS_TYPESCRIPT
 */
export function typescriptLoader(grader: string | null): TypescriptLoader | null {
  const isTypeScript = grader !== null && /\.[cm]?tsx?$/.test(grader);
  if (!isSource && !isTypeScript) return null;
  const found = findTsx([import.meta.url, ...(grader ? [grader] : [])]);
  if (found) return { ...found, tsconfig: tsconfigOf(grader) };
  const { typescript } = process.features as { typescript?: string | false };
  if (!isSource && typescript) return null;
  throw new GraderPoolError(
    "GRADER_NEEDS_TYPESCRIPT",
    `grader ${grader && fileURLToPath(grader)}: Node ${process.versions.node} does not read TypeScript; install tsx next to it (npm install tsx), use Node 22.18 or later, or give a .js file`,
  );
}

/** `require.resolve` knows only one of an interface's two forms, so the manifest is asked. */
function findTsx(places: readonly string[]): Omit<TypescriptLoader, "tsconfig"> | null {
  for (const place of places) {
    try {
      const manifest = createRequire(place).resolve("tsx/package.json");
      const { exports } = JSON.parse(readFileSync(manifest, "utf8")) as TsxManifest;
      const urlOf = (path: string) => new URL(path, pathToFileURL(manifest)).href;
      return {
        modules: urlOf(exports["./esm/api"].import.default),
        commonJs: urlOf(exports["./cjs/api"].import.default),
        program: urlOf(exports["."]),
      };
    } catch {
      // Not installed there, or not as we know it.
    }
  }
  return null;
}

interface TsxManifest {
  readonly exports: Readonly<
    Record<"./esm/api" | "./cjs/api", { readonly import: { readonly default: string } }>
  > & { readonly ".": string };
}

/**
 * The grader's own tsconfig.json: in its folder or above it, up to the folder of its package. An empty one where it has none.
 * Without a package only its own folder counts: /tmp belongs to everyone.
 */
function tsconfigOf(grader: string | null): string {
  const folders = grader === null ? [] : foldersOfPackage(dirname(fileURLToPath(grader)));
  const own = folders.map((folder) => join(folder, "tsconfig.json")).find((path) => existsSync(path));
  return (
    own ??
    fileURLToPath(new URL(isSource ? "./no-tsconfig.json" : "../src/pool/no-tsconfig.json", import.meta.url))
  );
}

/** From a folder to the one with its package.json. */
function foldersOfPackage(folder: string): string[] {
  const folders: string[] = [];
  for (let at = folder; ; at = dirname(at)) {
    folders.push(at);
    if (existsSync(join(at, "package.json"))) return folders;
    if (dirname(at) === at) return [folder];
  }
}
