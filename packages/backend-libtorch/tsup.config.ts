import { defineConfig } from "tsup";

export default defineConfig({
  entry: { index: "src/index.ts", native: "src/native/index.ts" },
  format: "esm",
  target: "es2022",
  dts: { compilerOptions: { composite: false } }, // the project file is composite for tsc --build
  clean: true,
  sourcemap: true,
});
