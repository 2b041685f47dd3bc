import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { loadExamples } from "./examples.ts";

const folder = mkdtempSync(join(tmpdir(), "soft-tokens-examples-"));
afterAll(() => rmSync(folder, { recursive: true }));

function load(text: string, limit?: number) {
  const data = join(folder, "rows.jsonl");
  writeFileSync(data, text);
  return loadExamples({ data, limit, promptTemplate: "User: QUESTION Assistant:" });
}

describe("examples for supervised fine-tuning", () => {
  it("are rows of prompt and completion, or solved problems in the paper's form", async () => {
    const rows = [
      { prompt: "a", completion: "b" },
      { question: "2+3?", answer: "Two and three <<2+3=5>>make 5.\n#### 5" },
    ];
    expect(await load(rows.map((row) => JSON.stringify(row)).join("\r\n"))).toEqual([
      { prompt: "a", completion: "b" },
      {
        prompt: "User: 2+3? Assistant:",
        completion: " Two and three make 5. The final answer is: \\boxed{5}",
      },
    ]);
  });

  it("keep a line separator that stands inside of a text", async () => {
    const row = { prompt: "one\u2028two", completion: "three" };
    expect(await load(`\uFEFF${JSON.stringify(row)}\n\n`)).toEqual([row]);
  });

  it("name file and line of a row that cannot be used", async () => {
    await expect(load('{"prompt":"a","completion":"b"}\n{"prompt":')).rejects.toThrowError(
      /rows\.jsonl, line 2: not JSON/,
    );
    await expect(load('{"prompt":"a"}\n')).rejects.toThrowError(/line 1/);
    await expect(load("\n")).rejects.toThrowError(/no examples/);
  });

  it("stop at the limit, whatever follows", async () => {
    expect(await load('{"prompt":"a","completion":"b"}\nnot JSON', 1)).toHaveLength(1);
  });
});
