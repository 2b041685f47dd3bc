import { ModelError } from "../errors.ts";

/** The error of a tokenizer file that asks for what is not supported, or that no tokenizer can have. */
export function refusal(file: string, key: string, why: string): ModelError {
  return new ModelError("TOKENIZER_INVALID", `${key}: ${why}`, { file, key });
}
