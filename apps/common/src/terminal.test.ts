import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { pathToFileURL } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { createProgress } from "./progress.ts";
import { printGenerated, visibleValue } from "./terminal.ts";

const folder = mkdtempSync(join(tmpdir(), "soft-tokens-terminal-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function streamOf(isTTY: boolean): { stream: NodeJS.WriteStream; text: () => string } {
  const stream = Object.assign(new PassThrough(), { isTTY, columns: 200 }) as unknown as NodeJS.WriteStream;
  return { stream, text: () => String(stream.read() ?? "") };
}

const hostile = "\x1b]0;PWNED\x07\x9b2J\u202e";
const shown = "\\u001b]0;PWNED\\u0007\\u009b2J\\u202e";

/** Runs a program whose main function is this code. */
function run(code: string) {
  const path = join(folder, "program.mts");
  const [common, errors] = ["./run-main.ts", "./errors.ts"].map((name) =>
    JSON.stringify(new URL(name, import.meta.url).href),
  );
  writeFileSync(
    path,
    `import { runMain } from ${common}; import { UsageError } from ${errors};
     const hostile = ${JSON.stringify(hostile)};
     await runMain(async () => { ${code} });`,
  );
  const tsx = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;
  const args = ["--conditions=@soft-tokens/source", "--import", tsx, path];
  return spawnSync(process.execPath, args, { encoding: "utf8" });
}

describe("what a program prints", () => {
  test("holds no control character of others, on standard output and error", () => {
    const { stdout, stderr } = run(
      "process.stdout.write(hostile + '\\n'); process.stderr.write('name ' + hostile + '\\n'); console.log(hostile);",
    );
    expect([stdout, stderr]).toEqual([`${shown}\n${shown}\n`, `name ${shown}\n`]);
  });

  test.each([
    ["an error of the user's", "throw new UsageError('--data ' + hostile);", 2],
    ["a bug", "throw new Error(hostile);", 1],
    ["something else that is thrown", "throw hostile;", 1],
    ["a bug that nobody catches", "setTimeout(() => { throw new Error(hostile); });", 1],
    ["a promise that nobody waits for", "Promise.reject(new Error(hostile));", 1],
  ])("holds none in %s", (_, code, status) => {
    const result = run(code);
    expect([result.status, result.stdout]).toEqual([status, ""]);
    expect(result.stderr).toContain(shown);
    expect(result.stderr).not.toMatch(/(?!\n)\p{Cc}/u);
  });
});

describe("text of a model", () => {
  test("is shown on a terminal", () => {
    const { stream, text } = streamOf(true);
    printGenerated(`a\n${hostile}\n`, stream);
    expect(text()).toBe(`a\n${shown}\n`);
  });

  test("goes to a file as it is", () => {
    const { stream, text } = streamOf(false);
    printGenerated(`a\n${hostile}\n`, stream);
    expect(text()).toBe(`a\n${hostile}\n`);
  });
});

describe("what is drawn", () => {
  test("keeps our own control characters, and shows those of others", () => {
    const { stream, text } = streamOf(true);
    const progress = createProgress(hostile, "row", stream);
    progress.update(1, 2, "a\nb");
    progress.log(`warning: ${hostile}\nmore`);
    progress.finish(hostile);
    const all = text();
    expect(all).toContain("\r\x1b[2K");
    expect(all).toContain(`warning: ${shown}\nmore\n`);
    expect(all).toContain("a\\nb");
    expect(all.replaceAll("\r\x1b[2K", "")).not.toMatch(/(?!\n)[\p{Cc}\u202e]/u);
  });

  test("holds no text of others in what is coloured afterwards", () => {
    expect(visibleValue({ name: "\x1b[1m", list: ["\r", 1, null], "\x07": true })).toEqual({
      name: "\\u001b[1m",
      list: ["\\u000d", 1, null],
      "\\u0007": true,
    });
  });
});
