/** The command itself, as its users run it. One process a test: few tests. */
import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const cli = fileURLToPath(new URL("./cli.ts", import.meta.url));

interface Result {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

function run(args: readonly string[], input: string, closeEarly = false): Promise<Result> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ["--import", "tsx", cli, ...args], { stdio: "pipe" });
    let [out, err] = ["", ""];
    child.stdout.on("data", (data) => {
      out += data;
      if (closeEarly) child.stdout.destroy();
    });
    child.stderr.on("data", (data) => {
      err += data;
    });
    child.stdin.on("error", () => undefined);
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, out, err }));
    child.stdin.end(input);
  });
}

describe("soft-tokens-grade", () => {
  it("grades lines in order and stops at a bad one with its number", async () => {
    const { code, out, err } = await run(
      [],
      '{"gold":"1","answer":"1"}\r\n\n{"gold":"1","answer":"2"}\nnonsense\n{"gold":',
    );
    expect(out.split("\n").map((line) => line.includes('"correct":true'))).toEqual([true, false, false]);
    expect(err).toContain("line 4: not JSON");
    expect(code).toBe(2);
  });

  it("goes on with --skip-bad", async () => {
    const { code, out } = await run(
      ["--skip-bad", "--extract", "boxed"],
      'nonsense\n{"gold":"1","answer":"\\\\boxed{1}"}',
    );
    const [bad, good] = out
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(bad).toEqual({ error: expect.stringContaining("line 1") });
    expect(good).toMatchObject({ correct: true, reward: 100 });
    expect(code).toBe(0);
  });

  it("says what to write for a wrong option", async () => {
    const { code, out, err } = await run(["--extract", "nowhere"], "");
    expect([code, out]).toEqual([2, ""]);
    expect(err).toContain("expected one of auto, boxed");
  });

  it("prints its help", async () => {
    const { code, out } = await run(["--help"], "");
    expect(code).toBe(0);
    expect(out).toContain("Usage: soft-tokens-grade");
  });

  it("ends quietly when its reader does", async () => {
    const line = `${JSON.stringify({ gold: "1", answer: "1", filler: "x".repeat(500) })}\n`;
    const { code, err } = await run([], line.repeat(20_000), true);
    expect([code, err]).toEqual([0, ""]);
  });
});

describe("the rest of the package", () => {
  it("imports nothing of Node, so that it runs in a browser", () => {
    const root = fileURLToPath(new URL(".", import.meta.url));
    const files = readdirSync(root, { recursive: true, encoding: "utf8" }).filter(
      (path) => path.endsWith(".ts") && !path.endsWith(".test.ts") && !/^(cli|pool)\b/.test(path),
    );
    expect(files.length).toBeGreaterThan(30);
    for (const path of files) {
      const source = readFileSync(`${root}/${path}`, "utf8");
      expect(source, path).not.toMatch(/from "node:|\bprocess\.|\bBuffer\b|\brequire\(/);
    }
  });
});
