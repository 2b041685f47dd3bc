import { describe, expect, it } from "vitest";
import { TensorScope } from "./scope.ts";

/** Something that notes when it is disposed. */
function noting(log: string[], name: string): Disposable {
  return { [Symbol.dispose]: () => void log.push(name) };
}

describe("TensorScope", () => {
  it("disposes what it tracks at the end of the block, last first", () => {
    const log: string[] = [];
    {
      using scope = new TensorScope();
      const first = noting(log, "first");
      expect(scope.track(first)).toBe(first);
      scope.track(noting(log, "second"));
      expect(log).toEqual([]);
    }
    expect(log).toEqual(["second", "first"]);
  });

  it("lets go of what is released", () => {
    const log: string[] = [];
    const scope = new TensorScope();
    const kept = scope.track(noting(log, "kept"));
    scope.track(noting(log, "lost"));
    expect(scope.release(kept)).toBe(kept);
    scope.dispose();
    expect(log).toEqual(["lost"]);
  });

  it("disposes once, and can be used again", () => {
    const log: string[] = [];
    const scope = new TensorScope();
    scope.track(noting(log, "a"));
    scope.dispose();
    scope.dispose();
    scope.track(noting(log, "b"));
    scope[Symbol.dispose]();
    expect(log).toEqual(["a", "b"]);
  });

  it("disposes when the block throws", () => {
    const log: string[] = [];
    expect(() => {
      using scope = new TensorScope();
      scope.track(noting(log, "a"));
      throw new RangeError("stop");
    }).toThrow(RangeError);
    expect(log).toEqual(["a"]);
  });
});
