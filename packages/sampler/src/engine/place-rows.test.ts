import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type PlacedRow, placeRows, type RowState } from "./place-rows.ts";

/** "a" is an active row of prompt a, "A" one that has ended; incoming prompts in lower case, results with incoming in brackets. */
function place(rows: string, incoming: string): string {
  const states = [...rows].map((letter) => ({
    promptIndex: letter.toLowerCase().charCodeAt(0),
    isActive: letter === letter.toLowerCase(),
  }));
  return placeRows(
    states,
    [...incoming].map((letter) => letter.charCodeAt(0)),
  )
    .map((placed) => ("row" in placed ? `${placed.row}` : `(${incoming[placed.incoming]})`))
    .join(" ");
}

describe("placeRows", () => {
  it("gives a sample the place of a row that has ended", () => {
    expect(place("aBcD", "xy")).toBe("0 (x) 2 (y)");
    expect(place("aBcD", "x")).toBe("0 (x) 2 3");
  });

  it("fills a prompt's own places with its further samples", () => {
    expect(place("aAaAbb", "a")).toBe("0 (a) 2 3 4 5");
    expect(place("AAbb", "ac")).toBe("(a) 3 2 (c)");
  });

  it("uses neighbouring places of several prompts together", () => {
    expect(place("aBCCd", "xxx")).toBe("0 (x) (x) (x) 4");
    expect(place("aBCCd", "xxy")).toBe("0 (x) (x) (y) 4");
  });

  it("pushes groups together where a prompt finds no room, and moves few rows", () => {
    expect(place("aAaabBbb", "xx")).toBe("0 3 2 6 4 7 (x) (x)");
    expect(place("aaAAbbbbbb", "xx")).toBe("0 1 8 9 4 5 6 7 (x) (x)");
    expect(place("aAbBcc", "bb")).toBe("0 (b) 2 (b) 4 5");
  });

  it("starts over where everybody has ended", () => {
    expect(place("AABB", "xxyy")).toBe("(x) (x) (y) (y)");
  });

  it("keeps every active row once, starts every sample once, and leaves the rows of a prompt together", () => {
    const batch = fc
      .array(fc.tuple(fc.nat({ max: 1 }), fc.array(fc.boolean(), { minLength: 1, maxLength: 4 })), {
        minLength: 1,
        maxLength: 6,
      })
      .chain((groups) => {
        const rows: RowState[] = groups.flatMap(([, active], promptIndex) =>
          active.map((isActive) => ({ promptIndex, isActive })),
        );
        const free = rows.filter(({ isActive }) => !isActive).length;
        return fc
          .tuple(fc.nat({ max: free }), fc.integer({ min: 1, max: 3 }), fc.boolean())
          .map(([count, size, joins]) => ({
            rows,
            // The last prompt may have more samples to come.
            incoming: Array.from(
              { length: count },
              (_, index) => groups.length - (joins ? 1 : 0) + Math.floor(index / size),
            ),
          }));
      });
    fc.assert(
      fc.property(batch, ({ rows, incoming }) => {
        const placed = placeRows(rows, incoming);
        expect(placed.length).toBeLessThanOrEqual(rows.length);
        const kept = placed.flatMap((p) => ("row" in p ? [p.row] : []));
        expect(new Set(kept).size).toBe(kept.length);
        rows.forEach(({ isActive }, row) => {
          if (isActive) expect(kept).toContain(row);
        });
        const started = placed.flatMap((p) => ("incoming" in p ? [p.incoming] : []));
        expect(started.sort((a, b) => a - b)).toEqual(incoming.map((_, index) => index));
        expect(runs(placed, rows, incoming)).toBe(new Set(prompts(placed, rows, incoming)).size);
      }),
    );
  });
});

function prompts(placed: readonly PlacedRow[], rows: readonly RowState[], incoming: readonly number[]) {
  return placed.map((p) => ("row" in p ? rows[p.row]?.promptIndex : incoming[p.incoming]));
}

function runs(...args: Parameters<typeof prompts>): number {
  const of = prompts(...args);
  return of.filter((prompt, index) => index === 0 || prompt !== of[index - 1]).length;
}
