/** LaTeX's commands and environments that have a grammar of their own, and which commands are known at all. */
import {
  constantWords,
  functionWords,
  greekLetters,
  ignoredCommands,
  markCommands,
  operatorCommands,
  textCommands,
} from "./vocabulary.ts";

/** LaTeX structure that the parser handles by name. */
export const structureCommands = new Map<string, string>(
  Object.entries({
    frac: "frac",
    dfrac: "frac",
    tfrac: "frac",
    cfrac: "frac",
    sfrac: "frac",
    nicefrac: "frac",
    sqrt: "sqrt",
    surd: "surd",
    cuberoot: "cuberoot",
    binom: "binom",
    dbinom: "binom",
    tbinom: "binom",
    choose: "choose",
    over: "over",
    pmod: "pmod",
    bmod: "bmod",
    mod: "bmod",
    sum: "sum",
    prod: "prod",
    int: "int",
    lim: "lim",
    substack: "substack",
    mathbb: "mathbb",
    mathbbm: "mathbb",
    Bbb: "mathbb",
  }),
);

/** Environments that only arrange what is in them. */
export const layoutEnvironments: ReadonlySet<string> = new Set([
  "align",
  "aligned",
  ...[
    "equation",
    "gathered",
    "gather",
    "split",
    "multline",
    "eqnarray",
    "flalign",
    "cases",
    "dcases",
    "displaymath",
  ],
]);

/** Those whose & marks the place of an alignment and separates nothing. */
export const aligningEnvironments: ReadonlySet<string> = new Set(
  [...layoutEnvironments].filter((name) => !name.endsWith("cases")),
);

/** Length of the space that a line break in a matrix asks for: \\[4pt]. */
export function lineSkip(behind: string, isInMatrix: boolean): number {
  const match = isInMatrix ? /^\*?\[\s*-?\d*\.?\d+\s*(?:pt|em|ex|cm|mm|in|px)\s*\]/.exec(behind) : null;
  return match?.[0].length ?? 0;
}

/** Length of the placement after the name of a starred environment: [r]. */
export function placementAt(text: string, at: number): number {
  return /^\s*\[[lcrtb]\]/.exec(text.slice(at, at + 8))?.[0].length ?? 0;
}

/** Whether a name without its backslash is a command that means something here. */
export function isKnownCommand(name: string): boolean {
  const tables = [
    operatorCommands,
    structureCommands,
    markCommands,
    functionWords,
    constantWords,
    greekLetters,
  ];
  return (
    name !== "" &&
    (tables.some((table) => table.has(name)) || ignoredCommands.has(name) || textCommands.has(name))
  );
}
