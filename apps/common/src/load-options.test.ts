import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { afterAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { parseOptions, readConfigFile } from "./load-options.ts";
import { addSchemaOptions, givenOptions, toFlag } from "./schema-options.ts";

const Options = z.strictObject({
  learningRate: z.number().positive().default(6e-6).describe("Peak learning rate"),
  thought: z.enum(["hard", "soft"]).describe("Kind of thought"),
  checkpointLayers: z.boolean().default(false).describe("Recompute layers"),
  out: z.string().optional().describe("Folder"),
});

const folder = mkdtempSync(join(tmpdir(), "options-"));
afterAll(() => rmSync(folder, { recursive: true }));

function parseCommandLine(...args: string[]): Record<string, unknown> {
  const command = addSchemaOptions(new Command(), Options)
    .exitOverride()
    .action(() => {});
  command.parse(args, { from: "user" });
  return givenOptions(command, Options);
}

describe("options from a schema", () => {
  test("are flags in kebab-case, with the value's own type, and only those that were given", () => {
    expect(toFlag("learningRate")).toBe("learning-rate");
    expect(parseCommandLine("--learning-rate", "1e-4", "--checkpoint-layers")).toEqual({
      learningRate: 1e-4,
      checkpointLayers: true,
    });
    expect(parseCommandLine("--no-checkpoint-layers")).toEqual({ checkpointLayers: false });
    expect(parseCommandLine()).toEqual({});
  });

  test("the command line wins over the file, the file over the default", () => {
    const file = { thought: "hard", learningRate: 1e-3 };
    expect(parseOptions(Options, file, { learningRate: 1e-5 })).toEqual({
      thought: "hard",
      learningRate: 1e-5,
      checkpointLayers: false,
    });
  });

  test("a wrong value names the flag, what was given and what is wanted; an unknown key its neighbour", () => {
    const parse = (values: Record<string, unknown>) => () => parseOptions(Options, values, {});
    expect(parse({ thought: "soft", learningRate: -1 })).toThrow(
      /--learning-rate: got -1; .*Peak learning rate/s,
    );
    expect(parse({ thought: "soft", learnRate: 1 })).toThrow(
      /learnRate: no such option; did you mean learningRate\?/,
    );
    expect(parse({})).toThrow(/--thought/);
  });
});

describe("readConfigFile", () => {
  test("takes a path or a recipe's name, and leaves the comment out", () => {
    writeFileSync(join(folder, "mine.json"), '{"$comment": "why", "thought": "soft"}');
    expect(readConfigFile(join(folder, "mine.json"), "/nowhere")).toEqual({ thought: "soft" });
    expect(readConfigFile("mine", folder)).toEqual({ thought: "soft" });
  });

  test("says which places were tried, and what is wrong with a file", () => {
    expect(() => readConfigFile("absent", folder)).toThrow(/absent: no such file; tried .*absent\.json/);
    writeFileSync(join(folder, "list.json"), "[1]");
    expect(() => readConfigFile(join(folder, "list.json"), folder)).toThrow(
      /wanted a JSON object of options/,
    );
    writeFileSync(join(folder, "broken.json"), "{");
    expect(() => readConfigFile(join(folder, "broken.json"), folder)).toThrow(/not a readable JSON file/);
  });
});
