#!/usr/bin/env node
/**
 * Checks every publishable package as a user would get it; run `npm run build` before. Each is packed as it would be published,
 * and publint, attw and a list of files look at the tarball. Then all are unpacked together into an empty project, where plain
 * Node imports every entry, TypeScript checks declarations and the READMEs' examples, and the examples are run.
 */
import { execFileSync } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { createReport, expectEqual } from "./report.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const work = mkdtempSync(join(tmpdir(), "soft-tokens-packages-"));
const consumer = join(work, "consumer");
const report = createReport();
const tinyModel = join(root, "packages/sampler/src/fixtures/tiny-llama");
const tsx = import.meta.resolve("tsx");
/** Entries for test files: they import vitest, which wants to be the one that started them. */
const forTestFiles = new Set(["./conformance", "./testing"]);

process.on("exit", () => rmSync(work, { recursive: true, force: true }));
mkdirSync(consumer);
writeFileSync(join(consumer, "package.json"), '{ "private": true, "type": "module" }\n');
const packages = readdirSync(join(root, "packages")).map((name) => pack(name));
for (const { name, tarball, manifest } of packages) {
  await report.check(`${name}: publint`, () => tool("publint", ["run", "--strict", tarball]));
  await report.check(`${name}: attw`, () => tool("attw", [tarball, "--profile", "esm-only"]));
  await report.check(`${name}: files of the tarball`, () => checkFiles(tarball));
  await report.check(`${name}: unpacks beside the others`, () => install(name, tarball, manifest));
}
const entries = packages.flatMap(({ manifest }) => entriesOf(manifest));
for (const { specifier, key } of entries) {
  if (forTestFiles.has(key)) continue;
  await report.check(`import of ${specifier}`, () => node(`await import("${specifier}")`));
}
const examples = [];
for (const { name } of packages) {
  await report.check(`${name}: the README has an example`, () => examples.push(exampleOf(name)));
}
await report.check("declarations of every entry, and the types of the READMEs' examples", checkTypes);
for (const { name, file } of examples) {
  await report.check(`${name}: the README's example runs`, () =>
    run(process.execPath, ["--import", tsx, file, tinyModel], consumer),
  );
}
for (const variant of ["wasm", "cpu"]) {
  await report.check(`backend-tfjs: the packed ${variant} variant computes`, () => checkBackend(variant));
}
await report.check("a packed conformance suite runs in vitest", checkConformance);
await report.check("the packed grader grades", checkGrader);
await report.check("graders: alone in an empty project, example, types and pool", checkGradersAlone);
await report.check("graders: in a browser's bundle, without a Node import", checkGradersInBrowser);
for (const app of ["train", "bench"]) {
  await report.check(`apps/${app}: the built program runs`, () => {
    const help = run(process.execPath, [join(root, "apps", app, "dist", "main.js"), "--help"], root);
    if (!help.includes(`Usage: soft-tokens-${app}`)) throw new Error(help);
  });
}
report.finish();

/** As `pnpm publish` would pack it: versions in place of `workspace:`. */
function pack(name) {
  const folder = join(root, "packages", name);
  const before = new Set(readdirSync(work));
  run("pnpm", ["pack", "--pack-destination", work, "--config.ignore-scripts=true"], folder);
  const file = readdirSync(work).find((entry) => !before.has(entry) && entry.endsWith(".tgz"));
  const tarball = join(work, file);
  const manifest = JSON.parse(run("tar", ["-xzOf", tarball, "package/package.json"], work));
  return { name, tarball, manifest };
}

function checkFiles(tarball) {
  const paths = run("tar", ["-tzf", tarball], work)
    .trim()
    .split("\n")
    .map((path) => path.replace(/^package\//, ""));
  const wanted = ["package.json", "README.md", "LICENSE", "dist/index.js", "dist/index.d.ts", "src/index.ts"];
  const missing = wanted.filter((path) => !paths.includes(path));
  const isWelcome = /^(package\.json|README\.md|LICENSE|CHANGELOG\.md|(dist|src|bin|simd)\/.*)$/;
  const isUnwelcome =
    /\.test\.ts$|(^|\/)(fixtures|test-support|scripts|fixtures-scripts)\/|\.tsbuildinfo$|\.py$/;
  const unwanted = paths.filter((path) => !isWelcome.test(path) || isUnwelcome.test(path));
  if (missing.length > 0) throw new Error(`it lacks ${missing.join(", ")}`);
  if (unwanted.length > 0) throw new Error(`it holds ${unwanted.join(", ")}`);
}

/** Ours from the tarball; what others made is linked from where the workspace has it, so no network is needed. */
function install(name, tarball, manifest) {
  const folder = join(consumer, "node_modules", ...manifest.name.split("/"));
  mkdirSync(folder, { recursive: true });
  run("tar", ["-xzf", tarball, "-C", folder, "--strip-components=1"], work);
  const foreign = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies });
  for (const dependency of foreign.filter((other) => !other.startsWith("@soft-tokens/"))) {
    const isOptional = manifest.peerDependenciesMeta?.[dependency]?.optional === true;
    link(dependency, [join(root, "packages", name), root], isOptional);
  }
  const ours = Object.entries(manifest.dependencies ?? {}).filter(([other]) =>
    other.startsWith("@soft-tokens/"),
  );
  const wrong = ours.filter(([, range]) => !/^\^\d/.test(range));
  if (wrong.length > 0) throw new Error(`not a range of versions: ${JSON.stringify(wrong)}`);
}

