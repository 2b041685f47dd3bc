import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import "./test-support/close-to-relative.ts";
import { computePinnedLosses, type PinnedLosses, pinnedFile } from "./test-support/pinned-losses.ts";

it("the tiny model's first steps have the losses and gradient norms that were pinned", async () => {
  const { losses } = JSON.parse(readFileSync(pinnedFile, "utf8")) as { losses: PinnedLosses };
  const now = await computePinnedLosses();
  expect(Object.keys(now)).toEqual(Object.keys(losses));
  for (const [run, steps] of Object.entries(losses)) {
    expect(now[run], run).toHaveLength(steps.length);
    for (const [step, { loss, gradientNorm }] of steps.entries()) {
      // Kernels may sum in another order; five steps of AdamW carry that on.
      expect(now[run]?.[step]?.loss, `${run} step ${step + 1}`).toBeCloseToRelative(loss, 1e-3);
      expect(now[run]?.[step]?.gradientNorm, `${run} step ${step + 1}`).toBeCloseToRelative(
        gradientNorm,
        1e-2,
      );
    }
  }
});
