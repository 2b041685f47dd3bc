/** How the suite's tests are written: `check(title, body)`, each under a leak check on the one backend of the run. */

import { describe, expect, it } from "vitest";
import type { Backend } from "../contract.ts";
import { withLeakCheck } from "../testing/leak-check.ts";

/** Defines one test. The body disposes every tensor that it makes. */
export type Check = (title: string, body: (ops: Backend) => void | Promise<void>) => void;

/** A concern: a group of tests in a file of its own. */
export type Concern = (check: Check) => void;

/** Defines the tests of one concern on the backend that `current` gives when they run. */
export function describeConcern(title: string, concern: Concern, current: () => Backend): void {
  describe(title, () => {
    concern((testTitle, body) => {
      it(testTitle, () => withLeakCheck(current(), () => body(current())));
    });
  });
}

/** Fails unless `act` throws, at once or by rejection, an error with this code. */
export async function expectCode(act: () => unknown, code: string): Promise<void> {
  let thrown: unknown;
  try {
    await act();
  } catch (error) {
    thrown = error;
  }
  expect(thrown, `wanted an error with code ${code}`).toBeInstanceOf(Error);
  expect((thrown as { code?: unknown }).code, `code of: ${(thrown as Error).message}`).toBe(code);
}
