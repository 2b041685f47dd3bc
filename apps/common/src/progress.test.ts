import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import { createProgress, formatDuration } from "./progress.ts";

function linesOf(report: (progress: ReturnType<typeof createProgress>) => void): string[] {
  const stream = new PassThrough();
  report(createProgress("loading", "MB", stream as unknown as NodeJS.WriteStream));
  return String(stream.read() ?? "")
    .split("\n")
    .filter(Boolean);
}

describe("progress in a log file", () => {
  it("shows the end once, however often it is reported", () => {
    const lines = linesOf((progress) => {
      for (const done of [1, 100, 269, 269, 269]) progress.update(done, 269);
      progress.finish();
    });
    expect(lines).toHaveLength(2);
    expect(lines[1]).toContain("269/269 MB");
  });

  it("shows a second end when there is more to do after the first", () => {
    const lines = linesOf((progress) => {
      progress.update(10, 10);
      progress.update(12, 12);
    });
    expect(lines.map((line) => line.split("  ")[0])).toEqual(["loading 10/10 MB", "loading 12/12 MB"]);
  });
});

describe("formatDuration", () => {
  it.each([
    [3.21, "3.2s"],
    [42, "42s"],
    [65, "1m 05s"],
    [7320, "2h 02m"],
    [Number.POSITIVE_INFINITY, "?"],
  ])("%d seconds are %s", (seconds, text) => {
    expect(formatDuration(seconds)).toBe(text);
  });
});
