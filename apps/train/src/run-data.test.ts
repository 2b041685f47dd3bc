import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { checkRunData } from "./run-data.ts";

let path: string;
beforeEach(() => {
  path = mkdtempSync(join(tmpdir(), "run-data-"));
});
afterEach(() => rmSync(path, { recursive: true }));

const source = (sha256: string) => ({ file: "d.jsonl", sha256 });

function begun(options: object, resolved: object): void {
  const config = { format: "soft-tokens-run/1", kind: "supervised", options, resolved };
  writeFileSync(join(path, "config.json"), JSON.stringify(config));
}

describe("a run that is continued", () => {
  const options = { data: "d.jsonl", validationData: "v.jsonl" };
  const now = { data: source("aaa"), validationData: source("bbb") };

  test("goes on with the same data, wherever its files are now", () => {
    expect(checkRunData(path, options, now)).toBeNull(); // a new one
    begun(options, now);
    expect(checkRunData(path, options, now)).toBeNull();
    expect(checkRunData(path, { data: "/other/e.jsonl", validationData: "w.jsonl" }, now)).toBeNull();
  });

  test.each([
    [
      "training data",
      { ...now, data: source("ccc") },
      /--data: sha256 aaa \("d\.jsonl"\) there, sha256 ccc .* now/,
    ],
    [
      "validation data",
      { ...now, validationData: source("ccc") },
      /--validation-data: sha256 bbb \("v\.jsonl"\) there, sha256 ccc .* now/,
    ],
  ])("is refused with other %s, with both checksums", (_, other, message) => {
    begun(options, now);
    expect(() => checkRunData(path, options, other)).toThrow(message);
    expect(() => checkRunData(path, options, other)).toThrow(
      expect.objectContaining({ code: "RUN_ON_OTHER_DATA" }),
    );
  });

  test("is refused when validation data of its own comes or goes", () => {
    begun(options, now);
    expect(() => checkRunData(path, { data: "d.jsonl" }, { ...now, validationData: null })).toThrow(
      /--validation-data: "v\.jsonl" there, not given now/,
    );
    begun({ data: "d.jsonl" }, { data: source("aaa"), validationData: null });
    expect(() => checkRunData(path, options, now)).toThrow(
      /--validation-data: not given there, "v\.jsonl" now/,
    );
  });

  test("of an old version goes on with a warning, but not with a file of another name", () => {
    begun({ data: "d.jsonl" }, { dtype: "float32" });
    const old = { data: source("aaa"), validationData: null };
    expect(checkRunData(path, { data: "d.jsonl" }, old)).toMatch(/kept no checksum of --data/);
    expect(() => checkRunData(path, { data: "e.jsonl" }, old)).toThrow(/"d\.jsonl" there, "e\.jsonl" now/);
  });
});
