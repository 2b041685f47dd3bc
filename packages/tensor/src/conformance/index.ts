/**
 * The conformance suite: what every operation of the tensor contract means. A backend's package calls
 * `describeBackend(name, factory)` in a test file of its own, once per variant. Needs vitest.
 *
 * Nothing is skipped: where a capability is absent, the test asks for the error instead.
 */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Backend } from "../contract.ts";
import { adamWSteps } from "./adamw.ts";
import { autograd } from "./autograd.ts";
import { broadcasting } from "./broadcasting.ts";
import { capture } from "./capture.ts";
import { customGradients } from "./custom-gradients.ts";
import { dtypes } from "./dtypes.ts";
import { errors } from "./errors.ts";
import { fused } from "./fused.ts";
import { gradients } from "./gradients.ts";
import { head } from "./head.ts";
import { indices } from "./indices.ts";
import { largeNumbers } from "./large-numbers.ts";
import { lifetime } from "./lifetime.ts";
import { mutation } from "./mutation.ts";
import { nonFinite } from "./non-finite.ts";
import { numerics } from "./numerics.ts";
import { operands } from "./operands.ts";
import { random } from "./random.ts";
import { sampling } from "./sampling.ts";
import { shapes } from "./shapes.ts";
import { type Concern, describeConcern } from "./suite.ts";
import { tokenChoices } from "./token-choice.ts";
import { values } from "./values.ts";

const concerns: Readonly<Record<string, Concern>> = {
  values,
  gradients,
  broadcasting,
  shapes,
  dtypes,
  errors,
  indices,
  numerics,
  operands,
  lifetime,
  autograd,
  "custom gradients": customGradients,
  mutation,
  capture,
  random,
  sampling,
  "fused operations": fused,
  "optimizer steps": adamWSteps,
  "head operations": head,
  "numbers that are not finite": nonFinite,
  "large numbers": largeNumbers,
  "token choice": tokenChoices,
};

/** Defines every test of the contract for one backend. The factory is called once; the suite disposes what it gives. */
export function describeBackend(name: string, factory: () => Promise<Backend>): void {
  describe(`${name} conforms to the tensor contract`, () => {
    let backend: Backend | undefined;
    const current = (): Backend => {
      if (!backend) throw new Error(`${name}: the factory gave no backend`);
      return backend;
    };
    beforeAll(async () => {
      backend = await factory();
    }, 60_000);
    afterAll(() => backend?.[Symbol.dispose]());

    it("declares the dtypes that every backend needs", () => {
      expect([...current().capabilities.dtypes]).toEqual(
        expect.arrayContaining(["float32", "int32", "bool"]),
      );
      expect(current().name).not.toBe("");
    });
    for (const [title, concern] of Object.entries(concerns)) describeConcern(title, concern, current);
  });
}
