/**
 * The native variants, wherever they load: from this package's own surroundings, or from the folder that the environment
 * variable SOFT_TOKENS_TFJS_NODE names (one that has node_modules/@tensorflow/tfjs-node or tfjs-node-gpu).
 */

import { createRequire } from "node:module";
import { join } from "node:path";
import { describeBackend } from "@soft-tokens/tensor/conformance";
import { describe, expect, it } from "vitest";
import { createTfjsBackend } from "./create.ts";
import type { Variant } from "./load/variants.ts";

const folder = process.env.SOFT_TOKENS_TFJS_NODE;
const options = folder ? { require: createRequire(join(folder, "package.json")) } : {};

for (const variant of ["node", "node-gpu"] as const) {
  if (await loads(variant)) {
    describeBackend(`tfjs ${variant}`, () => createTfjsBackend({ variant, ...options }));
  } else {
    describe(`tfjs ${variant}`, () => {
      it("is not installed here, and says so", async () => {
        await expect(createTfjsBackend({ variant, ...options })).rejects.toMatchObject({
          code: "BACKEND_UNAVAILABLE",
        });
      });
    });
  }
}

async function loads(variant: Variant): Promise<boolean> {
  try {
    (await createTfjsBackend({ variant, ...options })).dispose();
    return true;
  } catch {
    return false;
  }
}
