import { createRequire } from "node:module";
import { describe, expect, it } from "vitest";
import { createTfjsBackend } from "./create.ts";

const installed = createRequire(import.meta.url);

describe("createTfjsBackend", () => {
  it("takes the best variant that loads and says why not a better one", async () => {
    using backend = await createTfjsBackend({
      require: without("@tensorflow/tfjs-node", "@tensorflow/tfjs-node-gpu"),
    });
    expect(backend.name).toBe("tfjs-wasm");
    expect(backend.variant).toBe("wasm");
    expect(backend.choice).toMatch(
      /^TensorFlow.js, variant wasm .*not better ones because node-gpu: not installed; node: /,
    );
    expect(backend.choice).not.toContain("\n");
  });

  it("falls back to plain JavaScript, without a word on the console", async () => {
    using backend = await createTfjsBackend({
      require: without("@tensorflow/tfjs-node", "@tensorflow/tfjs-node-gpu", "@tensorflow/tfjs-backend-wasm"),
    });
    expect(backend.variant).toBe("cpu");
    expect(backend.capabilities.inPlaceWrite).toBe(false);
  });

  it("reports the first line of a package that is there but does not start", async () => {
    using backend = await createTfjsBackend({
      require: (name) => {
        if (name !== "@tensorflow/tfjs-node-gpu") return without("@tensorflow/tfjs-node")(name);
        throw new Error("libcudart.so.11.0: cannot open shared object file\nRequire stack: ...");
      },
    });
    expect(backend.choice).toContain(
      "node-gpu: libcudart.so.11.0: cannot open shared object file; node: not installed",
    );
  });

  it.each(["node-gpu", "node", "wasm", "cpu"] as const)(
    "throws BACKEND_UNAVAILABLE when %s is asked for and missing",
    async (variant) => {
      await expect(createTfjsBackend({ variant, require: without("") })).rejects.toMatchObject({
        code: "BACKEND_UNAVAILABLE",
        message: expect.stringContaining(`${variant}: not installed`),
      });
    },
  );

  it("lists every try when nothing loads", async () => {
    await expect(createTfjsBackend({ require: without("") })).rejects.toMatchObject({
      code: "BACKEND_UNAVAILABLE",
      message: expect.stringMatching(/node-gpu: .*; node: .*; wasm: .*; cpu: /),
      cause: expect.any(AggregateError),
    });
  });

  it("says when it was asked for the stock kernels", async () => {
    using backend = await createTfjsBackend({ variant: "wasm", repairs: false });
    expect(backend.choice).toContain("stock kernels, as asked");
    expect(backend.capabilities.fused.size).toBe(0);
  });
});

/** `require` on a machine where some packages are missing; all that begin with the empty string are all. */
function without(...missing: string[]): (name: string) => unknown {
  return (name) => {
    if (!missing.includes(name) && !missing.includes("")) return installed(name);
    throw Object.assign(new Error(`Cannot find module '${name}'`), { code: "MODULE_NOT_FOUND" });
  };
}
