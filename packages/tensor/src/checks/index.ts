/**
 * The checks that every backend makes of its operands before any arithmetic, and the shapes that follow from them. For
 * authors of backends: one place for what is refused and how it is said. Pure functions of shapes and dtypes.
 */

export * from "./capture.ts";
export * from "./dtypes.ts";
export * from "./fused.ts";
export * from "./gradients.ts";
export * from "./ids.ts";
export * from "./mutation.ts";
export * from "./shapes.ts";
