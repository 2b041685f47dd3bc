/**
 * The parts of a `tokenizer.json` in a form in which @huggingface/tokenizers 0.2.0 does what the Rust library does with them.
 * What it would silently do otherwise is rewritten or refused:
 *
 * - `ByteLevel`, `Whitespace`, `WhitespaceSplit` and `Strip` use JavaScript's white space, which has U+FEFF and lacks
 *   U+0085, and its ASCII `\w`; a `Split` or `Replace` with the same expression is translated rightly.
 * - `Metaspace` never splits; `add_prefix_space` of its old form is ignored.
 * - `Digits` takes ASCII digits alone; the Rust library takes every numeric character (`char::is_numeric`).
 * - `(?i:...)` folds ASCII letters alone; Oniguruma also takes U+017F, the long s, for an s.
 * - `Split` keeps matches as pieces of their own whatever its `behavior`, and a `String` pattern even where it is removed.
 * - `Replace` reads `$` of its content as a reference; `Lowercase` knows the final sigma.
 * - Characters that a model without an unknown token lacks are dropped after merging, not before.
 * - `Precompiled`, `BertNormalizer` and `StripAccents` are only like the originals.
 *
 * `withPrefix: false` leaves out the space that SentencePiece-style tokenizers put in front of a text.
 */

import { z } from "zod";
import { refusal } from "./refusal.ts";

export const partSchema = z.looseObject({ type: z.string() });
export type TokenizerPart = z.infer<typeof partSchema>;

export interface RepairOptions {
  readonly file: string;
  readonly withPrefix: boolean;
}

/** Which pieces of a text get a space in front: none, the very first, or every one (a text and what follows an added token). */
export type PrefixScheme = "none" | "first" | "every";

export function prefixScheme(
  normalizer: TokenizerPart | null,
  preTokenizer: TokenizerPart | null,
): PrefixScheme {
  const parts = [...flatten(normalizer, "normalizers"), ...flatten(preTokenizer, "pretokenizers")];
  const schemes = parts.map((part): PrefixScheme => {
    if (part.type === "Prepend" || (part.type === "ByteLevel" && part.add_prefix_space === true))
      return "every";
    if (part.type !== "Metaspace" || part.prepend_scheme === "never") return "none";
    return part.prepend_scheme === "first" ? "first" : "every";
  });
  return (
    schemes.find((scheme) => scheme === "every") ?? schemes.find((scheme) => scheme === "first") ?? "none"
  );
}

/** @throws TOKENIZER_INVALID with the key */
export function repairNormalizer(part: TokenizerPart, options: RepairOptions): TokenizerPart {
  const { file, withPrefix } = options;
  switch (part.type) {
    case "Sequence":
      return {
        ...part,
        normalizers: innerParts(part.normalizers, "normalizer.normalizers", file).map((inner) =>
          repairNormalizer(inner, options),
        ),
      };
    case "NFC":
    case "NFD":
    case "NFKC":
    case "NFKD":
      return part;
    case "Prepend":
      return withPrefix ? part : { type: "Sequence", normalizers: [] };
    case "Replace":
      return { ...part, content: String(part.content ?? "").replaceAll("$", "$$$$") };
    case "Strip": {
      const left = part.strip_left === false ? [] : [replace(String.raw`\A\s+`, "")];
      const right = part.strip_right === false ? [] : [replace(String.raw`\s+\z`, "")];
      return { type: "Sequence", normalizers: [...left, ...right] };
    }
    case "Lowercase":
      return { type: "Sequence", normalizers: [replace("\u03a3", "\u03c3"), part] };
    default:
      throw refusal(file, "normalizer.type", `${part.type} is not supported`);
  }
}

/** The expression of GPT-2, which `ByteLevel` with `use_regex` uses (tokenizers, pre_tokenizers/byte_level.rs). */
const BYTE_LEVEL_PATTERN = String.raw`'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`;
/** `\w` of Rust's regular expressions. */
const WORD = String.raw`\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}`;

/** @throws TOKENIZER_INVALID with the key */
export function repairPreTokenizer(part: TokenizerPart, options: RepairOptions): TokenizerPart {
  const { file, withPrefix } = options;
  switch (part.type) {
    case "Sequence":
      return sequence(
        innerParts(part.pretokenizers, "pre_tokenizer.pretokenizers", file).map((inner) =>
          repairPreTokenizer(inner, options),
        ),
      );
    case "ByteLevel":
      return sequence([
        // The library's Metaspace with a space for its mark adds a space where there is none, and does nothing else.
        ...(withPrefix && part.add_prefix_space === true
          ? [{ type: "Metaspace", replacement: " ", prepend_scheme: "always" }]
          : []),
        // Absent `use_regex` means true.
        ...(part.use_regex === false ? [] : [split(BYTE_LEVEL_PATTERN)]),
        { ...part, use_regex: false, add_prefix_space: false },
      ]);
    case "Metaspace":
      return repairMetaspace(part, options);
    case "Digits":
      return split(part.individual_digits === true ? String.raw`\p{N}` : String.raw`\p{N}+`);
    case "Split":
      return repairSplit(part, file);
    case "Whitespace":
      return { ...split(String.raw`[${WORD}]+|[^${WORD}\s]+`), behavior: "Removed", invert: true };
    case "WhitespaceSplit":
      return { ...split(String.raw`\s+`), behavior: "Removed" };
    default:
      throw refusal(file, "pre_tokenizer.type", `${part.type} is not supported`);
  }
}

