import { describe, expect, test } from "vitest";
import { createLibtorchBackend } from "./index.ts";

describe("createLibtorchBackend", () => {
  test("says by code that the native part is not built, and what to use instead", async () => {
    await expect(createLibtorchBackend({ device: "cuda" })).rejects.toMatchObject({
      code: "NOT_BUILT",
      message: expect.stringContaining("@soft-tokens/backend-tfjs"),
    });
  });
});
