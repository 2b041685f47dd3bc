/**
 * The conformance suite on the native backend, where SOFT_TOKENS_NATIVE_TESTS=1 asks for it; then its absence is a failure.
 * SOFT_TOKENS_NATIVE_DEVICE chooses the device, by default the CPU, where our own kernels (on each tile unit that the processor
 * has, by SOFT_TOKENS_NATIVE_KERNELS) and the portable path that other devices take are all held to it.
 */

import { describeBackend } from "@soft-tokens/tensor/conformance";
import { describe, expect, it } from "vitest";
import { createLibtorchBackend, type LibtorchOptions } from "./index.ts";

const device = (process.env.SOFT_TOKENS_NATIVE_DEVICE ?? "cpu") as NonNullable<LibtorchOptions["device"]>;

if (process.env.SOFT_TOKENS_NATIVE_TESTS === "1") {
  const kernels = (process.env.SOFT_TOKENS_NATIVE_KERNELS ?? "own") as NonNullable<
    LibtorchOptions["kernels"]
  >;
  describeBackend(`libtorch ${device}, ${kernels} kernels`, () => createLibtorchBackend({ device, kernels }));
} else {
  describe("the native backend", () => {
    it("is opened, or says by code why it cannot be", async () => {
      const outcome = await createLibtorchBackend({ device: "cpu" }).then(
        (backend) => {
          backend.dispose();
          return "opened";
        },
        (error: { code?: string }) => error.code,
      );
      expect(["opened", "NOT_BUILT", "NATIVE_ABI", "BACKEND_UNAVAILABLE"]).toContain(outcome);
    });
  });
}
