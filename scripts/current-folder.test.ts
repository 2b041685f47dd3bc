/**
 * Programs are started in the folder where a person typed the command, which may be a downloaded model or data set: nothing in it
 * is run, whatever a tool would look for there.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const launcher = fileURLToPath(new URL("./run.mjs", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "soft-tokens-here-"));
const mark = join(folder, "ran");
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, text: string): string {
  const path = join(folder, "here", name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text, { mode: 0o755 });
  return path;
}

const names = ["commander", "zod", "tsx", "esbuild", "@soft-tokens/graders", "@soft-tokens/app-common"];

beforeAll(() => {
  const leave = `require("node:fs").appendFileSync(${JSON.stringify(mark)}, __filename + "\\n")`;
  const importing = `import { appendFileSync } from "node:fs"; appendFileSync(${JSON.stringify(mark)}, import.meta.url + "\\n");`;
  file("evil.ts", importing);
  const paths = Object.fromEntries([...names, "*"].map((name) => [name, ["./evil.ts"]]));
  for (const name of ["tsconfig.json", "jsconfig.json"])
    file(name, JSON.stringify({ compilerOptions: { baseUrl: ".", paths } }));
  const imports = Object.fromEntries(names.map((name) => [`#${name}`, "./evil.ts"]));
  file(
    "package.json",
    JSON.stringify({ name: "@soft-tokens/graders", type: "commonjs", imports, exports: "./evil.ts" }),
  );
  for (const name of names) {
    file(`node_modules/${name}/package.json`, JSON.stringify({ name, main: "index.cjs" }));
    file(`node_modules/${name}/index.cjs`, leave);
  }
  for (const name of ["node", "npx", "tsx", "python3", "cmake", "c++", "nvidia-smi"]) {
    file(name, `#!/bin/sh\necho "$0" >> ${mark}\n`);
    file(`node_modules/.bin/${name}`, `#!/bin/sh\necho "$0" >> ${mark}\n`);
  }
  file("preload.cjs", leave);
  file(".env", `NODE_OPTIONS=--require=${join(folder, "here", "preload.cjs")}\n`);
  file(".npmrc", `node-options=--require=${join(folder, "here", "preload.cjs")}\nscript-shell=./node\n`);
  file("vitest.config.ts", importing);
  file("sitecustomize.py", `open(${JSON.stringify(mark)}, "a").write("python")\n`);
  file("torch/__init__.py", `open(${JSON.stringify(mark)}, "a").write("torch")\n`);
});

function start(
  args: readonly string[],
  input = "",
): { status: number | null; output: string; error: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [launcher, ...args], {
    cwd: join(folder, "here"),
    // Relative entries of a PATH are a person's own; they still must not make a download's programs ours.
    env: {
      ...process.env,
      INIT_CWD: join(folder, "here"),
      PATH: `.:node_modules/.bin:${process.env.PATH}`,
    },
    encoding: "utf8",
    input,
  });
  return { status, output: stdout, error: stderr };
}

describe("a folder with everything that a tool might run", () => {
  const grader =
    'import type { Grader } from "@soft-tokens/graders";\nexport default (() => ({ correct: true, reward: 7 })) satisfies Grader;\n';

  test.each([
    ["train", ["train", "--help"], "Usage: soft-tokens-train"],
    ["bench", ["bench", "--help"], "Usage: soft-tokens-bench"],
    ["grade", ["grade"], '"correct":true'],
  ])("is none for %s", (_, args, wanted) => {
    const { status, output, error } = start(args, '{"gold": "1", "answer": "1"}\n');
    expect([status, error]).toEqual([0, ""]);
    expect(output).toContain(wanted);
    expect(existsSync(mark)).toBe(false);
  });

  test("is none for a grader of one's own that is somewhere else", () => {
    const own = join(folder, "own.mts");
    writeFileSync(own, grader);
    const { status, output, error } = start(["grade", "--grader", own], '{"gold": "1", "answer": "1"}\n');
    expect([status, error]).toEqual([0, ""]);
    expect(output).toContain('"reward":7');
    expect(existsSync(mark)).toBe(false);
  });

  test("is none for what looks for Pythons and compilers", () => {
    const { status, output } = start(["train", "doctor", "--backend", "tfjs-wasm", "--seconds", "0.1"]);
    expect(status).toBe(0);
    expect(output).toContain("Node");
    expect(existsSync(mark)).toBe(false);
  });
});
