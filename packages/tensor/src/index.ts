/** The tensor contract. See README.md for its boundary, `./conformance` for what every operation means. */
export type * from "./contract.ts";
export * from "./dtype.ts";
export * from "./errors.ts";
export type * from "./fused/contract.ts";
export * from "./fused/index.ts";
export * from "./handle-scopes.ts";
export * from "./random/fill.ts";
export * from "./random/key.ts";
export * from "./scope.ts";
export * from "./shape.ts";
