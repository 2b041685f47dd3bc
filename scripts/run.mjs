#!/usr/bin/env node
/**
 * The one door to this repository for people who have Node and npm only: `npm run demo`, `npm test`, `npm run train -- ...`.
 * Installs from the lockfile through a pinned pnpm when that has not been done yet, then runs the program from source.
 * Everything but the program's own output goes to standard error, so that `npm run --silent grade` can be piped.
 */
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { constants } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const stampPath = join(root, "node_modules", ".soft-tokens-installed");
const programs = {
  train: "apps/train/src/main.ts",
  bench: "apps/bench/src/main.ts",
  grade: "packages/graders/src/cli.ts",
};

const [command, ...args] = process.argv.slice(2);
requireNode();
await ensureInstalled();
if (command === "setup") {
  process.stderr.write("Ready. Try: npm run demo\n");
} else if (command === "test") {
  run(process.execPath, [join(root, "node_modules", "vitest", "vitest.mjs"), "run", ...args], root);
} else if (command === "tool" && args.length > 0) {
  run(join(root, "node_modules", ".bin", args[0]), args.slice(1), root);
} else if (Object.hasOwn(programs, command)) {
  runSource(programs[command], args);
} else {
  fail(
    `unknown command ${JSON.stringify(command)}; wanted setup, test, tool NAME, ${Object.keys(programs).join(", ")}`,
  );
}

function requireNode() {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major < 20 || (major === 20 && minor < 11))
    fail(`Node 20.11 or later is needed, this is ${process.version}`);
}

/** Installs when the lockfile differs from the one that was installed last. Killed half-way, it starts again. */
async function ensureInstalled() {
  const lock = createHash("sha256")
    .update(readFileSync(join(root, "pnpm-lock.yaml")))
    .digest("hex");
  if (existsSync(stampPath) && readFileSync(stampPath, "utf8") === lock) return;
  const { packageManager } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  process.stderr.write(`Installing the packages of the lockfile with ${packageManager} (once) ...\n`);
  const started = Date.now();
  const install = spawnSync(
    "npx",
    ["--yes", packageManager, "install", "--frozen-lockfile", "--reporter=append-only"],
    {
      cwd: root,
      encoding: "utf8",
      shell: process.platform === "win32",
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  if (install.status !== 0) {
    process.stderr.write(`${install.stdout ?? ""}${install.stderr ?? ""}\n`);
    const reason = install.error ? install.error.message : `exit status ${install.status ?? install.signal}`;
    fail(
      `the install failed (${reason}). Its output is above. Without a network the packages must be in pnpm's store or a ` +
        "registry mirror must be set (npm config set registry URL). Run the same command again to retry.",
    );
  }
  writeFileSync(stampPath, lock);
  process.stderr.write(`Installed in ${((Date.now() - started) / 1000).toFixed(0)} s.\n`);
}

/** Runs a program from its TypeScript source, in the folder the person typed the command in. */
function runSource(program, programArgs) {
  const tsx = pathToFileURL(createRequire(join(root, "package.json")).resolve("tsx")).href;
  run(
    process.execPath,
    ["--conditions=@soft-tokens/source", "--import", tsx, join(root, program), ...programArgs],
    process.env.INIT_CWD ?? process.cwd(),
  );
}

/** Hands over to the program: same terminal, its exit status. Ctrl-C reaches it through the terminal's process group. */
function run(file, fileArgs, cwd) {
  const child = spawn(file, fileArgs, { cwd, stdio: "inherit" });
  process.on("SIGINT", () => {});
  process.on("SIGTERM", () => child.kill("SIGTERM"));
  child.on("error", (error) => fail(`${file} could not be started: ${error.message}`));
  child.on("exit", (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)));
}

function fail(message) {
  process.stderr.write(`soft-tokens: ${message}\n`);
  process.exit(1);
}