function link(dependency, places, isOptional = false) {
  const target = join(consumer, "node_modules", ...dependency.split("/"));
  const found = places.map((place) => join(place, "node_modules", ...dependency.split("/"))).find(exists);
  if (!found && isOptional) return;
  if (!found) throw new Error(`${dependency} is not installed`);
  mkdirSync(dirname(target), { recursive: true });
  if (!exists(target)) symlinkSync(realpathSync(found), target, "junction");
}

function exists(path) {
  try {
    realpathSync(path);
    return true;
  } catch {
    return false;
  }
}

function entriesOf(manifest) {
  return Object.entries(manifest.exports)
    .filter(([, target]) => typeof target === "object")
    .map(([key]) => ({ key, specifier: manifest.name + key.slice(1) }));
}

/** The strictest reader: `skipLibCheck` off, so that our own declarations are checked and not only used. */
function checkTypes() {
  link("@types/node", [root]);
  const lines = entries.map(({ specifier }, index) => `export * as entry${index} from "${specifier}";`);
  writeFileSync(join(consumer, "every-entry.ts"), `${lines.join("\n")}\n`);
  const compilerOptions = {
    ...{ target: "es2022", lib: ["es2023", "esnext.disposable"], module: "nodenext", types: ["node"] },
    ...{ strict: true, exactOptionalPropertyTypes: true, skipLibCheck: false, noEmit: true },
  };
  const files = ["every-entry.ts", ...examples.map(({ file }) => file)];
  writeFileSync(join(consumer, "tsconfig.json"), JSON.stringify({ compilerOptions, files }));
  const output = tscOutput();
  const ours = output.split("\n").filter((line) => /^(every-entry|example-|.*@soft-tokens)/.test(line));
  if (ours.length > 0) throw new Error(ours.join("\n"));
}

function tscOutput() {
  try {
    return run(
      process.execPath,
      [join(root, "node_modules/typescript/bin/tsc"), "--pretty", "false"],
      consumer,
    );
  } catch (error) {
    if (error.stdout === undefined || error.stdout === "") throw error;
    return error.stdout;
  }
}

/** The first example of a README, as a file of the consumer. */
function exampleOf(name) {
  const [, code] =
    /^```ts\n(.*?)^```/ms.exec(readFileSync(join(root, "packages", name, "README.md"), "utf8")) ?? [];
  if (code === undefined) throw new Error(`packages/${name}/README.md shows no example`);
  const file = `example-${name}.ts`;
  writeFileSync(join(consumer, file), code);
  return { name, file };
}

function checkBackend(variant) {
  const output = node(`
    import { createTfjsBackend } from "@soft-tokens/backend-tfjs";
    const ops = await createTfjsBackend({ variant: "${variant}" });
    const product = ops.matmul(ops.tensor([1, 2, 3, 4], [2, 2]), ops.tensor([5, 6, 7, 8], [2, 2]));
    process.stdout.write((await ops.read(product)).join(" "));
  `);
  expectEqual(output, "19 22 43 50", variant);
}

function checkConformance() {
  writeFileSync(
    join(consumer, "conformance.test.mjs"),
    'import { createTfjsBackend } from "@soft-tokens/backend-tfjs";\n' +
      'import { describeBackend } from "@soft-tokens/tensor/conformance";\n' +
      'import { withLeakCheck } from "@soft-tokens/tensor/testing";\n' +
      'if (typeof withLeakCheck !== "function") throw new Error("no withLeakCheck");\n' +
      'describeBackend("packed", () => createTfjsBackend({ variant: "wasm" }));\n',
  );
  const vitest = join(root, "node_modules", "vitest", "vitest.mjs");
  const output = run(process.execPath, [vitest, "run", "--root", consumer, "-t", "softmax"], consumer);
  if (!/Tests .*[1-9]\d* passed/.test(output)) throw new Error(output);
}

