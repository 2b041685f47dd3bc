import { describe, expect, it } from "vitest";
import { createLibtorchBackend } from "./index.ts";

describe("createLibtorchBackend", () => {
  it("refuses a number of threads that is none", async () => {
    await expect(createLibtorchBackend({ threads: -1 })).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  });
});
