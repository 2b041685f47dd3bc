#!/usr/bin/env node
/**
 * The one door to this repository for people who have Node and npm only: `npm run demo`, `npm test`, `npm run train -- ...`.
 * Installs from the lockfile through a pinned pnpm when that has not been done yet, then runs the program from source.
 * Everything but the program's own output goes to standard error, so that `npm run --silent grade` can be piped.
 * Signals go on to the program, which saves and stops; a second Ctrl-C ends it whatever it is doing. It never outlives us.
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
  "build-native": "packages/backend-libtorch/scripts/build.ts",
  "setup-native": "packages/backend-libtorch/scripts/setup.ts",
};
/** No telemetry, no advertising of newer versions. */
const quietTools = { TURBO_TELEMETRY_DISABLED: "1", TURBO_NO_UPDATE_NOTIFIER: "1", DO_NOT_TRACK: "1" };
const childEnvironment = { ...process.env, ...quietTools };

const isWindows = process.platform === "win32";
/** Without a network npm and pnpm say so after a quarter of a minute, not after two. */
const shortRetries = {
  npm_config_fetch_retries: "4",
  npm_config_fetch_retry_mintimeout: "1000",
  npm_config_fetch_retry_maxtimeout: "5000",
};
/** A second SIGINT within this time is the same Ctrl-C: the terminal and npm both deliver it. */
const SAME_KEY_PRESS_MS = 500;
/** What a program is given to end by itself after the second Ctrl-C. */
const LAST_WORDS_MS = 1000;
/** How often we look whether npm is still there. */
const PARENT_CHECK_MS = 1000;

const [command, ...args] = process.argv.slice(2);
requireNode();
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
ensureInstalled();
if (command === "setup") {
  process.stderr.write("Ready. Try: npm run demo\n");
} else if (command === "test") {
  run(process.execPath, [join(root, "node_modules", "vitest", "vitest.mjs"), "run", ...args], root);
} else if (command === "tool" && args.length > 0) {
  runShellCommand(join(root, "node_modules", ".bin", args[0]), args.slice(1));
} else if (command === "workspace-tool" && args.length > 0) {
  // turbo and the packers call pnpm themselves; npx puts the pinned one on their path.
  runShellCommand("npx", [
    "--yes",
    "--loglevel=error",
    `--package=${manifest.packageManager}`,
    "--",
    ...args,
  ]);
} else if (Object.hasOwn(programs, command)) {
  runSource(programs[command], args);
} else {
  const known = ["setup", "test", "tool NAME", "workspace-tool NAME", ...Object.keys(programs)];
  fail(`unknown command ${JSON.stringify(command ?? "")}; wanted one of ${known.join(", ")}`, 2);
}

function requireNode() {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major < 20 || (major === 20 && minor < 11))
    fail(`Node 20.11 or later is needed, this is ${process.version}. Get it from https://nodejs.org`);
}

/** Installs when the lockfile or the machine differs from the one of the last install. Killed half-way, it starts again. */
function ensureInstalled() {
  const lock = createHash("sha256")
    .update(`${process.platform} ${process.arch}\n`)
    .update(readFileSync(join(root, "pnpm-lock.yaml")))
    .digest("hex");
  if (existsSync(stampPath) && readFileSync(stampPath, "utf8") === lock) return;
  const { packageManager } = manifest;
  process.stderr.write(
    `Installing the packages of the lockfile with ${packageManager} (once, about 20 s) ...\n`,
  );
  const started = Date.now();
  // On a terminal a person watches pnpm's own progress; elsewhere its output is shown only when it fails.
  const isWatched = process.stderr.isTTY === true;
  const install = spawnSync(
    "npx",
    [
      ...[
        "--yes",
        "--prefer-offline",
        "--loglevel=error",
        packageManager,
        "install",
        "--frozen-lockfile",
        "--prefer-offline",
      ],
      "--loglevel=info", // npx hands its own quiet level on
      ...(isWatched ? [] : ["--reporter=append-only"]),
    ],
    {
      cwd: root,
      encoding: "utf8",
      shell: isWindows,
      env: { ...process.env, ...shortRetries },
      stdio: isWatched ? ["ignore", process.stderr.fd, process.stderr.fd] : ["ignore", "pipe", "pipe"],
    },
  );
  if (install.signal === "SIGINT" || install.status === 130) process.exit(130);
  if (install.status !== 0) {
    process.stderr.write(`${install.stdout ?? ""}${install.stderr ?? ""}\n`);
    const reason = install.error ? install.error.message : `exit status ${install.status ?? install.signal}`;
    fail(
      `the install failed (${reason}); what went wrong is above. Without a network the packages must be in pnpm's store, or a ` +
        "registry mirror must be set (npm config set registry URL). Run the same command again to go on.",
    );
  }
  writeFileSync(stampPath, lock);
  process.stderr.write(`Installed in ${((Date.now() - started) / 1000).toFixed(0)} s.\n`);
}

