/** A fuzzing run in a few lines for people; the last one is "N passed, N failed". */
import type { FuzzResult } from "./run.ts";

export function summary(result: FuzzResult): string {
  const { count, failures, equal, mostSteps, slowestMs, slowest, heapBefore, heapAfter, cpuMs } = result;
  const megabytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MB`;
  return [
    ...failures.map((failure) => `  ${failure}`),
    `${count} cases in ${(cpuMs / 1000).toFixed(1)} s of processor time; ${equal} equal; at most ${mostSteps} steps`,
    `slowest case ${slowestMs.toFixed(0)} ms: ${slowest}`,
    `live heap ${megabytes(heapBefore)} at a tenth, ${megabytes(heapAfter)} at the end`,
    `${count - failures.length} passed, ${failures.length} failed`,
  ].join("\n");
}
