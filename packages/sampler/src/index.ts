/** Thought policies and generation. See README.md. */
export type * from "./contract.ts";
