/** The diagnosis as text for a terminal or a log: a mark, a name, what was found. */

import { homedir } from "node:os";
import { relative } from "node:path";
import type { Diagnosis } from "./diagnose.ts";
import type { SelfTestCheck } from "./self-test.ts";

export interface RenderOptions {
  readonly isColoured: boolean;
  readonly columns: number;
}

type Mark = "good" | "absent" | "bad";
type Row = readonly [mark: Mark, name: string, text: string];

const NAME_WIDTH = 16;
const SIGN: Readonly<Record<Mark, string>> = { good: "✓", absent: "–", bad: "✗" };
const COLOUR: Readonly<Record<Mark, number>> = { good: 32, absent: 2, bad: 31 };

export function renderDiagnosis(diagnosis: Diagnosis, options: RenderOptions): string {
  const paint = (code: number, text: string) => (options.isColoured ? `\x1b[${code}m${text}\x1b[0m` : text);
  const row = ([mark, name, text]: Row) => {
    const lines = wrap(text, Math.max(30, options.columns - NAME_WIDTH - 5));
    const head = `  ${paint(COLOUR[mark], SIGN[mark])} ${name.padEnd(NAME_WIDTH)}`;
    return lines.map((line, index) => (index === 0 ? head : " ".repeat(NAME_WIDTH + 4)) + line).join("\n");
  };
  const section = (title: string, rows: readonly Row[]) => [paint(1, title), ...rows.map(row), ""];
  const { chosen, advice, isUsable } = diagnosis;
  return [
    "",
    ...section("Machine", machineRows(diagnosis)),
    ...section("Native part (libtorch)", nativeRows(diagnosis)),
    ...section("Backends", backendRows(diagnosis)),
    ...(chosen ? section(`Self-test of ${chosen.name}`, selfTestRows(diagnosis)) : []),
    paint(isUsable ? 32 : 31, isUsable ? "Ready." : "Nothing here can train yet."),
    ...(chosen ? wrap(`Commands would say: backend  ${chosen.reason}`, options.columns - 1) : []),
    ...(advice.length > 0
      ? ["", isUsable ? "Would be faster with:" : "What helps:", ...advice.map((line) => `  ${line}`)]
      : []),
    "",
  ].join("\n");
}

function machineRows({ machine }: Diagnosis): Row[] {
  const { cacheFreeBytes, features, freeMemoryBytes, gpus, memoryBytes } = machine;
  const cores = `${machine.cores} core${machine.cores === 1 ? "" : "s"}`;
  const tools = Object.entries(machine.buildTools);
  const lacking = tools.filter(([, found]) => !found).map(([name]) => name);
  const found = tools.flatMap(([name, version]) =>
    version ? [name === "cmake" ? `cmake ${version}` : version] : [],
  );
  return [
    ["good", "Node", `${machine.node} on ${machine.platform}`],
    [
      "good",
      "processor",
      `${machine.processor}, ${cores}${features.length > 0 ? `; ${features.join(", ")}` : ""}`,
    ],
    ["good", "memory", `${gibibytes(memoryBytes)}, ${gibibytes(freeMemoryBytes)} free`],
    gpus.length > 0 ? ["good", "GPU", gpus.join("; ")] : ["absent", "GPU", machine.noGpuReason ?? "none"],
    [
      "good",
      "cache",
      `${shortPath(machine.cache)}${cacheFreeBytes === null ? "" : `, ${gibibytes(cacheFreeBytes)} free`}`,
    ],
    lacking.length === 0
      ? ["good", "build tools", found.join(", ")]
      : [
          "absent",
          "build tools",
          `missing: ${lacking.join(", ")}${found.length > 0 ? `; found: ${found.join(", ")}` : ""}`,
        ],
  ];
}

function nativeRows({ native }: Diagnosis): Row[] {
  const { addon, description, libtorch, problem, tried } = native;
  const rows: Row[] = [];
  if (addon && description) {
    const where = addon.libtorchLib ? `: ${shortPath(addon.libtorchLib)}` : "";
    const version = addon.libtorchVersion ?? String(description.libtorch ?? "unknown version");
    const built = addon.info
      ? `, built ${addon.info.date.slice(0, 10)} for libtorch ${addon.info.libtorch}`
      : "";
    return [
      ["good", "libtorch", `${version}${where}`],
      ["good", "addon", `${shortPath(addon.path)} (${addon.origin})${built}`],
      ...graphRows(description),
    ];
  }
  if (libtorch) {
    const cuda = libtorch.hasCuda ? "with CUDA" : "without CUDA";
    rows.push([
      "good",
      "libtorch",
      `${libtorch.version} ${cuda}, ${libtorch.source}: ${shortPath(libtorch.lib)}`,
    ]);
    if (libtorch.warning) rows.push(["absent", "", libtorch.warning]);
  } else {
    rows.push([
      description ? "absent" : "bad",
      "libtorch",
      `none found (${native.supported} is supported); looked at:`,
    ]);
    for (const reason of new Set(tried.map((place) => place.reason))) {
      const places = tried.filter((other) => other.reason === reason).map(({ place }) => shortPath(place));
      rows.push(["absent", "", `${places.join(", ")}: ${reason}`]);
    }
  }
  rows.push([
    "bad",
    "addon",
    problem?.code === "NOT_BUILT" && !addon ? "not built" : (problem?.message ?? ""),
  ]);
  return rows;
}

/** Only a GPU has graphs. */
function graphRows({ cudaDevices, cudaGraphs }: Readonly<Record<string, unknown>>): Row[] {
  if (Number(cudaDevices ?? 0) === 0) return [];
  return cudaGraphs === true
    ? [["good", "CUDA graphs", "a decode step is one launch"]]
    : [
        [
          "absent",
          "CUDA graphs",
          "not built (npm run build:native says why); a decode step is hundreds of launches",
        ],
      ];
}

function backendRows({ backends }: Diagnosis): Row[] {
  return backends.map(({ name, works, detail, isChosen }) => [
    works ? "good" : "absent",
    name,
    isChosen ? `${detail}   <- chosen` : detail,
  ]);
}

function selfTestRows({ selfTest }: Diagnosis): Row[] {
  if (!selfTest) return [];
  const rates = Object.entries(selfTest.matrixRate).map(
    ([dtype, { gflops, size }]): Row => [
      "good",
      `${dtype} rate`,
      `${gflops.toPrecision(3)} GFLOP/s (${size} x ${size})`,
    ],
  );
  return [...selfTest.checks.map(checkRow), ...rates];
}

function checkRow({ name, dtype, error, bound, passed, message }: SelfTestCheck): Row {
  const found =
    error === null
      ? (message ?? "failed")
      : `error ${error.toExponential(1)}, at most ${bound.toExponential(1)}`;
  return [passed ? "good" : "bad", name, `${dtype}, ${found}`];
}

function gibibytes(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}

/** Below the current or the home folder, shorter. */
function shortPath(path: string): string {
  const here = relative(process.cwd(), path);
  if (path.startsWith("/") && !here.startsWith("..") && here !== "") return here;
  const home = homedir();
  return path.startsWith(`${home}/`) ? `~${path.slice(home.length)}` : path;
}

/** At blanks; a word longer than a line stays whole. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}
