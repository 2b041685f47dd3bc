import { readdirSync } from "node:fs";
import { defineConfig } from "vitest/config";

// One inline project per package and app. Source-first: the `@soft-tokens/source` condition resolves every
// package of ours to its TypeScript, so tests need no build; `es2022` so that `using` runs on Node 20.
const condition = "@soft-tokens/source";

const rooms = ["packages", "apps"].flatMap((folder) =>
  readdirSync(folder).map((name) => `${folder}/${name}`),
);

export default defineConfig({
  test: {
    projects: [...rooms, "scripts"].map((root) => ({
      root,
      resolve: { conditions: [condition] },
      ssr: { resolve: { conditions: [condition, "node", "import", "module", "default"] } },
      oxc: { target: "es2022" },
      test: {
        name: root,
        include: ["**/*.test.ts"],
        exclude: ["**/node_modules/**", "**/dist/**"],
        // Against hangs alone: a busy machine is ten times slower than a quiet one.
        testTimeout: 120_000,
        hookTimeout: 120_000,
      },
    })),
  },
});
