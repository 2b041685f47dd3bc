/** `@soft-tokens/graders/pool`: grading in threads and processes, with time limits and graders of one's own. For Node. */
export type { GradeItem, PoolStatus, PoolVerdict } from "./contract.ts";
export { GraderPoolError, type GraderPoolErrorCode } from "./errors.ts";
export { createGraderPool } from "./pool.ts";
export type { GraderPool, GraderPoolCounts, GraderPoolOptions } from "./types.ts";