/**
 * Runs a program from its TypeScript source, in the folder the person typed the command in. That folder may be a downloaded one, so
 * nothing in it may be run: tsx would read its tsconfig.json, whose `paths` put other files in place of packages.
 */
function runSource(program, programArgs) {
  const tsx = pathToFileURL(createRequire(join(root, "package.json")).resolve("tsx")).href;
  run(
    process.execPath,
    ["--conditions=@soft-tokens/source", "--import", tsx, join(root, program), ...programArgs],
    process.env.INIT_CWD ?? process.cwd(),
    {
      // A channel that closes when this process is killed: the program ends with it.
      stdio: ["inherit", "inherit", "inherit", "ipc"],
      env: { TSX_TSCONFIG_PATH: join(root, "tsconfig.json"), SOFT_TOKENS_LAUNCHER: "1" },
    },
  );
}

/** A command that is a script: on Windows a .cmd file, which only a shell starts. */
function runShellCommand(file, fileArgs) {
  if (!isWindows) return run(file, fileArgs, root);
  const quote = (text) => (/[\s"]/.test(text) ? JSON.stringify(text) : text);
  return run(quote(file), fileArgs.map(quote), root, { shell: true });
}

/** Hands over to the program: same terminal, its exit status. */
function run(file, fileArgs, cwd, { env = {}, ...options } = {}) {
  const child = spawn(file, fileArgs, {
    cwd,
    stdio: "inherit",
    env: { ...childEnvironment, ...env },
    ...options,
  });
  let firstInterrupt = null;
  process.on("SIGINT", () => {
    if (!isWindows) child.kill("SIGINT"); // a terminal also does; a process manager tells only us
    firstInterrupt ??= Date.now();
    if (Date.now() - firstInterrupt > SAME_KEY_PRESS_MS)
      setTimeout(() => child.kill("SIGKILL"), LAST_WORDS_MS);
  });
  process.on("SIGTERM", () => child.kill("SIGTERM"));
  const onHangUp = () => child.kill("SIGHUP"); // the terminal is closed; the program saves what is done
  process.on("SIGHUP", onHangUp);
  whenNpmIsKilled(() => child.kill("SIGHUP"));
  child.on("error", (error) => fail(`${file} could not be started: ${error.message}`));
  child.on("exit", (code, signal) => {
    if (signal === "SIGHUP") {
      // Without a terminal Node's own exit would abort (stop.ts of apps/common).
      process.off("SIGHUP", onHangUp);
      process.kill(process.pid, "SIGHUP");
    } else process.exit(code ?? 128 + (constants.signals[signal] ?? 0));
  });
}

/** A killed npm passes nothing on, and its shell waits on. Calls back once when it, or the shell between us, is gone. */
function whenNpmIsKilled(callback) {
  if (process.env.npm_lifecycle_event === undefined || isWindows) return;
  const parent = process.ppid;
  const { name, parent: npm } = parentOf(parent);
  const isShell = /(^|\/)-?(ba|da|k|z)?sh$/.test(name);
  const timer = setInterval(() => {
    if (process.ppid === parent && (!isShell || isThere(npm))) return;
    clearInterval(timer);
    callback();
  }, PARENT_CHECK_MS);
  timer.unref();
}

/** Its name and its own parent: from /proc where there is one (small containers have no ps), else from ps. */
function parentOf(pid) {
  let text;
  try {
    text = readFileSync(`/proc/${pid}/stat`, "utf8").replace(/^\d+ \((.*)\) \S+ (\d+) .*$/s, "$2 $1");
  } catch {
    text = spawnSync("ps", ["-o", "ppid=,comm=", "-p", String(pid)], { encoding: "utf8" }).stdout ?? "";
  }
  const [, parent, name = ""] = /^\s*(\d+)\s+(.*?)\s*$/.exec(text) ?? [];
  return { parent: Number(parent), name };
}

function isThere(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}

function fail(message, status = 1) {
  process.stderr.write(`soft-tokens: ${message}\n`);
  process.exit(status);
}