function checkGrader() {
  const grader = join(consumer, "node_modules/@soft-tokens/graders/bin/soft-tokens-grade.js");
  const output = run(process.execPath, [grader], consumer, '{"gold": "1/2", "answer": "\\\\boxed{0.5}"}\n');
  const { correct, reward } = JSON.parse(output);
  if (correct !== true || reward !== 100) throw new Error(output);
}

/** Nothing but this tarball, TypeScript's compiler and Node: what `npm install @soft-tokens/graders` gives. */
function checkGradersAlone() {
  const alone = join(work, "alone");
  const folder = join(alone, "node_modules", "@soft-tokens", "graders");
  mkdirSync(folder, { recursive: true });
  const { tarball, manifest } = packages.find(({ name }) => name === "graders");
  expectEqual(Object.keys(manifest.dependencies ?? {}), [], "dependencies");
  run("tar", ["-xzf", tarball, "-C", folder, "--strip-components=1"], work);
  writeFileSync(join(alone, "package.json"), '{ "private": true, "type": "module" }\n');
  const [, example] = /^```ts\n(.*?)^```/ms.exec(readFileSync(join(folder, "README.md"), "utf8"));
  writeFileSync(join(alone, "example.ts"), example);
  // No types of Node: the README's example needs none, as in a browser.
  const compilerOptions = { target: "es2022", lib: ["es2023", "dom"], module: "nodenext", types: [] };
  const strict = { strict: true, exactOptionalPropertyTypes: true, skipLibCheck: false, outDir: "out" };
  writeFileSync(
    join(alone, "tsconfig.json"),
    JSON.stringify({ compilerOptions: { ...compilerOptions, ...strict }, files: ["example.ts"] }),
  );
  run(process.execPath, [join(root, "node_modules/typescript/bin/tsc")], alone);
  const printed = run(process.execPath, ["out/example.js"], alone);
  expectEqual(printed.slice(0, 5), "true ", "the example printed");
  writeFileSync(
    join(alone, "mine.mjs"),
    "export default ({ text }) => { while (text === 'slow'); return { correct: true, reward: text.length }; };\n",
  );
  writeFileSync(
    join(alone, "pool.mjs"),
    'import { createGraderPool } from "@soft-tokens/graders/pool";\n' +
      "const own = createGraderPool({ grader: './mine.mjs', timeoutMs: 300, workers: 1 });\n" +
      "const builtIn = createGraderPool({ workers: 1 });\n" +
      "const items = ['right', 'slow', 'so \\\\boxed{1}'].map((text) => ({ text, gold: '1' }));\n" +
      "const verdicts = [...(await own.gradeAll(items)), ...(await builtIn.gradeAll(items))];\n" +
      "process.stdout.write(verdicts.map(({ status, reward }) => [status, reward].join(' ')).join(', '));\n",
  );
  // It ends by itself: a pool that has nothing to do does not keep a program alive.
  const wanted = "graded 5, timeout 0, graded 12, graded 0, graded 0, graded 100";
  expectEqual(run(process.execPath, ["pool.mjs"], alone), wanted, "verdicts");
}

async function checkGradersInBrowser() {
  // The bundler of the tools that are here already.
  const { createRequire } = await import("node:module");
  const fromTsx = createRequire(createRequire(import.meta.url).resolve("tsx"));
  const { buildSync } = fromTsx("esbuild");
  const entry =
    'import { compareAnswers, rewardMath } from "@soft-tokens/graders";\n' +
    'globalThis.answer = [compareAnswers("1/2", "0.5").equal, rewardMath("\\\\boxed{2}", "2")];\n';
  const { outputFiles } = buildSync({
    stdin: { contents: entry, resolveDir: consumer },
    ...{ bundle: true, write: false, minify: true, format: "iife", platform: "browser", target: "es2022" },
  });
  const [{ text }] = outputFiles;
  if (/["'`]node:|\brequire\(|\bprocess\./.test(text)) throw new Error("the bundle wants Node");
  const { runInNewContext } = await import("node:vm");
  const page = {};
  runInNewContext(`${text}\nglobalThis.result = JSON.stringify(globalThis.answer);`, page);
  expectEqual(page.result, "[true,100]", `a bundle of ${text.length} characters`);
}

function node(code) {
  return run(process.execPath, ["--input-type=module", "-e", code], consumer);
}

function tool(name, args) {
  return run(join(root, "node_modules", ".bin", name), args, root);
}

function run(file, args, cwd, input = "") {
  return execFileSync(file, args, {
    cwd,
    input,
    env: { ...process.env, NO_COLOR: "1" },
    encoding: "utf8",
    stdio: ["pipe", "pipe", "pipe"],
    shell: process.platform === "win32",
  });
}
