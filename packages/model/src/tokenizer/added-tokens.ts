/**
 * Every added token of a tokenizer with the id that Hugging Face's libraries give it: those of `tokenizer.json`, then those
 * that only the other files name (transformers 5.23, `TokenizersBackend.__init__`; tokenizers, `AddedVocabulary::add_tokens`).
 * A token that the vocabulary has keeps the vocabulary's id; any other gets the next free one, whatever a file says.
 */

import type { WarningSink } from "../warnings.ts";
import type { DeclaredToken, SpecialTokens } from "./special-tokens.ts";

export interface AddedToken extends DeclaredToken {
  readonly id: number;
}

export interface AddedTokenSources {
  /** Of `tokenizer.json`, in its order. */
  readonly own: readonly DeclaredToken[];
  /** Of the other files. */
  readonly others: SpecialTokens;
  /** Of the tokenizer's model. */
  readonly vocabulary: ReadonlyMap<string, number>;
}

/** `file` is the name of `tokenizer.json` in warnings. */
export function resolveAddedTokens(
  { own, others, vocabulary }: AddedTokenSources,
  file: string,
  warn: WarningSink,
): AddedToken[] {
  const tokens = new Map<string, AddedToken>();
  let largestId = -1;
  const add = (token: DeclaredToken): void => {
    const next = largestId >= vocabulary.size ? largestId + 1 : vocabulary.size;
    const id = tokens.get(token.content)?.id ?? vocabulary.get(token.content) ?? next;
    largestId = Math.max(largestId, id);
    tokens.set(token.content, { ...token, id });
  };
  for (const token of own) add(token);
  for (const token of others.declared) add(token);
  const isNew = (token: DeclaredToken) => !tokens.has(token.content);
  const known = new Set([...tokens.keys(), ...vocabulary.keys()]);
  for (const token of [...others.named.values(), ...others.extra]) if (isNew(token)) add(token);

  const added = [...tokens.values()].filter(({ content }) => !known.has(content));
  if (added.length > 0) {
    const list = added.map(({ content, id }) => `${JSON.stringify(content)} (now ${id})`);
    warn({
      code: "TOKEN_ADDED",
      message: `${file}: lacks ${list.join(", ")}, which other files of the folder name; the tokenizer has them all the same, as in transformers`,
      file,
      keys: added.map(({ content }) => content),
    });
  }
  const changed = [...own, ...others.declared].flatMap(({ content, declaredId }) => {
    const id = tokens.get(content)?.id;
    return declaredId === undefined || id === declaredId ? [] : [{ content, declaredId, id }];
  });
  if (changed.length > 0) {
    const list = changed.map(
      ({ content, declaredId, id }) => `${JSON.stringify(content)} is ${id}, not ${declaredId}`,
    );
    warn({
      code: "TOKEN_ID_CHANGED",
      message: `${file}: added tokens are numbered on from the vocabulary, as Hugging Face's library does: ${list.join(", ")}`,
      file,
      keys: changed.map(({ content }) => content),
    });
  }
  return [...tokens.values()];
}
