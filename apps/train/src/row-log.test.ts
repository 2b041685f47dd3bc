import fs, { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createRowLog } from "./row-log.ts";

interface Row {
  readonly step: number;
}
const isRow = (value: unknown): value is Row => Number.isInteger((value as Row | null)?.step);

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "rows-"));
  file = join(folder, "metrics.jsonl");
});
const { writeSync } = fs;
afterEach(() => {
  writesAre(writeSync);
  rmSync(folder, { recursive: true, force: true });
});

/** What a nearly full disk does to `writeSync`. */
function writesAre(replacement: typeof writeSync): void {
  fs.writeSync = replacement;
  syncBuiltinESMExports();
}

const text = () => readFileSync(file, "utf8");

describe("createRowLog", () => {
  test("appends whole rows where the system takes a few bytes at a time", () => {
    const log = createRowLog(file, isRow);
    writesAre(((descriptor: number, bytes: Buffer, offset: number) =>
      writeSync(descriptor, bytes, offset, Math.min(3, bytes.length - offset))) as typeof writeSync);
    for (const step of [1, 2]) log.append({ step });
    log.close();
    expect(text()).toBe('{"step":1}\n{"step":2}\n');
  });

  test.each([
    ["complains", "ENOSPC"],
    ["writes nothing without a word", undefined],
  ])(
    "a disk that takes half of a row and then %s: an error with the place, and the file ends before the row",
    (_, code) => {
      const log = createRowLog(file, isRow);
      log.append({ step: 1 });
      let calls = 0;
      writesAre(((descriptor: number, bytes: Buffer, offset: number) => {
        if (calls++ === 0) return writeSync(descriptor, bytes, offset, 4);
        if (code === undefined) return 0;
        throw Object.assign(new Error("no space"), { code });
      }) as typeof writeSync);
      expect(() => log.append({ step: 2 })).toThrow(expect.objectContaining({ code: "WRITE_FAILED", file }));
      expect(text()).toBe('{"step":1}\n');
      writesAre(writeSync);
      log.append({ step: 3 });
      log.close();
      expect(text()).toBe('{"step":1}\n{"step":3}\n');
    },
  );

  test("reads whole rows: what a kill tore and what is no row is left out", () => {
    const log = createRowLog(file, isRow);
    expect(log.read()).toEqual([]);
    log.append({ step: 1 });
    log.close();
    appendFileSync(file, '[1]\n\0\0\0\nnull\n{"step":2}\n{"step": 3, "rew');
    expect(log.read()).toEqual([{ step: 1 }, { step: 2 }]);
  });

  test("a file that a person removes or replaces while the run goes on is made again at the next sync", () => {
    const log = createRowLog(file, isRow);
    log.append({ step: 1 });
    rmSync(file);
    log.append({ step: 2 });
    log.sync();
    expect(text()).toBe('{"step":1}\n{"step":2}\n');
    log.append({ step: 3 });
    rmSync(file);
    writeFileSync(file, "something else\n");
    log.sync();
    log.append({ step: 4 });
    log.close();
    expect(log.read().map(({ step }) => step)).toEqual([1, 2, 3, 4]);
  });

  test("rewrites what differs, and appends to the new file afterwards", () => {
    const log = createRowLog(file, isRow);
    for (const step of [1, 2]) log.append({ step });
    log.rewrite([{ step: 1 }]);
    log.append({ step: 2 });
    log.sync();
    log.close();
    expect(text()).toBe('{"step":1}\n{"step":2}\n');
  });
});
