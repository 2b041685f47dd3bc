import { defineConfig } from "tsup";

export default defineConfig({
  // Side by side and with shared parts in the same folder: the pool finds worker.js and grader-process.js beside itself.
  entry: {
    index: "src/index.ts",
    pool: "src/pool/index.ts",
    worker: "src/pool/worker.ts",
    "grader-process": "src/pool/grader-process.ts",
    cli: "src/cli.ts",
  },
  format: "esm",
  target: "es2022",
  dts: { compilerOptions: { composite: false } }, // the project file is composite for tsc --build
  clean: true,
  sourcemap: true,
});
