/** Language models from Hugging Face folders. See README.md. */

export { chatTemplates } from "./chat-templates.ts";
export type * from "./config/config.ts";
export { parseConfig } from "./config/parse-config.ts";
export type * from "./contract.ts";
export { embeddingRms } from "./embedding-rms.ts";
export { ModelError, type ModelErrorCode } from "./errors.ts";
export { type InitializeModelOptions, initializeModel } from "./initialize-model.ts";
export { inspectModel, type ModelInspection, parameterCount } from "./inspect-model.ts";
export { loadModel } from "./load-model.ts";
export { parseJson } from "./parse-json.ts";
export type { SafetensorsData, SafetensorsDType } from "./safetensors/dtype.ts";
export type { SafetensorsEntry } from "./safetensors/header.ts";
export { readSafetensors, type SafetensorsFile } from "./safetensors/read.ts";
export { type SafetensorsTensor, writeSafetensors } from "./safetensors/write.ts";
export { type SaveModelOptions, saveModel } from "./save-model.ts";
export { createTokenizer, type TokenizerFiles } from "./tokenizer/create-tokenizer.ts";
export { encodeInside, encodePair, encodePrompt } from "./tokenizer/encode-part.ts";
export type * from "./tokenizer/tokenizer.ts";
export type * from "./warnings.ts";
