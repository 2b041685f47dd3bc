import { expect, test } from "vitest";
import { inspectShape, type ShapeName } from "./shapes.ts";

test.each<[ShapeName, number]>([
  ["smollm2-135m", 134_515_008],
  ["llama-3.2-1b", 1_235_814_400],
  ["llama-3.2-3b", 3_212_749_824],
  ["llama-3.1-8b", 8_030_261_248],
  ["qwen2.5-3b", 3_085_938_688],
])("%s has as many parameters as the published model", (name, parameters) => {
  expect(inspectShape(name).parameters).toBe(parameters);
});
