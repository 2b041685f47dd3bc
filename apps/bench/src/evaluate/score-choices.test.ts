/** Batches with shared contexts against one sequence at a time, on a small random model with a byte tokenizer. */

import { createTfjsBackend } from "@soft-tokens/backend-tfjs";
import type { ChoiceQuestion, ScoredQuestion } from "@soft-tokens/evals";
import type { LanguageModel } from "@soft-tokens/model";
import type { Backend } from "@soft-tokens/tensor";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { randomModel } from "../engine/random-model.ts";
import { encodeChoices } from "./encode-choices.ts";
import { createScoreFunction, type ScorePlan } from "./score-choices.ts";

let backend: Backend;
let model: LanguageModel;
beforeAll(async () => {
  backend = await createTfjsBackend({ variant: "cpu" });
  model = randomModel(backend, { layers: 2, hidden: 16, ffn: 32, heads: 2, vocabulary: 256 });
}, 60_000);
afterAll(() => {
  model.dispose();
  backend[Symbol.dispose]();
});

const ask = (id: string, context: string, choices: string[]): ChoiceQuestion => ({
  id,
  context,
  choices,
  gold: 0,
  text: context,
});
const questions = [
  ask("letters", "Which?\nA. tea\nB. milk\nAnswer:", [" A", " B"]), // two bytes each
  ask("single", "Say", ["x", "y", "z"]), // one token: nothing is fed
  ask("mixed", "It is", [" a", "b", " rather long, this one"]),
  ask("spaced", "Ends in spaces  ", ["here", "there"]),
  ask("long", "A context that is longer than all of the others, by far and away:", [" yes", " no"]),
];

/** Every choice as a sequence of its own, whole. */
async function oneByOne({ id, context, choices }: ChoiceQuestion): Promise<ScoredQuestion> {
  const { contextIds, choiceIds } = encodeChoices(model.tokenizer, ask(id, context, [...choices]), 1024);
  const scored = [];
  for (const ids of choiceIds) {
    const whole = [...contextIds, ...ids];
    const logits_TV = backend.tidy(() => {
      const input = model.embed(backend.tensor(Int32Array.from(whole), [1, whole.length], "int32"));
      const hidden_TD = backend.reshape(model.forward(input), [whole.length, -1]);
      return backend.matmul(hidden_TD, model.head.weight_VD, { transposeB: true });
    });
    const values = (await backend.read(logits_TV)) as Float32Array;
    const V = logits_TV.shape[1] as number;
    logits_TV.dispose();
    let logProb = 0;
    ids.forEach((token, index) => {
      const at = (contextIds.length + index - 1) * V;
      const row = values.subarray(at, at + V);
      logProb += (row[token] as number) - Math.log(row.reduce((sum, logit) => sum + Math.exp(logit), 0));
    });
    scored.push({ tokens: ids.length, logProb });
  }
  return { id, choices: scored };
}

async function score(maxTokens: number, list: readonly ChoiceQuestion[] = questions) {
  const scored = new Map<string, ScoredQuestion>();
  let plan: ScorePlan | null = null;
  const run = createScoreFunction({ model, maxTokens, onPlan: (made) => (plan = made) });
  for await (const batch of run(list, {})) for (const one of batch) scored.set(one.id, one);
  return { scored, plan: plan as ScorePlan | null };
}

