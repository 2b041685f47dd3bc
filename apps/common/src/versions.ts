/** What a result was made with: versions and hardware, for config.json and results.json. */

import { readFileSync } from "node:fs";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import type { Backend } from "@soft-tokens/tensor";

export function versions(backend: Backend): Record<string, string> {
  const manifest = JSON.parse(
    readFileSync(fileURLToPath(new URL("../package.json", import.meta.url)), "utf8"),
  );
  return {
    "soft-tokens": manifest.version,
    node: process.version,
    backend: backend.name,
    device: backend.capabilities.device,
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    platform: `${process.platform}-${process.arch}`,
  };
}
