/** Prefill and steps against the plain forward pass, which is tested against transformers. */

import { createTfjsBackend } from "@soft-tokens/backend-tfjs";
import type { Backend, Capabilities, Tensor } from "@soft-tokens/tensor";
import { withLeakCheck } from "@soft-tokens/tensor/testing";
import { afterAll, describe, expect, it, vi } from "vitest";
import type { LanguageModel, PromptIds, RowPlace } from "../contract.ts";
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
/** Both ways of caching, whichever the backend declares, and steps that are captured. */
const backends = [
  ["growing caches", withCapabilities(base, { inPlaceWrite: false })],
  ["writing in place", base],
  ["captured", withReplay(base)],
  ["captured, in large blocks", withCapabilities(withReplay(base), { prefersSteadyShapes: true })],
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
      expect(batch.session.lengths).toEqual([5]);
    });
  });

  it.each(FIXTURE_NAMES)(
    "%s rows that start later agree with one pass too, wherever they stand",
    async (name) => {
      await withLeakCheck(backend, async () => {
        const { model } = await openFixture(name, backend);
        using _model = model;
        const batch = new Batch(model, 24);
        using _batch = batch;
        await batch.step();
        await batch.step();
        // Places of one prompt are taken by a longer one; everybody else stays.
        const long = [3, 1, 4, 1, 5, 9, 2, 6, 5];
        await batch.exchange(
          [{ prompt: 0 }, { prompt: 0 }, { keep: 2 }, { keep: 3 }, { keep: 4 }, { keep: 5 }],
          [long],
        );
        expect(batch.session.lengths).toEqual([0, 0, 2, 2, 2, 2]);
        await batch.step();
        // One more row of a present prompt, one row leaves.
        await batch.exchange(
          [{ keep: 0 }, { keep: 1 }, { keep: 2 }, { like: 4 }, { keep: 4 }, { keep: 5 }],
          [],
        );
        await batch.step();
        // Rows move, prompts change their order, a short prompt comes; more rows than before.
        await batch.exchange(
          [{ keep: 5 }, { prompt: 1 }, { keep: 3 }, { keep: 2 }, { like: 3 }, { keep: 1 }, { prompt: 0 }],
          [[8, 8], [12]],
        );
        await batch.step();
        await batch.step();
        // Most rows start over: fewer rows, nobody where it was.
        await batch.exchange([{ prompt: 0 }, { keep: 3 }, { prompt: 1 }], [[1, 2, 3], [7]]);
        await batch.step();
        for (let step = 0; step < 16; step++) await batch.step({ check: step === 15 });
        expect(batch.session.lengths).toEqual([17, 23, 17]);
      });
    },
  );

  it("feeds rows that have ended without making them longer", async () => {
    await withLeakCheck(backend, async () => {
      const { model } = await openFixture("smollm2-like", backend);
      using _model = model;
      const batch = new Batch(model, 3);
      using _batch = batch;
      await batch.step();
      batch.session.retire([0, 5]);
      for (let step = 0; step < 2; step++) await batch.step({ check: false });
      expect(batch.session.lengths).toEqual([1, 3, 3, 3, 3, 1]);
      await batch.check([1, 2, 3, 4]);
      batch.keep([0]);
      for (let step = 0; step < 5; step++) await batch.step({ check: false });
      expect(batch.session.lengths).toEqual([1]);
      await batch.exchange([{ like: 0 }], []);
      await batch.step();
      expect(() => batch.session.retire([1])).toThrowError(/no row 1 in a batch of 1/);
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
      expect(() => batch.session.keepRows([1, 1])).toThrowError(/row 1 is kept twice/);
      expect(() => batch.session.keepRows([2, 0, 3])).toThrowError(/must stand together/);
      expect(() => batch.session.exchangeRows([{ prompt: 1 }], [[4]])).toThrowError(
        /no new prompt 1 among 1/,
      );
      expect(() => batch.session.exchangeRows([{ like: 9 }], [])).toThrowError(/no row 9 in a batch of 6/);
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
  #prompts: (readonly number[])[];

  constructor(
    private readonly model: LanguageModel,
    maxLength: number,
  ) {
    const { session, hidden_RD } = model.prefill(PROMPTS, { rowsPerPrompt: ROWS_PER_PROMPT, maxLength });
    this.session = session;
    this.#hidden = hidden_RD;
    this.#prompts = ROW_PROMPTS.map((prompt) => PROMPTS[prompt] as number[]);
    this.#rows = this.#prompts.map((prompt) => [...prompt]);
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
    this.#prompts = rows.map((row) => this.#prompts[row] as readonly number[]);
    this.#rows = rows.map((row) => this.#rows[row] as number[]);
  }

  async exchange(places: readonly RowPlace[], newPrompts: PromptIds): Promise<void> {
    const prompts = this.#prompts;
    const promptOf = (place: RowPlace) =>
      "prompt" in place
        ? (newPrompts[place.prompt] as number[])
        : (prompts["keep" in place ? place.keep : place.like] as readonly number[]);
    const before = this.#rows;
    const started = this.session.exchangeRows(places, newPrompts);
    this.#prompts = places.map(promptOf);
    this.#rows = places.map((place) =>
      "keep" in place ? (before[place.keep] as number[]) : [...promptOf(place)],
    );
    if (!started) return;
    using _started = started;
    const rows = this.#rows.filter((_, row) => !("keep" in (places[row] as RowPlace)));
    await this.#compare(started, rows);
  }

  async check(rows: readonly number[] = this.#rows.map((_, row) => row)): Promise<void> {
    await this.#compare(this.#hidden, this.#rows, rows);
  }

  /** hidden [rows, D] against whole passes over the rows' tokens. */
  async #compare(
    hidden: Tensor,
    tokensOfRows: readonly (readonly number[])[],
    rows: readonly number[] = tokensOfRows.map((_, row) => row),
  ): Promise<void> {
    const { backend, config } = this.model;
    const got = await backend.read(hidden);
    expect(hidden.shape).toEqual([tokensOfRows.length, config.hiddenSize]);
    for (const row of rows) {
      const tokens = tokensOfRows[row] as readonly number[];
      using whole = backend.tidy(() => this.model.forward(embedIds(this.model, tokens, [1, tokens.length])));
      const want = (await backend.read(whole)).slice(-config.hiddenSize);
      const part = got.slice(row * config.hiddenSize, (row + 1) * config.hiddenSize);
      expect(largestDifference(part, want), `row ${row} of ${tokens.length} tokens`).toBeLessThan(TOLERANCE);
    }
  }

  [Symbol.dispose](): void {
    this.session.dispose();
    this.#hidden.dispose();
  }
}

function withCapabilities(backend: Backend, changed: Partial<Capabilities>): Backend {
  return Object.create(backend, {
    capabilities: { value: { ...backend.capabilities, ...changed } },
  }) as Backend;
}

/**
 * A backend whose captured functions are as strict as recorded ones: the function must see the tensors of its first run by closure,
 * and make the same operations whatever its inputs hold.
 */
function withReplay(backend: Backend): Backend {
  return Object.create(withCapabilities(backend, { capture: true }), {
    capture: {
      value: (fn: (inputs: readonly Tensor[]) => Tensor[]) => {
        let first: readonly unknown[] | null = null;
        const captured = backend.capture(fn);
        return {
          run(inputs: readonly Tensor[]) {
            const written = vi.spyOn(backend, "writeSlice");
            const results = captured.run(inputs);
            const targets = written.mock.calls.map(([target]) => target);
            written.mockRestore();
            first ??= targets;
            expect(targets.length).toBeGreaterThan(0);
            expect(targets.every((target, at) => target === first?.[at])).toBe(true);
            return results;
          },
          [Symbol.dispose]: () => captured[Symbol.dispose](),
        };
      },
    },
  }) as Backend;
}
