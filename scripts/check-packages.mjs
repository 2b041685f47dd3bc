#!/usr/bin/env node
/**
 * Checks every publishable package as npm would ship it: builds must exist. `publint --strict`, `attw --profile esm-only`,
 * what `npm pack` puts into the tarball, and an import of every entry from the packed files' own `dist`.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const binary = (name) => join(root, "node_modules", ".bin", name);
let failed = 0;
let passed = 0;

for (const name of readdirSync(join(root, "packages"))) {
  const folder = join(root, "packages", name);
  const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  check(`${name}: publint`, () => tool("publint", ["run", "--strict", folder]));
  check(`${name}: attw`, () => tool("attw", ["--pack", folder, "--profile", "esm-only"]));
  check(`${name}: npm pack contents`, () => packContents(folder, manifest));
  for (const [entry, target] of Object.entries(manifest.exports)) {
    // Entries that need a test runner around them cannot be imported outside one.
    if (typeof target === "string" || entry === "./conformance" || entry === "./testing") continue;
    check(`${name}: import of ${entry}`, () =>
      execFileSync(
        process.execPath,
        [
          "--input-type=module",
          "-e",
          `await import(${JSON.stringify(pathToFileURL(join(folder, target.default)).href)})`,
        ],
        {
          stdio: "pipe",
        },
      ),
    );
  }
}
process.stdout.write(`${passed} passed, ${failed} failed\n`);
process.exitCode = failed === 0 ? 0 : 1;

function tool(name, args) {
  const result = spawnSync(binary(name), args, { cwd: root, encoding: "utf8" });
  if (result.status !== 0) throw new Error(`${result.stdout}${result.stderr}`);
}

function packContents(folder, manifest) {
  const [{ files }] = JSON.parse(
    execFileSync("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], {
      cwd: folder,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }),
  );
  const paths = files.map((file) => file.path);
  const wanted = ["package.json", "README.md", "LICENSE", "dist/index.js", "dist/index.d.ts", "src/index.ts"];
  const missing = wanted.filter((path) => !paths.includes(path));
  const unwanted = paths.filter((path) =>
    /\.test\.ts$|(^|\/)fixtures|\.tsbuildinfo$|\.py$|node_modules/.test(path),
  );
  if (missing.length > 0) throw new Error(`${manifest.name}: the tarball lacks ${missing.join(", ")}`);
  if (unwanted.length > 0) throw new Error(`${manifest.name}: the tarball holds ${unwanted.join(", ")}`);
}

function check(title, run) {
  try {
    run();
    passed++;
  } catch (error) {
    failed++;
    process.stdout.write(`FAILED ${title}\n${error.stdout ?? ""}${error.stderr ?? ""}${error.message}\n`);
  }
}
