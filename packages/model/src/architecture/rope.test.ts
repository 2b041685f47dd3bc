import { createTfjsBackend } from "@soft-tokens/backend-tfjs";
import { afterAll, describe, expect, it } from "vitest";
import { inverseFrequencies, RopeTable } from "./rope.ts";

const backend = await createTfjsBackend({ variant: "cpu" });
afterAll(() => backend[Symbol.dispose]());

const base = { headSize: 8, ropeTheta: 10000 } as const;

describe("inverseFrequencies", () => {
  it("are theta^(-2i/H)", () => {
    const frequencies = inverseFrequencies({ ...base, ropeScaling: { type: "default" } });
    expect(Array.from(frequencies)).toEqual([1, 0.1, 0.01, 0.001].map(Math.fround));
  });

  it("are divided by the factor of linear scaling", () => {
    const frequencies = inverseFrequencies({ ...base, ropeScaling: { type: "linear", factor: 4 } });
    expect(Array.from(frequencies)).toEqual([0.25, 0.025, 0.0025, 0.00025].map(Math.fround));
  });

  it("keep short waves, stretch long ones and blend between in llama3 scaling", () => {
    // Wavelengths 6.28, 62.8, 628, 6283; kept below 100/4 = 25, stretched beyond 100/1.
    const scaling = {
      type: "llama3",
      factor: 8,
      lowFrequencyFactor: 1,
      highFrequencyFactor: 4,
      originalMaxPositions: 100,
    } as const;
    const [short, middle, long, longest] = inverseFrequencies({ ...base, ropeScaling: scaling });
    const smooth = (100 / (2 * Math.PI * 10) - 1) / 3;
    expect(short).toBe(1);
    expect(middle).toBeCloseTo((1 - smooth) * (0.1 / 8) + smooth * 0.1, 8);
    expect([long, longest]).toEqual([0.01 / 8, 0.001 / 8].map(Math.fround));
  });
});

describe("RopeTable", () => {
  it("gives the same rows whatever was asked for before", async () => {
    const config = { ...base, ropeScaling: { type: "default" } } as unknown as ConstructorParameters<
      typeof RopeTable
    >[0];
    const table = new RopeTable(config);
    const read = async (positions: readonly number[]) => {
      const { cos, sin } = table.tensors(backend, positions);
      expect(cos.shape).toEqual([positions.length, 1, 1, 8]);
      const values = [...(await backend.read(cos)), ...(await backend.read(sin))];
      cos.dispose();
      sin.dispose();
      return values;
    };
    const few = await read([3, 0]);
    await read([9000]);
    expect(await read([3, 0])).toEqual(few);
    expect(few.slice(0, 4)).toEqual(
      [3, 0.3, 0.03, 0.003].map((angle) => Math.fround(Math.cos(Math.fround(angle)))),
    );
    expect(few.slice(4, 8)).toEqual(few.slice(0, 4));
    expect(few.slice(8, 16)).toEqual(Array(8).fill(1));
  });
});
