/** Wiring that both apps share. See README.md. */

export * from "./backend.ts";
export * from "./check-prompts.ts";
export * from "./errors.ts";
export * from "./evaluate-model.ts";
export * from "./file-error.ts";
export * from "./grade.ts";
export * from "./grading.ts";
export * from "./load-options.ts";
export { FolderInUseError, type FolderLock, lockFolder } from "./lock/folder-lock.ts";
export { availableMemory } from "./memory/available.ts";
export type { MemoryNeeds } from "./memory/estimate.ts";
export * from "./memory/memory-size.ts";
export { refuseTooLarge } from "./memory/refuse-too-large.ts";
export * from "./model-options.ts";
export * from "./open-model.ts";
export * from "./problems.ts";
export * from "./processor.ts";
export * from "./progress.ts";
export * from "./run-main.ts";
export * from "./schema-options.ts";
export { InterruptedError } from "./stop.ts";
export * from "./terminal.ts";
export * from "./versions.ts";
export { syncFolder, writeWhole } from "./write-whole.ts";
