/**
 * Variants of the small tokenizers against ids by Hugging Face's own libraries (fixtures-scripts/make_tokenizer_cases.py):
 * whole texts, the parts of a text, and folders whose tokens are spread over several files.
 */

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { ModelWarning } from "../warnings.ts";
import { createTokenizer, type TokenizerFiles } from "./create-tokenizer.ts";
import { encodeInside, encodePair } from "./encode-part.ts";

interface Variant {
  readonly name: string;
  readonly base: string;
  readonly changes: object;
}
interface Cases {
  readonly parts: readonly (Variant & {
    readonly wholes: readonly { readonly text: string; readonly ids: number[] }[];
    readonly pairs: readonly {
      readonly prompt: string;
      readonly completion: string;
      readonly promptIds: number[];
      readonly wholeIds: number[];
    }[];
  })[];
  readonly folders: readonly (Variant & {
    readonly files: Readonly<Record<string, object>>;
    readonly tokens: Readonly<Record<string, number>>;
    readonly eosTokenId: number | null;
    readonly texts: readonly { readonly text: string; readonly ids: number[] }[];
  })[];
}

function readFixture(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`../fixtures/tokenizers/${name}.json`, import.meta.url), "utf8"));
}
const cases = readFixture("cases") as Cases;

function open({ base, changes }: Pick<Variant, "base" | "changes">, files: Partial<TokenizerFiles> = {}) {
  const definition = { ...(readFixture(base) as object), ...changes };
  return createTokenizer({ definition, file: "tokenizer.json", ...files });
}

describe.each(cases.parts)("$name", ({ wholes, pairs, ...variant }) => {
  const tokenizer = open(variant);

  it("encodes whole texts as the reference does", () => {
    for (const { text, ids } of wholes) {
      expect(tokenizer.encode(text, { addSpecialTokens: false }), JSON.stringify(text)).toEqual(ids);
    }
  });

  it("gives a completion the ids that it has in the whole text", () => {
    let kept = 0;
    for (const { prompt, completion, promptIds, wholeIds } of pairs) {
      const title = JSON.stringify([prompt, completion]);
      const { promptIds: ownIds, textIds: ids } = encodePair(tokenizer, prompt, completion);
      expect(ownIds, title).toEqual(promptIds);
      if (promptIds.every((id, index) => id === wholeIds[index])) {
        kept++;
        expect([...promptIds, ...ids], title).toEqual(wholeIds);
      } else {
        expect(ids, title).toEqual(encodeInside(tokenizer, completion));
      }
    }
    expect(kept).toBeGreaterThan(15);
  });
});

/** Normalizers that change a text, and splits that leave something out: what is decoded is not what was encoded. */
const CHANGES_TEXT = /Whitespace|Split by|Strip|Replace with|unknown/;

describe.each(cases.parts.filter(({ name }) => !CHANGES_TEXT.test(name)))(
  "the inside with $name",
  (variant) => {
    const tokenizer = open(variant);
    const bytes = (ids: number[]) => Buffer.concat(ids.map((id) => tokenizer.tokenBytes(id))).toString();

    it.each([" The final answer is: \\boxed{", "\\boxed{", "4", " 4", "\n\n4", "  two", "a b", ""])(
      "of a text adds nothing to %j",
      (text) => {
        // The small vocabulary lacks these letters; byte tokens replace them.
        expect(bytes(encodeInside(tokenizer, text))).toBe(text);
      },
    );
  },
);

describe("a forced text", () => {
  it("gets back the space that follows an added token, which every such text has", () => {
    const tokenizer = open({ base: "llama2", changes: {} });
    const [eot] = tokenizer.encode("<|eot|>", { addSpecialTokens: false });
    const ids = encodeInside(tokenizer, "a<|eot|>b");
    expect(ids).toContain(eot);
    expect(Buffer.concat(ids.map((id) => tokenizer.tokenBytes(id))).toString()).toBe("a b");
  });
});

describe.each(cases.folders)("a folder with $name", ({ files, tokens, eosTokenId, texts, ...variant }) => {
  const warnings: ModelWarning[] = [];
  const tokenizer = open(variant, {
    settings: files["tokenizer_config.json"],
    specialTokensMap: files["special_tokens_map.json"],
    addedTokens: files["added_tokens.json"],
    onWarning: (warning) => warnings.push(warning),
  });

  it("has the tokens that transformers has", () => {
    for (const [content, id] of Object.entries(tokens)) {
      const bare = createTokenizerIds(content);
      expect(bare, content).toEqual([id]);
    }
    expect(tokenizer.eosTokenIds).toEqual(eosTokenId === null ? [] : [eosTokenId]);
  });

  it("encodes as transformers does", () => {
    for (const { text, ids } of texts) expect(tokenizer.encode(text), JSON.stringify(text)).toEqual(ids);
  });

  it("says which tokens have another id than their file says", () => {
    const changed = warnings.find(({ code }) => code === "TOKEN_ID_CHANGED");
    expect(changed !== undefined).toBe(/gap|out of order|under another id/.test(variant.name));
  });

  /** Special tokens in a text are ordinary text where the folder says so. */
  function createTokenizerIds(content: string): number[] {
    const isSplit = variant.name === "special tokens that are split";
    return isSplit
      ? open(variant).encode(content, { addSpecialTokens: false })
      : tokenizer.encode(content, { addSpecialTokens: false });
  }
});
