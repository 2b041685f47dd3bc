/** Prefill and steps against the plain forward pass, which is tested against transformers. */

import { createTfjsBackend } from "@soft-tokens/backend-tfjs";
import type { Backend, Tensor } from "@soft-tokens/tensor";
import { withLeakCheck } from "@soft-tokens/tensor/testing";
import { afterAll, describe, expect, it } from "vitest";
import type { LanguageModel } from "../contract.ts";
import { embedIds, FIXTURE_NAMES, largestDifference, openFixture } from "../fixtures/open-fixture.ts";

const TOLERANCE = 1e-4;
const PROMPTS = [
  [5, 9, 200, 31, 7],
  [77, 3],
  [250, 1, 2],
  [9, 9, 9],
];
const ROWS_PER_PROMPT = [2, 3, 0, 1];
const ROW_PROMPTS = [0, 0, 1, 1, 1, 3];

const base = await createTfjsBackend({ variant: "wasm" });
/** Both ways of caching, whichever the backend declares. */
const backends = [
  ["growing caches", withoutInPlaceWrite(base)],
  ["writing in place", withInPlaceWrite(base)],
] as const;
afterAll(() => base[Symbol.dispose]());

describe.each(backends)("decode session, %s", (_, backend) => {
  it.each(FIXTURE_NAMES)("%s steps agree with one pass, while rows leave the batch", async (name) => {
    await withLeakCheck(backend, async () => {
      const { model } = await openFixture(name, backend);
      using _model = model;
      const batch = new Batch(model, 8);
      using _batch = batch;
      await batch.check();
      await batch.step();
      await batch.step();
      batch.keep([0, 2, 4, 5]); // one row of a prompt leaves
      await batch.step();
      batch.keep([0, 1, 2, 3]); // nobody leaves
      batch.keep([1, 2]); // prompts 0 and 3 leave
      await batch.step();
      batch.keep([1]);
      await batch.step();
      expect(batch.session.rows).toBe(1);
      expect(batch.session.length).toBe(5);
    });
  });

  it("goes on past the first block of its cache", async () => {
    await withLeakCheck(backend, async () => {
      const { model } = await openFixture("smollm2-like", backend);
      using _model = model;
      const batch = new Batch(model, 40);
      using _batch = batch;
      for (let step = 0; step < 34; step++) await batch.step({ check: step > 14 && step < 18 });
    });
  });

  it("says when the session or the model has no more room", async () => {
    await withLeakCheck(backend, async () => {
      const { model } = await openFixture("smollm2-like", backend);
      using _model = model;
      const D = model.config.hiddenSize;
      const short = new Batch(model, 1);
      using _short = short;
      await short.step();
      using input = backend.zeros([6, D]);
      expect(() => short.session.step(input)).toThrowError(
        expect.objectContaining({
          code: "MODEL_CONTEXT_FULL",
          message: expect.stringContaining("maxLength"),
        }),
      );
      const promptIds = [Array<number>(128).fill(3)];
      const { session, hidden_RD } = model.prefill(promptIds, { rowsPerPrompt: [1], maxLength: 5 });
      using _session = session;
      using _hidden = hidden_RD;
      using single = backend.zeros([1, D]);
      expect(() => session.step(single)).toThrowError(/128 positions/);
    });
  });

  it("refuses rows that are not there and use after dispose", async () => {
    await withLeakCheck(backend, async () => {
      const { model } = await openFixture("qwen2", backend);
      using _model = model;
      const batch = new Batch(model, 4);
      using _batch = batch;
      expect(() => batch.session.keepRows([0, 6])).toThrowError(RangeError);
      expect(() => batch.session.keepRows([1, 1])).toThrowError(RangeError);
      using wrong = backend.zeros([5, model.config.hiddenSize]);
      expect(() => batch.session.step(wrong)).toThrowError(/wanted \[6, 16\]/);
      batch.session.keepRows([]);
      expect(batch.session.rows).toBe(0);
      using nobody = backend.zeros([0, model.config.hiddenSize]);
      expect(() => batch.session.step(nobody)).toThrowError(/every row has left/);
      batch.session.dispose();
      batch.session.dispose();
      expect(() => batch.session.step(nobody)).toThrowError(ReferenceError);
      expect(() => model.prefill([[1]], { rowsPerPrompt: [0], maxLength: 3 })).toThrowError(/no row at all/);
    });
  });
});

/** A decode session that is fed arbitrary tokens and compared with whole passes. */
class Batch implements Disposable {
  readonly session;
  #hidden: Tensor;
  /** Tokens of each row so far, prompt included. */
  #rows: number[][];

  constructor(
    private readonly model: LanguageModel,
    maxLength: number,
  ) {
    const { session, hidden_RD } = model.prefill(PROMPTS, { rowsPerPrompt: ROWS_PER_PROMPT, maxLength });
    this.session = session;
    this.#hidden = hidden_RD;
    this.#rows = ROW_PROMPTS.map((prompt) => [...(PROMPTS[prompt] as number[])]);
  }

  async step(options: { readonly check: boolean } = { check: true }): Promise<void> {
    const ids = this.#rows.map((tokens, row) => (31 * tokens.length + 17 * row + 5) % 272);
    using input = embedIds(this.model, ids, [ids.length]);
    this.#hidden.dispose();
    this.#hidden = this.session.step(input);
    for (const [row, id] of ids.entries()) this.#rows[row]?.push(id);
    if (options.check) await this.check();
  }

  keep(rows: readonly number[]): void {
    this.session.keepRows(rows);
    this.#rows = rows.map((row) => this.#rows[row] as number[]);
  }

  async check(): Promise<void> {
    const { backend, config } = this.model;
    const got = await backend.read(this.#hidden);
    expect(this.#hidden.shape).toEqual([this.#rows.length, config.hiddenSize]);
    for (const [row, tokens] of this.#rows.entries()) {
      using whole = backend.tidy(() => this.model.forward(embedIds(this.model, tokens, [1, tokens.length])));
      const want = (await backend.read(whole)).slice(-config.hiddenSize);
      const part = got.slice(row * config.hiddenSize, (row + 1) * config.hiddenSize);
      expect(largestDifference(part, want), `row ${row} after ${this.session.length} steps`).toBeLessThan(
        TOLERANCE,
      );
    }
  }

  [Symbol.dispose](): void {
    this.session.dispose();
    this.#hidden.dispose();
  }
}

function withoutInPlaceWrite(backend: Backend): Backend {
  return Object.create(backend, {
    capabilities: { value: { ...backend.capabilities, inPlaceWrite: false } },
  }) as Backend;
}

/** The backend's own in-place writes, or the plainest stand-in for them. */
function withInPlaceWrite(backend: Backend): Backend {
  if (backend.capabilities.inPlaceWrite) return backend;
  const writeSlice: Backend["writeSlice"] = (target, update, { axis, start }) =>
    backend.tidy(() => {
      const part = (begin: number, size: number) => {
        const begins = target.shape.map((_, a) => (a === axis ? begin : 0));
        return backend.slice(
          target,
          begins,
          target.shape.map((length, a) => (a === axis ? size : length)),
        );
      };
      const end = start + (update.shape[axis] as number);
      const rest = (target.shape[axis] as number) - end;
      backend.assign(target, backend.concat([part(0, start), update, part(end, rest)], axis));
    });
  return Object.create(backend, {
    capabilities: { value: { ...backend.capabilities, inPlaceWrite: true } },
    writeSlice: { value: writeSlice },
  }) as Backend;
}
