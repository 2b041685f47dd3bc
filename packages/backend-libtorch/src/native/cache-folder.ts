/** Where this project keeps what it downloads or makes once: SOFT_TOKENS_CACHE, else XDG_CACHE_HOME or ~/.cache with soft-tokens. */

import { homedir } from "node:os";
import { join } from "node:path";

export type Environment = Readonly<Record<string, string | undefined>>;

export function cacheFolder(environment: Environment = process.env): string {
  if (environment.SOFT_TOKENS_CACHE) return environment.SOFT_TOKENS_CACHE;
  return join(environment.XDG_CACHE_HOME || join(homedir(), ".cache"), "soft-tokens");
}

/** "linux-x64", "linux-arm64", "darwin-arm64": names cache folders and platform packages. */
export function platformName(): string {
  return `${process.platform}-${process.arch}`;
}
