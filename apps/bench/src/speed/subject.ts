/**
 * The model under measurement: a folder or hub id with its own weights, or a shape by name with random ones. Its text never
 * ends: every thought and every answer is as long as it may be, so that all kinds of thought do the same work.
 */

import {
  availableMemory,
  loadProblems,
  type ModelOptions,
  openBackend,
  openModel,
  refuseTooLarge,
  resolveDtype,
} from "@soft-tokens/app-common";
import { PAPER_TEMPLATE, renderPrompt } from "@soft-tokens/evals";
import { encodePrompt, initializeModel, type LanguageModel } from "@soft-tokens/model";
import { type Backend, type FloatDType, RandomKey } from "@soft-tokens/tensor";
import { byteTokenizer } from "../engine/random-model.ts";
import { configOfShape, inspectShape, isShapeName, type ShapeName } from "./shapes.ts";

export interface Subject extends Disposable {
  readonly backend: Backend;
  readonly model: LanguageModel;
  readonly dtype: FloatDType;
  readonly hasRandomWeights: boolean;
  /** Forced between thought and answer, about as many tokens as the paper's. */
  readonly stopString: string;
  readonly answerPrefix: string;
}

type Needs = Parameters<typeof openModel>[1];

export async function openSubject(
  options: ModelOptions & { readonly threads: number },
  needs: Needs,
  signal: AbortSignal,
): Promise<Subject> {
  if (isShapeName(options.model)) return openShape(options.model, options, needs);
  const opened = await openModel(options, needs, signal);
  return {
    ...opened,
    model: endless(opened.model),
    hasRandomWeights: false,
    stopString: "The final answer is: ",
    answerPrefix: "\\boxed{",
    [Symbol.dispose]: () => opened[Symbol.dispose](),
  };
}

async function openShape(
  name: ShapeName,
  options: ModelOptions & { readonly threads: number },
  needs: Needs,
): Promise<Subject> {
  const { backend, reason } = await openBackend(options.backend, { threads: options.threads });
  process.stderr.write(`backend  ${reason}\n`);
  try {
    const inspected = inspectShape(name);
    const dtype = resolveDtype(options.dtype, inspected.weightsDtype, backend);
    if (!options.ignoreMemoryCheck) {
      refuseTooLarge({
        model: inspected,
        name,
        dtype,
        dtypes: backend.capabilities.dtypes,
        needs: { ...needs, headElements: options.headElements },
        available: availableMemory(backend),
      });
    }
    const files = {
      "config.json": configOfShape(name),
      "tokenizer.json": byteTokenizer(),
      "tokenizer_config.json": {},
    };
    const model = initializeModel({ backend, dtype, files, key: RandomKey.fromSeed(0).fold("bench") });
    process.stderr.write(`model    ${name}: random weights, ${dtype}\n`);
    return {
      backend,
      model: endless(model),
      dtype,
      hasRandomWeights: true,
      stopString: "Answer: ", // one token per byte
      answerPrefix: "{",
      [Symbol.dispose]() {
        model.dispose();
        backend[Symbol.dispose]();
      },
    };
  } catch (error) {
    backend[Symbol.dispose]();
    throw error;
  }
}

/** The same model in whose text nothing ends a thought or an answer. */
function endless(model: LanguageModel): LanguageModel {
  const { tokenizer } = model;
  const letter = new TextEncoder().encode("x");
  return {
    config: { ...model.config, eosTokenIds: [] },
    backend: model.backend,
    tokenizer: {
      vocabularySize: tokenizer.vocabularySize,
      bosTokenId: tokenizer.bosTokenId,
      eosTokenIds: [],
      encode: (text, options) => tokenizer.encode(text, options),
      decode: (ids, options) => tokenizer.decode(ids, options),
      tokenBytes: () => letter,
    },
    parameters: model.parameters,
    head: model.head,
    files: model.files,
    warnings: model.warnings,
    embed: (ids) => model.embed(ids),
    forward: (input_BTD, options) => model.forward(input_BTD, options),
    prefill: (promptIds, options) => model.prefill(promptIds, options),
    forwardGrouped: (input) => model.forwardGrouped(input),
    computePrompts: (promptIds, options) => model.computePrompts(promptIds, options),
    forwardSuffix: (input) => model.forwardSuffix(input),
    dispose: () => model.dispose(),
    [Symbol.dispose]: () => model.dispose(),
  };
}

/** Problems in the paper's words, cut or continued to a number of tokens. */
export async function problemTexts(model: LanguageModel, count: number, tokens: number): Promise<string[]> {
  const { questions } = await loadProblems({ data: "gsm8k", task: "gsm8k", split: "train" });
  return Array.from({ length: count }, (_, index) => {
    const from = (offset: number) => questions[(index + offset) % questions.length]?.question ?? "";
    let text = renderPrompt(from(0), PAPER_TEMPLATE);
    for (let more = 1; encodePrompt(model.tokenizer, text).length < tokens; more++) text += ` ${from(more)}`;
    const ids = encodePrompt(model.tokenizer, text).slice(0, tokens);
    return model.tokenizer.decode(ids);
  });
}
