/** Documents point at what exists: files, decisions, and the commands a reader is told to type. */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const documents = ["", "docs", "docs/decisions", "docs/benchmarks", ...rooms()]
  .filter((folder) => existsSync(join(root, folder)))
  .flatMap((folder) => readdirSync(join(root, folder)).map((name) => join(folder, name)))
  .filter((path) => path.endsWith(".md"));
const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

describe("documents", () => {
  test.each(rooms())("%s has a README", (room) => {
    expect(existsSync(join(root, room, "README.md"))).toBe(true);
  });

  test.each(documents)("%s links to files that exist", (path) => {
    const links = [...read(path).matchAll(/\]\(([^)#\s]+)/g)].map((match) => match[1] as string);
    const broken = links.filter(
      (link) => !/^[a-z]+:/.test(link) && !existsSync(join(root, dirname(path), link)),
    );
    expect(broken).toEqual([]);
  });

  test.each(documents)("%s names scripts of the root that exist", (path) => {
    const named = [...read(path).matchAll(/\bnpm run (?:--silent )?([\w:-]+)/g)].map(
      (match) => match[1] as string,
    );
    const own = join(root, dirname(path), "package.json");
    const known = { ...scripts, ...(existsSync(own) && JSON.parse(readFileSync(own, "utf8")).scripts) };
    expect(named.filter((name) => !(name in known))).toEqual([]);
  });

  test("every decision is in the index", () => {
    const index = read("docs/decisions/README.md");
    const decisions = documents.filter((path) => /decisions.\d{4}-/.test(path));
    expect(decisions.length).toBeGreaterThan(5);
    const missing = decisions.filter((path) => !index.includes(`](${relative("docs/decisions", path)})`));
    expect(missing).toEqual([]);
  });
});

function rooms(): string[] {
  return ["packages", "apps"].flatMap((folder) =>
    readdirSync(join(root, folder)).map((name) => `${folder}/${name}`),
  );
}

function read(path: string): string {
  return readFileSync(join(root, path), "utf8");
}
