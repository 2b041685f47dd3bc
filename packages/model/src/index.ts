/** Language models from Hugging Face folders. See README.md. */
export type * from "./config/config.ts";
export type * from "./contract.ts";
export type * from "./tokenizer/tokenizer.ts";
