/** Merges recipe or config file and command line, validates, and says what to write instead. */

import { existsSync, readFileSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import type { z } from "zod";
import { UsageError } from "./errors.ts";
import { toFlag } from "./schema-options.ts";

/** The keys of a JSON file of options. A bare name means a file in `recipesFolder`. @throws UsageError */
export function readConfigFile(file: string, recipesFolder: string): Record<string, unknown> {
  const path = findConfig(file, recipesFolder);
  let parsed: unknown;
  try {
    parsed = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw new UsageError(`--config ${file}: not a readable JSON file (${(error as Error).message})`, {
      cause: error,
    });
  }
  if (parsed === null || typeof parsed !== "object" || Array.isArray(parsed)) {
    throw new UsageError(
      `--config ${file}: wanted a JSON object of options, such as {"thought": "soft", "learningRate": 6e-6}`,
    );
  }
  const { $comment: _comment, ...options } = parsed as Record<string, unknown>;
  return options;
}

function findConfig(file: string, recipesFolder: string): string {
  const candidates = [
    file,
    ...(isAbsolute(file) ? [] : [join(recipesFolder, file), join(recipesFolder, `${file}.json`)]),
  ];
  const found = candidates.find((candidate) => existsSync(candidate));
  if (!found) throw new UsageError(`--config ${file}: no such file; tried ${candidates.join(", ")}`);
  return found;
}

/** Command line over config file over defaults. @throws UsageError that names every wrong option and what is wanted */
export function parseOptions<Schema extends z.ZodObject>(
  schema: Schema,
  file: Record<string, unknown>,
  given: Record<string, unknown>,
): z.infer<Schema> {
  const result = schema.safeParse({ ...file, ...given });
  if (result.success) return result.data;
  const known = Object.keys(schema.shape);
  const lines = result.error.issues.map((issue) => {
    if (issue.code === "unrecognized_keys") {
      return issue.keys.map((key) => `  ${key}: no such option${suggest(key, known)}`).join("\n");
    }
    const key = String(issue.path[0] ?? "");
    const value = { ...file, ...given }[key];
    const got = value === undefined ? "missing" : `got ${JSON.stringify(value)}`;
    const help = (schema.shape[key] as z.ZodType | undefined)?.description;
    const wanted = issue.message.replace(/^Invalid (input|option): /, "").replace(/, received \w+$/, "");
    const says = value === undefined && wanted === "expected string" ? "" : `; ${wanted}`;
    return `  --${toFlag(key)}: ${got}${says}${help ? ` (${help})` : ""}`;
  });
  throw new UsageError(`these options cannot be used:\n${lines.join("\n")}`);
}

function suggest(key: string, known: readonly string[]): string {
  const best = known
    .map((name) => ({ name, distance: editDistance(key.toLowerCase(), name.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance)[0];
  return best && best.distance <= Math.max(2, key.length / 3) ? `; did you mean ${best.name}?` : "";
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min((row[j] as number) + 1, (next[j - 1] as number) + 1, substitution));
    }
    row = next;
  }
  return row[b.length] as number;
}
