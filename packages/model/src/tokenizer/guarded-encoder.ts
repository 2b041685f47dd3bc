/**
 * The library's encoder, held to what a tokenizer file from a stranger can do to it: regular expressions that backtrack without
 * end, templates with tokens that do not exist, parts that are malformed. Each ends in a ModelError that names the file.
 */

import type { Tokenizer as HuggingFaceTokenizer } from "@huggingface/tokenizers";
import { ModelError } from "../errors.ts";
import { TimeLimitExceeded, withTimeLimit } from "./time-limit.ts";

/** A prompt takes a millisecond, so this ends hangs alone; long texts get a millisecond more per character. */
const LEAST_LIMIT_MS = 1500;
/** The clock goes on while a process is stopped: what took too long once is tried again. */
const TRIES = 2;

/** Letters, a digit, spaces and a line end: enough to pass through every part of a tokenizer once. */
const PROBE = "A b 1\n";

export interface GuardedEncoderOptions {
  /** The file's content, for the names of its expressions. */
  readonly definition: object;
  readonly file: string;
  /** Of one try at a text of no length. Defaults to 1,500; a millisecond per character is added. */
  readonly timeLimitMs?: number;
}

/** A text without the special tokens around it. */
export type Encode = (text: string) => number[];

/**
 * Tries the encoder once, so that a malformed part is found when a model is loaded and not at its first prompt.
 * @throws TOKENIZER_INVALID, as the encoder does; the encoder also TOKENIZER_STALLED
 */
export function createGuardedEncoder(library: HuggingFaceTokenizer, options: GuardedEncoderOptions): Encode {
  const encode: Encode = (text) => {
    const ids = guarded(library, text, options);
    const wrong = ids.findIndex((id) => !Number.isInteger(id) || id < 0);
    if (wrong === -1) return ids;
    throw invalid(options.file, `gives ${unknownToken(library, text, wrong)} no id`);
  };
  encode(PROBE);
  return encode;
}

function guarded(
  library: HuggingFaceTokenizer,
  text: string,
  { definition, file, timeLimitMs = LEAST_LIMIT_MS }: GuardedEncoderOptions,
): number[] {
  const limitMs = timeLimitMs + text.length;
  for (let tries = 1; tries <= TRIES; tries++) {
    try {
      return withTimeLimit(limitMs, () => library.encode(text, { add_special_tokens: false }).ids);
    } catch (cause) {
      if (cause instanceof TimeLimitExceeded) continue;
      throw invalid(file, `cannot encode a text (${cause instanceof Error ? cause.message : cause})`, cause);
    }
  }
  throw stalled(text, limitMs, definition, file);
}

function stalled(text: string, limitMs: number, definition: object, file: string): ModelError {
  const expressions = findExpressions(definition).map(
    ({ path, source }) => `${path} ${JSON.stringify(source)}`,
  );
  const [first] = findExpressions(definition);
  return new ModelError(
    "TOKENIZER_STALLED",
    `a text of ${text.length} characters was not encoded within ${limitMs} ms. A regular expression of the file may backtrack without end: ${expressions.join(", ") || "it has none"}`,
    { file, ...(first && { key: first.path }) },
  );
}

interface FoundExpression {
  readonly path: string;
  readonly source: string;
}

/** Every `{"Regex": ...}` with its path. */
function findExpressions(value: unknown, path = ""): FoundExpression[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    if (key === "Regex" && typeof inner === "string") return [{ path, source: inner }];
    // Vocabulary and merges are large and hold no expressions.
    return key === "model" ? [] : findExpressions(inner, path === "" ? key : `${path}.${key}`);
  });
}

/** The token that has no id, for the message. */
function unknownToken(library: HuggingFaceTokenizer, text: string, position: number): string {
  const token = library.encode(text, { add_special_tokens: false }).tokens[position];
  return token === undefined ? `token ${position} of a text` : `the token ${JSON.stringify(token)}`;
}

function invalid(file: string, why: string, cause?: unknown): ModelError {
  return new ModelError("TOKENIZER_INVALID", why, { file, ...(cause !== undefined && { cause }) });
}
