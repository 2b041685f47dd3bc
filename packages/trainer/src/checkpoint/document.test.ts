import { describe, expect, it } from "vitest";
import { emptyWatchState } from "../warnings.ts";
import { assertSameRun, type CheckpointDocument, decodeDocument, encodeDocument } from "./document.ts";

const document: CheckpointDocument = {
  format: 1,
  identity: {
    trainer: "rloo",
    key: [1, 4294967295],
    items: 10,
    dtype: "float32",
    policy: { thought: "soft", temperature: 0.5, noiseScale: 0.33, sigma: 0.1 + 0.2 },
    settings: { steps: 10, learningRate: 6e-6, optimizerMoments: "float32" },
  },
  state: { step: 3, lastValidatedStep: 0, best: null, skippedInARow: 0, watch: emptyWatchState() },
  optimizer: { updates: 3 },
  dataPosition: 6,
  files: [{ name: "a", bytes: 1, sha256: "00" }],
};

describe("the checkpoint document", () => {
  it("comes back as it was, to the last bit of every number", () => {
    expect(decodeDocument(encodeDocument(document), "f")).toEqual(document);
  });

  it("is refused where one digit was altered, a key is missing or the end is cut off", () => {
    const text = encodeDocument(document);
    const refused = (changed: string) => {
      expect(changed).not.toBe(text);
      expect(() => decodeDocument(changed, "f")).toThrow(
        expect.objectContaining({ code: "CHECKPOINT_DAMAGED" }),
      );
    };
    refused(text.replace('"step": 3', '"step": 4'));
    refused(text.replace('"format": 1,', ""));
    refused(text.slice(0, -20));
  });
});

describe("assertSameRun", () => {
  it("names every difference with both values", () => {
    const other = {
      ...document.identity,
      policy: { ...document.identity.policy, sigma: 0.25 },
      settings: { steps: 20, learningRate: 6e-6, optimizerMoments: "bfloat16" },
    };
    expect(() => assertSameRun(document.identity, document.identity, "f")).not.toThrow();
    expect(() => assertSameRun(document.identity, other, "f")).toThrow(
      /sigma was 0.30000000000000004 and is 0.25; steps was 10 and is 20; optimizerMoments was "float32" and is "bfloat16"/,
    );
  });
});
