#!/usr/bin/env node
/**
 * Paths of node_modules that the programs and the tests of a checkout load at run time, separated by NUL: the packages that
 * are reachable from the workspace's own dependencies and from the tools that run them, as pnpm laid them out, links and all.
 * Source maps, types, documents and browser builds stay behind.
 */
import { existsSync, lstatSync, readdirSync, readFileSync, realpathSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
/** What runs TypeScript and tests; the other tools of the workspace only check and build it. */
const TOOLS = ["tsx", "vitest"];
/** Needed where the addon is built. */
const BUILD_TOOLS = ["node-addon-api", "node-api-headers"];
/** Parts of packages that nothing loads here. */
const LEFT_OUT = [
  /\.(map|md|markdown|flow|d\.[cm]?ts)$/i,
  /\/(test|tests|__tests__|docs|benchmark|examples?)\//,
];
/** Of TensorFlow.js's many builds, the one that Node requires, and the WebAssembly modules. */
const TENSORFLOW = /\/(package\.json|dist\/[^/]*\.(node\.js|wasm))$/;
const entries = new Set([join("node_modules", ".soft-tokens-installed")]);
const visited = new Set();

for (const tool of TOOLS) link(join(root, "node_modules", tool));
for (const room of ["packages", "apps"].flatMap((folder) =>
  readdirSync(join(root, folder)).map((name) => join(root, folder, name)),
)) {
  const manifest = join(room, "package.json");
  if (!existsSync(manifest)) continue;
  const { dependencies = {}, devDependencies = {} } = JSON.parse(readFileSync(manifest, "utf8"));
  const names = [
    ...Object.keys(dependencies),
    ...Object.keys(devDependencies).filter(
      (name) => BUILD_TOOLS.includes(name) || isOurs(name) || name === "yauzl",
    ),
  ];
  for (const name of names) link(join(room, "node_modules", name));
}
process.stdout.write(
  [...entries]
    .filter((path) => existsSync(join(root, path)))
    .map((path) => `${path}\0`)
    .join(""),
);

/** A link that pnpm made, and the package it leads to. */
function link(path) {
  if (!existsSync(path)) return;
  entries.add(relative(root, path));
  const target = realpathSync(path);
  if (!relative(root, target).startsWith("node_modules")) return; // one of our own packages
  if (visited.has(target)) return;
  visited.add(target);
  addFiles(target);
  const manifest = JSON.parse(readFileSync(join(target, "package.json"), "utf8"));
  // pnpm hoists every package to where the others find what their manifests do not name.
  const hoisted = join("node_modules", ".pnpm", "node_modules", manifest.name);
  if (existsSync(join(root, hoisted))) entries.add(hoisted);
  const { dependencies = {}, optionalDependencies = {}, peerDependencies = {} } = manifest;
  const siblings = target.slice(0, target.length - manifest.name.length);
  for (const name of Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies })) {
    if (/^@tensorflow\/tfjs-node/.test(name)) continue;
    link(join(siblings, name));
    link(join(target, "node_modules", name));
  }
}

function addFiles(folder) {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    const kind = lstatSync(path);
    if (kind.isDirectory()) {
      if (name !== "node_modules") addFiles(path);
    } else if (isLoaded(path)) {
      entries.add(relative(root, path));
    }
  }
}

function isLoaded(path) {
  if (path.includes("/@tensorflow/")) return TENSORFLOW.test(path);
  return !LEFT_OUT.some((pattern) => pattern.test(path));
}

function isOurs(name) {
  return name.startsWith("@soft-tokens/");
}