describe("scoring of choices", () => {
  test.each([1, 60, 4096])(
    "gives what one sequence at a time gives, in batches of %i tokens",
    async (maxTokens) => {
      const before = backend.memory().tensors;
      const { scored, plan } = await score(maxTokens);
      expect(scored.size).toBe(questions.length);
      expect(plan?.batches).toBe(maxTokens === 1 ? questions.length : plan?.batches);
      for (const question of questions) {
        const wanted = await oneByOne(question);
        const got = scored.get(question.id);
        expect(got?.choices.map(({ tokens }) => tokens)).toEqual(wanted.choices.map(({ tokens }) => tokens));
        got?.choices.forEach(({ logProb, tokens }, index) => {
          expect(Math.abs(logProb - (wanted.choices[index]?.logProb ?? Number.NaN)) / tokens).toBeLessThan(
            1e-5,
          );
        });
      }
      expect(backend.memory().tensors).toBe(before);
    },
  );

  test("computes every context once", async () => {
    const list = questions.slice(2, 3);
    const { plan } = await score(4096, list);
    const { contextIds, choiceIds } = encodeChoices(model.tokenizer, list[0] as ChoiceQuestion, 1024);
    const fed = choiceIds.reduce((sum, ids) => sum + ids.length - 1, 0);
    expect(plan?.tokens).toBe(contextIds.length + fed);
    expect(plan?.unsharedTokens).toBe(3 * contextIds.length + fed);
  });

  test("feeds every token once, however long the other choices are", async () => {
    const lengths: number[] = [];
    const original = model.forwardGrouped.bind(model);
    const forward = vi.spyOn(model, "forwardGrouped").mockImplementation((input) => {
      lengths.push(...input.promptIds.map((ids) => ids.length), input.suffix_MD.shape[0] as number);
      return original(input);
    });
    const { plan } = await score(4096);
    forward.mockRestore();
    const fed = questions.flatMap((one) => {
      const { contextIds, choiceIds } = encodeChoices(model.tokenizer, one, 1024);
      return [contextIds.length, ...choiceIds.map((ids) => ids.length - 1)];
    });
    const sumOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0);
    expect(sumOf(lengths)).toBe(sumOf(fed));
    expect(plan?.tokens).toBe(sumOf(fed));
    expect(plan?.places).toBeGreaterThan(sumOf(fed));
  });

  test("stops when it is told to", async () => {
    const controller = new AbortController();
    const run = createScoreFunction({ model, maxTokens: 1 })(questions, { signal: controller.signal });
    const iterator = run[Symbol.asyncIterator]();
    expect((await iterator.next()).done).toBe(false);
    controller.abort(new Error("enough"));
    await expect(iterator.next()).rejects.toThrowError("enough");
  });
});

describe("tokens of a choice", () => {
  test("are those behind the context's own, with the spaces that the context ended in", () => {
    const { contextIds, choiceIds } = encodeChoices(model.tokenizer, questions[3] as ChoiceQuestion, 1024);
    expect([contextIds.length, choiceIds.map((ids) => ids.length)]).toEqual([14, [6, 7]]);
  });

  test("push the beginning of the context out where the model has no room, the same for all choices", () => {
    const encoded = encodeChoices(model.tokenizer, ask("q", "0123456789", ["ab", "abcd"]), 10);
    expect(encoded.droppedTokens).toBe(3); // 10 + 4 - 1 positions
    expect(encoded.contextIds.length).toBe(7);
    expect(() => encodeChoices(model.tokenizer, ask("q", "01", ["abcdefghijk"]), 10)).toThrowError(/no room/);
    expect(() => encodeChoices(model.tokenizer, ask("q", "01", ["", "a"]), 10)).toThrowError(
      /choice 1 adds no token/,
    );
  });
});

test("a tokenizer that closes a text with an end token does not put it between context and choice", () => {
  const [begin, end, space] = [1000, 1001, 1002];
  const tokenizer = {
    encode: (text: string, { part = "whole" }: { readonly part?: string } = {}) => [
      begin,
      space, // as SentencePiece-style tokenizers do
      ...Array.from(text, (character) => character.charCodeAt(0)),
      ...(part === "whole" ? [end] : []),
    ],
  };
  const encoded = encodeChoices(tokenizer, ask("q", "ab", ["c", " d"]), 100);
  expect(encoded.contextIds).toEqual([begin, space, 97, 98]);
  expect(encoded.choiceIds).toEqual([[99], [32, 100]]);
});
