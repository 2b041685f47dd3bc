/** TensorFlow.js backend of the tensor contract. See README.md. */
export { createTfjsBackend, type TfjsBackend, type TfjsBackendOptions } from "./create.ts";
export type { Variant } from "./load/variants.ts";
