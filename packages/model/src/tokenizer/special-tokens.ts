/**
 * The tokens that a model folder names outside of `tokenizer.json`: `tokenizer_config.json`, and where it has no
 * `added_tokens_decoder`, also `special_tokens_map.json` (which then wins) and `added_tokens.json`. That is the order of
 * transformers 5.23 (`PreTrainedTokenizerBase._from_pretrained`).
 */

import { z } from "zod";
import { refusal } from "./refusal.ts";

/** An added token as a file describes it. */
export interface DeclaredToken {
  readonly content: string;
  readonly special: boolean;
  readonly normalized: boolean;
  readonly lstrip: boolean;
  readonly rstrip: boolean;
  readonly singleWord: boolean;
  /** The id that the file gives it. */
  readonly declaredId?: number;
}

export interface SpecialTokens {
  /** By role: `bos_token`, `eos_token` and so on. */
  readonly named: ReadonlyMap<string, DeclaredToken>;
  /** Those with an id of their own, in the order of their ids. */
  readonly declared: readonly DeclaredToken[];
  /** Special tokens without a role. */
  readonly extra: readonly DeclaredToken[];
}

export interface SpecialTokenFiles {
  /** Parsed `tokenizer_config.json`. */
  readonly settings: unknown;
  /** Parsed `special_tokens_map.json`. */
  readonly specialTokensMap: unknown;
  /** Parsed `added_tokens.json`. */
  readonly addedTokens: unknown;
  /** Of `tokenizer.json`. */
  readonly own: readonly DeclaredToken[];
}

const flag = z.boolean().nullish();
const tokenSchema = z.union([
  z.string(),
  z.looseObject({
    content: z.string(),
    special: flag,
    normalized: flag,
    lstrip: flag,
    rstrip: flag,
    single_word: flag,
  }),
]);
export type RawToken = z.infer<typeof tokenSchema>;

const tokenId = z.number().int().nonnegative();
const fields = {
  extra_special_tokens: z.union([z.array(tokenSchema), z.record(z.string(), tokenSchema)]).nullish(),
  additional_special_tokens: z.array(tokenSchema).nullish(),
};
const settingsSchema = z.looseObject({
  ...fields,
  added_tokens_decoder: z.record(z.string().regex(/^\d+$/), tokenSchema).nullish(),
});
const mapSchema = z.looseObject(fields);
const addedTokensSchema = z.record(z.string(), tokenId);

/** @throws TOKENIZER_INVALID with the key */
export function readSpecialTokens(files: SpecialTokenFiles, file: string): SpecialTokens {
  const settings = parse(settingsSchema, files.settings ?? {}, "tokenizer_config.json", file);
  const hasDecoder = settings.added_tokens_decoder != null;
  const map = hasDecoder
    ? {}
    : parse(mapSchema, files.specialTokensMap ?? {}, "special_tokens_map.json", file);
  const rawExtra =
    nonEmpty(settings.extra_special_tokens) ??
    nonEmpty(settings.additional_special_tokens) ??
    nonEmpty(map.extra_special_tokens) ??
    nonEmpty(map.additional_special_tokens) ??
    [];
  const roles = {
    ...rolesOf(settings, "tokenizer_config.json", file),
    ...rolesOf(map, "special_tokens_map.json", file),
    ...(Array.isArray(rawExtra) ? {} : rawExtra),
  };
  const extra = (Array.isArray(rawExtra) ? rawExtra : []).map((token) => declare(token, { special: true }));
  const specials = new Set([...Object.values(roles), ...extra].map(contentOf));
  const inRole = new Set(Object.values(roles).map(contentOf));
  const declared = hasDecoder
    ? Object.entries(settings.added_tokens_decoder ?? {}).map(([id, token]) => {
        const special = inRole.has(contentOf(token));
        return declare(token, { declaredId: Number(id), special });
      })
    : legacyTokens(files, specials, file);
  declared.sort((a, b) => (a.declaredId ?? 0) - (b.declaredId ?? 0));
  const described = new Map([...files.own, ...declared].map((token) => [token.content, token]));
  const named = Object.entries(roles).map(([role, token]): [string, DeclaredToken] => [
    role,
    { ...(described.get(contentOf(token)) ?? declare(token, {})), special: true },
  ]);
  return { named: new Map(named), declared, extra };
}

/** `added_tokens.json`; a token that `tokenizer.json` has under the same id is described there. */
function legacyTokens(
  files: SpecialTokenFiles,
  specials: ReadonlySet<string>,
  file: string,
): DeclaredToken[] {
  const ownIds = new Set(files.own.map(({ declaredId }) => declaredId));
  const byContent = parse(addedTokensSchema, files.addedTokens ?? {}, "added_tokens.json", file);
  return Object.entries(byContent)
    .filter(([content, id]) => content !== "" && !ownIds.has(id))
    .map(([content, declaredId]) => {
      const special = specials.has(content);
      return declare({ content, special, normalized: !special }, { declaredId });
    });
}

/** Keys like `eos_token` with a token under them; `add_eos_token` is a switch. */
function rolesOf(
  json: Readonly<Record<string, unknown>>,
  name: string,
  file: string,
): Record<string, RawToken> {
  const roles: Record<string, RawToken> = {};
  for (const [key, value] of Object.entries(json)) {
    if (!key.endsWith("_token") || value == null || typeof value === "boolean") continue;
    const token = tokenSchema.safeParse(value);
    if (!token.success)
      throw refusal(file, key, `${name} has ${JSON.stringify(value)}, which is not a token`);
    if (contentOf(token.data) !== "") roles[key] = token.data;
  }
  return roles;
}

/** A token named by its text alone is special, and is matched before the text is normalized. */
export function declare(
  token: RawToken,
  known: { readonly declaredId?: number; readonly special?: boolean },
): DeclaredToken {
  const raw = typeof token === "string" ? { content: token, special: true } : token;
  const special = known.special || (raw.special ?? false);
  return {
    content: raw.content,
    special,
    normalized: raw.normalized ?? !special,
    lstrip: raw.lstrip ?? false,
    rstrip: raw.rstrip ?? false,
    singleWord: raw.single_word ?? false,
    ...(known.declaredId !== undefined && { declaredId: known.declaredId }),
  };
}

function contentOf(token: RawToken | DeclaredToken): string {
  return typeof token === "string" ? token : token.content;
}

function nonEmpty<T extends object>(value: T | null | undefined): T | undefined {
  return value && Object.keys(value).length > 0 ? value : undefined;
}

function parse<T>(schema: z.ZodType<T>, value: unknown, name: string, file: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const key = issue?.path.join(".") ?? "";
  throw refusal(file, key, `${name} cannot be read there (${issue?.message})`);
}
