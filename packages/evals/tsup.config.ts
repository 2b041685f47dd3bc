import { defineConfig } from "tsup";

export default defineConfig({
  entry: { index: "src/index.ts", "report/index": "src/report/index.ts" },
  format: "esm",
  target: "es2022",
  dts: true,
  clean: true,
  sourcemap: true,
});
