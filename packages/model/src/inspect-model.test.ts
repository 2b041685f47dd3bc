import { createTfjsBackend } from "@soft-tokens/backend-tfjs";
import { afterAll, describe, expect, it } from "vitest";
import { fixtureFolder } from "./fixtures/open-fixture.ts";
import { inspectModel } from "./inspect-model.ts";
import { loadModel } from "./load-model.ts";

const backend = await createTfjsBackend({ variant: "cpu" });
afterAll(() => backend[Symbol.dispose]());

describe("inspectModel", () => {
  it.each(["llama-untied", "qwen2"])("knows the sizes that the loaded model will have (%s)", async (name) => {
    const folder = fixtureFolder(name);
    const inspection = await inspectModel(folder, {});
    using model = await loadModel(folder, { backend });
    const sizes = [...model.parameters.values()].map(({ size }) => size);
    expect(inspection).toMatchObject({
      folder,
      parameters: sizes.reduce((sum, size) => sum + size, 0),
      largestParameter: Math.max(...sizes),
      config: { layers: model.config.layers },
    });
  });

  it("refuses what cannot be loaded", async () => {
    await expect(inspectModel(fixtureFolder("absent"), {})).rejects.toMatchObject({
      code: "MODEL_NOT_FOUND",
    });
  });
});
