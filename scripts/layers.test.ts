/**
 * The rooms and their doors (docs/architecture.md): what each package may import, read from its package.json, and what it
 * does import, read from its sources. Nothing else, and nothing sideways.
 */

import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));

/** May import. Tests and scripts of a package may use what `devDependencies` names as well. */
const DOORS: Record<string, readonly string[]> = {
  "packages/tensor": [],
  "packages/graders": [],
  "packages/model": ["tensor"],
  "packages/backend-tfjs": ["tensor"],
  "packages/backend-libtorch": ["tensor"],
  "packages/sampler": ["model", "tensor"],
  "packages/trainer": ["sampler", "model", "tensor"],
  "packages/evals": ["graders"],
  "apps/common": ["backend-libtorch", "backend-tfjs", "evals", "graders", "model", "sampler", "tensor"],
  "apps/train": [
    "app-common",
    "backend-libtorch",
    "backend-tfjs",
    "evals",
    "graders",
    "model",
    "sampler",
    "tensor",
    "trainer",
  ],
  "apps/bench": [
    "app-common",
    "backend-libtorch",
    "backend-tfjs",
    "evals",
    "graders",
    "model",
    "sampler",
    "tensor",
    "trainer",
  ],
};

/** Not part of what is published: may use what `devDependencies` names, such as a backend to run on. */
const isTestOrScript = (file: string) =>
  /\.test\.ts$|\/(scripts|fixtures-scripts|fixtures|test-support)\//.test(file);

describe("layers", () => {
  const rooms = ["packages", "apps"].flatMap((folder) =>
    readdirSync(join(root, folder)).map((name) => `${folder}/${name}`),
  );

  test("every room is in the picture and every room of the picture exists", () => {
    expect(rooms.sort()).toEqual(Object.keys(DOORS).sort());
  });

  test.each(rooms)("%s depends only on the rooms below it", (room) => {
    const manifest = JSON.parse(readFileSync(join(root, room, "package.json"), "utf8"));
    const ours = ownNames(
      Object.keys({
        ...manifest.dependencies,
        ...manifest.peerDependencies,
        ...manifest.optionalDependencies,
      }),
    );
    expect(ours.filter((name) => !DOORS[room]?.includes(name))).toEqual([]);
  });

  test.each(rooms)("%s imports only what it declares, by package name", (room) => {
    const manifest = JSON.parse(readFileSync(join(root, room, "package.json"), "utf8"));
    const forTests = [
      ...(DOORS[room] ?? []),
      ...ownNames(Object.keys(manifest.devDependencies ?? {})),
      manifest.name.split("/")[1],
    ];
    for (const file of sources(join(root, room))) {
      const text = readFileSync(file, "utf8");
      const imported = [...text.matchAll(/(?:from|import)\s*\(?\s*"([^"]+)"/g)].map(
        (match) => match[1] as string,
      );
      const allowed = isTestOrScript(file) ? forTests : (DOORS[room] ?? []);
      const wrong = ownNames(imported).filter((name) => !allowed.includes(name));
      expect(wrong, `${file} imports ${wrong.join(", ")}`).toEqual([]);
      const leaving = imported.filter(
        (path) => path.startsWith(".") && !join(file, "..", path).startsWith(join(root, room)),
      );
      expect(leaving, `${file} reaches into another room`).toEqual([]);
    }
  });
});

function ownNames(names: readonly string[]): string[] {
  return names.filter((name) => name.startsWith("@soft-tokens/")).map((name) => name.split("/")[1] as string);
}

function sources(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    if (name === "node_modules" || name === "dist") return [];
    const path = join(folder, name);
    if (statSync(path).isDirectory()) return sources(path);
    return name.endsWith(".ts") ? [path] : [];
  });
}
