/** The command itself, as its users run it. One process a test: few tests. */
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it, vi } from "vitest";

const cli = fileURLToPath(new URL("./cli.ts", import.meta.url));

// A process takes a second to start, or many on a busy machine: this limit only ends what hangs.
vi.setConfig({ testTimeout: 300_000 });

const folder = mkdtempSync(join(tmpdir(), "soft-tokens-grade-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, content: string): string {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
}

interface Result {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

function run(args: readonly string[], input: string | Buffer, closeEarly = false): Promise<Result> {
  return new Promise((resolve, reject) => {
    // A busy machine makes no honest line late.
    const patience = args.includes("--timeout-ms") ? [] : ["--timeout-ms", "120000"];
    const child = spawn(process.execPath, ["--import", "tsx", cli, ...args, ...patience], { stdio: "pipe" });
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

  it("grades an answer whose bytes are not UTF-8: what a model wrote is data", async () => {
    const input = Buffer.from('{"gold":"1","answer":"caf\u00e9 \\\\boxed{1}"}\n', "latin1");
    const { code, out } = await run([], input);
    expect([code, JSON.parse(out)]).toMatchObject([0, { correct: true, answer: "caf\ufffd \\boxed{1}" }]);
    const reference = await run([], Buffer.from('{"gold":"caf\u00e9","answer":"1"}\n', "latin1"));
    expect([reference.code, reference.out]).toEqual([2, ""]);
  });

  it("goes on after lines that are nested too deep or are not UTF-8", async () => {
    const deep = `{"gold":"1","answer":"1","x":${"[".repeat(50_000)}${"]".repeat(50_000)}}`;
    const input = Buffer.concat([
      Buffer.from(`${deep}\n`),
      Buffer.from('{"gold":"caf\u00e9 1","answer":"1"}\n', "latin1"),
      Buffer.from('{"gold":"1","answer":"\\\\boxed{1}"}\n'),
    ]);
    const { code, out } = await run(["--skip-bad"], input);
    const rows = out
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(rows).toEqual([
      { error: expect.stringMatching(/line 1.*nested more than 256 levels deep/) },
      { error: expect.stringMatching(/line 2.*not valid UTF-8/) },
      expect.objectContaining({ correct: true }),
    ]);
    expect(code).toBe(0);
    expect(await run([], input)).toMatchObject({ code: 2, out: "", err: expect.stringContaining("line 1") });
  });

  it("sends no control character of its input or its grader to a terminal, and keeps every value", async () => {
    const grader = file(
      "escapes.mjs",
      "export default ({ text }) => { throw new Error(text + '\\u001b[31m'); };",
    );
    const answer = "\u009b2J\u202e7";
    const lines = `{"gold":"1","answer":"${answer}"}\n{"gold":"1","answer":"2","\u009bkey":true}\nno\u001b[2Jthing`;
    const { out, err } = await run(["--grader", grader, "--skip-bad"], lines);
    expect(out + err).not.toMatch(/(?!\n)[\p{Cc}\u202e]/u);
    const [first, second, bad] = out
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(first).toMatchObject({
      answer,
      status: "failed",
      reason: expect.stringContaining(`${answer}\u001b[31m`),
    });
    expect(second).toMatchObject({ "\u009bkey": true });
    expect(bad).toEqual({ error: expect.stringContaining("line 3") });
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

describe("soft-tokens-grade with a limit", () => {
  it("goes on behind lines that take too long, with a grader of one's own", async () => {
    const grader = file(
      "slow.mjs",
      "export default ({ text }) => { while (text === 'slow'); return { correct: true, reward: 7 }; };",
    );
    const lines = ["a", "slow", "b"].map((answer) => JSON.stringify({ gold: "1", answer }));
    const { code, out } = await run(
      ["--grader", grader, "--timeout-ms", "2000", "--workers", "1"],
      lines.join("\n"),
    );
    const rows = out
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(rows.map(({ reward, status }) => [reward, status])).toEqual([
      [7, undefined],
      [0, "timeout"],
      [7, undefined],
    ]);
    expect(code).toBe(0);
  });

  it("says what is wrong with a grader or a number in one line", async () => {
    const named = file("named.mjs", "export const grade = () => true;");
    for (const [args, words] of [
      [["--grader", "nowhere.ts"], "no such file"],
      [["--grader", named], "default export"],
      [["--workers", "0"], "from 1 to 256"],
      [["--preset", "maths"], "olympiad"],
    ] as const) {
      const { code, out, err } = await run(args, "");
      expect([code, out, err.trim().split("\n").length]).toEqual([2, "", 1]);
      expect(err).toContain(words);
    }
  });
});

describe("soft-tokens-grade audit", () => {
  const ours = [
    { id: "a", gold: "1/2", answer: "0.5" },
    { id: "b", gold: "1/2", answer: "0.6" },
    { id: "c", gold: "4", answer: "\\boxed{}" },
    { id: "d", gold: "x+1", answer: "1+x" },
  ];
  const input = ours.map((line) => JSON.stringify(line)).join("\n");
  const theirs = (rows: readonly Record<string, unknown>[]) =>
    file("theirs.jsonl", rows.map((row) => JSON.stringify(row)).join("\n"));

  it("is silent about what agrees and ends with 0", async () => {
    const against = theirs([true, false, false, true].map((correct) => ({ correct })));
    const { code, out } = await run(["audit", "--against", against], input);
    expect([code, out]).toEqual([0, "4 of 4 agree (100.00 %), 0 disagree\n"]);
  });

  it("lists disagreements by kind, joined by id, and ends with 3", async () => {
    const against = theirs([
      { id: "d", score: 0 },
      { id: "c", score: null },
      { id: "b", score: 1 },
      { id: "a", score: 1 },
    ]);
    const { code, out } = await run(["audit", "--against", against], input);
    expect(code).toBe(3);
    expect(out).toContain("1 of 4 agree (25.00 %), 3 disagree");
    expect(out).toContain("right here, wrong there: 1 (symbolic 1)");
    expect(out).toContain("wrong here, right there: 1");
    expect(out).toContain("wrong here, no verdict there: 1");
    expect(out).toContain('line 4, id d: gold "x+1", answer "1+x"');
    const json = await run(["audit", "--against", against, "--json"], input);
    const kinds = json.out
      .trim()
      .split("\n")
      .map((line) => (JSON.parse(line) as { kind: string }).kind);
    expect(kinds).toEqual([
      "wrong here, right there",
      "wrong here, no verdict there",
      "right here, wrong there",
    ]);
  });

  it("names the file, the line and the field of what it cannot use", async () => {
    const cases: [Record<string, unknown>[], string[], string][] = [
      [[{ correct: true }, { right: true }], [], 'theirs.jsonl, line 2: no field "correct"'],
      [[{ reward: 10 }], [], '"reward" is 10'],
      [[{ verdict: "maybe" }], ["--field", "verdict"], '"verdict" is "maybe"'],
      [[{ correct: true }], [], "line 2: --against"],
      [[...ours, {}, {}].map(() => ({ correct: true })), [], "2 of its lines have no line"],
      [
        [
          { id: "a", correct: true },
          { id: "a", correct: true },
        ],
        [],
        '"id" a is there twice',
      ],
    ];
    for (const [rows, options, words] of cases) {
      const { code, err } = await run(["audit", "--against", theirs(rows), ...options], input);
      expect([code, err]).toEqual([2, expect.stringContaining(words)]);
    }
    const missing = await run(["audit", "--against", "nowhere.jsonl"], input);
    expect([missing.code, missing.err]).toEqual([2, expect.stringContaining("no such file")]);
  });

  it("takes rewards with a threshold", async () => {
    const against = theirs([100, 10, 0, 100].map((reward) => ({ reward })));
    const { code } = await run(["audit", "--against", against, "--threshold", "100"], input);
    expect(code).toBe(0);
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
