/** Matchers and tolerances for tests of tensor code. Needs vitest. */
export { type CloseOptions, expectClose, expectNumbersClose } from "./expect-close.ts";
export { expectGradient, type GradientOptions } from "./expect-gradient.ts";
export { withLeakCheck } from "./leak-check.ts";
export { machineEpsilon, type Tolerance, toleranceOf } from "./tolerance.ts";
