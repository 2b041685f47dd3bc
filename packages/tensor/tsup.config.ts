import { defineConfig } from "tsup";

export default defineConfig({
  entry: {
    index: "src/index.ts",
    "checks/index": "src/checks/index.ts",
    "conformance/index": "src/conformance/index.ts",
    "testing/index": "src/testing/index.ts",
  },
  format: "esm",
  target: "es2022",
  dts: { compilerOptions: { composite: false } }, // the project file is composite for tsc --build
  clean: true,
  sourcemap: true,
});
