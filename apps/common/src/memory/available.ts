/** Memory that this process may still take. */

import { freemem, totalmem } from "node:os";
import type { Backend } from "@soft-tokens/tensor";

export interface AvailableMemory {
  readonly bytes: number;
  /** Whose memory it is, for people. */
  readonly where: string;
}

/**
 * The device's free memory where the backend reports one, else the host's: what the system calls available, and no more than
 * the limit of the container leaves. Elsewhere than on Linux "free" excludes what the system would give up, so all of it counts.
 */
export function availableMemory(backend: Backend): AvailableMemory {
  const { availableBytes } = backend.memory();
  if (availableBytes !== undefined) return { bytes: availableBytes, where: backend.capabilities.device };
  const free = process.platform === "linux" ? freemem() : totalmem();
  const limit = process.constrainedMemory() ?? 0;
  const isLimited = limit > 0 && limit < totalmem();
  const left = isLimited ? Math.max(0, limit - process.memoryUsage.rss()) : free;
  return left < free ? { bytes: left, where: "this container" } : { bytes: free, where: "this machine" };
}
