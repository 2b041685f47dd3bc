/** Tokens whose ids are no rows of the embeddings. Texts with one cannot be run; without one they can, so it is no error here. */

import type { WarningSink } from "../warnings.ts";

export interface TokenRows {
  readonly vocabulary: ReadonlyMap<string, number>;
  readonly addedTokens: readonly { readonly content: string; readonly id: number }[];
  /** Ids that end a sequence, whether they are tokens or not. */
  readonly eosTokenIds: readonly number[];
  /** Rows of the embeddings. */
  readonly rows: number;
}

export function warnOfMissingRows(
  { vocabulary, addedTokens, eosTokenIds, rows }: TokenRows,
  file: string,
  warn: WarningSink,
): void {
  const textById = new Map<number, string>();
  for (const id of eosTokenIds) if (id >= rows) textById.set(id, "");
  for (const [text, id] of vocabulary) if (id >= rows) textById.set(id, text);
  for (const { content, id } of addedTokens) if (id >= rows) textById.set(id, content);
  if (textById.size === 0) return;
  const tokens = [...textById].toSorted(([a], [b]) => a - b);
  const end = (id: number) => (eosTokenIds.includes(id) ? ", an end token" : "");
  const list = tokens.slice(0, 5).map(([id, text]) => `${JSON.stringify(text)} (${id}${end(id)})`);
  const more = tokens.length > list.length ? ` and ${tokens.length - list.length} more` : "";
  warn({
    code: "TOKEN_OUTSIDE_EMBEDDINGS",
    message: `${file}: ${list.join(", ")}${more} are beyond the ${rows} rows of the embeddings (vocab_size of config.json); a text that has one cannot be run`,
    file,
    keys: tokens.map(([, text]) => text),
  });
}