/** The last step before a model that has neither a token nor bytes for what it does not know: it never sees such characters. */
export function dropUnknown(
  preTokenizer: TokenizerPart | null,
  vocabulary: ReadonlyMap<string, number>,
): TokenizerPart | null {
  const known = [...vocabulary.keys()].filter((token) => [...token].length === 1);
  const isByteLevel = flatten(preTokenizer, "pretokenizers").some(({ type }) => type === "ByteLevel");
  if (isByteLevel && known.length >= 256) return preTokenizer;
  const codes = known.map((token) => `\\x{${token.codePointAt(0)?.toString(16)}}`).join("");
  const drop = replace(codes === "" ? String.raw`[\s\S]` : `[^${codes}]`, "");
  return sequence(preTokenizer === null ? [drop] : [preTokenizer, drop]);
}

function repairMetaspace(part: TokenizerPart, { file, withPrefix }: RepairOptions): TokenizerPart {
  const { replacement = "\u2581", prepend_scheme: scheme = "always" } = part;
  if (typeof replacement !== "string" || [...replacement].length !== 1) {
    throw refusal(file, "pre_tokenizer.replacement", `${JSON.stringify(replacement)} is not one character`);
  }
  if (scheme !== "always" && scheme !== "first" && scheme !== "never") {
    throw refusal(file, "pre_tokenizer.prepend_scheme", `${JSON.stringify(scheme)} is not supported`);
  }
  if (part.add_prefix_space === false && scheme !== "never") {
    throw refusal(file, "pre_tokenizer.add_prefix_space", `false contradicts prepend_scheme ${scheme}`);
  }
  const mark = {
    type: "Metaspace",
    replacement,
    // Which piece of a text is the first is decided by who calls the library.
    prepend_scheme: withPrefix && scheme !== "never" ? "always" : "never",
  };
  if (part.split === false) return mark;
  const escaped = escapePattern(replacement);
  return sequence([mark, split(`${escaped}[^${escaped}]*|[^${escaped}]+`)]);
}

function repairSplit(part: TokenizerPart, file: string): TokenizerPart {
  const behavior = String(part.behavior ?? "").toLowerCase();
  const isKeptAsIs = part.invert === true ? behavior === "removed" : /^(removed|isolated)$/.test(behavior);
  if (!isKeptAsIs) {
    const setting = `behavior ${part.behavior} with invert ${part.invert ?? false}`;
    throw refusal(file, "pre_tokenizer.behavior", `${setting} is not supported`);
  }
  const pattern = (part.pattern ?? {}) as { readonly Regex?: unknown; readonly String?: unknown };
  if (typeof pattern.String === "string") {
    return { ...part, pattern: { Regex: escapePattern(pattern.String) } };
  }
  if (typeof pattern.Regex !== "string") {
    throw refusal(file, "pre_tokenizer.pattern", "wanted a Regex or a String");
  }
  const hasGroup = /(?<!\\)(?:\\\\)*\((?!\?)/.test(pattern.Regex);
  if (hasGroup && behavior === "removed" && part.invert !== true) {
    throw refusal(file, "pre_tokenizer.pattern", "groups in what is removed are not supported");
  }
  const source = pattern.Regex.replace(/\(\?i:'s\|/g, "(?i:'[s\u017f]|");
  return { ...part, pattern: { Regex: source } };
}

function flatten(part: TokenizerPart | null, key: "normalizers" | "pretokenizers"): TokenizerPart[] {
  if (part === null) return [];
  if (part.type !== "Sequence") return [part];
  return ((part[key] ?? []) as TokenizerPart[]).flatMap((inner) => flatten(inner, key));
}

function innerParts(value: unknown, key: string, file: string): TokenizerPart[] {
  const parts = z.array(partSchema).safeParse(value);
  if (!parts.success) throw refusal(file, key, "wanted a list");
  return parts.data;
}

function split(source: string): TokenizerPart {
  return { type: "Split", pattern: { Regex: source }, behavior: "Isolated", invert: false };
}

function replace(source: string, content: string): TokenizerPart {
  return { type: "Replace", pattern: { Regex: source }, content };
}

function sequence(pretokenizers: readonly TokenizerPart[]): TokenizerPart {
  return pretokenizers.length === 1 && pretokenizers[0]
    ? pretokenizers[0]
    : { type: "Sequence", pretokenizers: [...pretokenizers] };
}

function escapePattern(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/#-]/g, "\\$&");
}
