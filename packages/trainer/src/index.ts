/** RLOO and supervised fine-tuning. See README.md. */
export type * from "./contract.ts";
