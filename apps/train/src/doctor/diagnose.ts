/** Everything the doctor knows, as data: the machine, the native part, each backend with its reason, and what to do next. */

import { type ModelOptions, openBackend } from "@soft-tokens/app-common";
import { describeNative, describeProcessor, type NativeReport } from "@soft-tokens/backend-libtorch/native";
import { createTfjsBackend } from "@soft-tokens/backend-tfjs";
import { type Machine, readMachine } from "./machine.ts";
import { runSelfTest, type SelfTest } from "./self-test.ts";

interface BackendReport {
  readonly name: string;
  readonly works: boolean;
  /** What it runs on, or why it does not work. */
  readonly detail: string;
  /** The one that was opened. */
  readonly isChosen: boolean;
}

export interface Diagnosis {
  readonly machine: Machine;
  readonly native: NativeReport;
  readonly backends: readonly BackendReport[];
  /** What was asked for ("auto" by default) and the line that every command prints about it. */
  readonly chosen: { readonly asked: string; readonly name: string; readonly reason: string } | null;
  readonly selfTest: SelfTest | null;
  /** Commands that would make things better, the most useful first. */
  readonly advice: readonly string[];
  readonly isUsable: boolean;
}

export interface DiagnoseOptions {
  readonly backend: ModelOptions["backend"];
  /** For the self-test; 0 leaves the matrix rate out of it. */
  readonly seconds: number;
  readonly signal: AbortSignal;
  /** Told what is being done. */
  readonly onStep?: (text: string) => void;
}

const TFJS_VARIANTS = ["node-gpu", "node", "wasm", "cpu"] as const;

export async function diagnose({
  backend: asked,
  seconds,
  signal,
  onStep,
}: DiagnoseOptions): Promise<Diagnosis> {
  onStep?.("looking at the machine");
  const [machine, native] = await Promise.all([readMachine(), describeNative()]);
  signal.throwIfAborted();
  onStep?.("opening backends");
  const opened = await openBackend(asked).then(
    (chosen) => chosen,
    (error: Error) => ({ error }),
  );
  signal.throwIfAborted();
  if ("error" in opened) {
    const backends = [...libtorchReports(native, null), ...(await tfjsReports(null))];
    const advice = adviseOn(
      native,
      machine,
      asked === "auto" ? [] : ["npm run train -- doctor   (lets it choose)"],
    );
    return { machine, native, backends, chosen: null, selfTest: null, advice, isUsable: false };
  }
  using backend = opened.backend;
  onStep?.(`testing ${backend.name} for about ${seconds} s`);
  const selfTest = await runSelfTest(backend, seconds, signal);
  const backends = [...libtorchReports(native, backend.name), ...(await tfjsReports(backend.name))];
  return {
    machine,
    native,
    backends,
    chosen: { asked, name: backend.name, reason: opened.reason },
    selfTest,
    advice: adviseOn(native, machine, []),
    isUsable: selfTest.checks.every((check) => check.passed),
  };
}

/** From what the addon said in a child process: CUDA and CPU are the same addon. */
function libtorchReports({ description, problem }: NativeReport, chosen: string | null): BackendReport[] {
  const isChosen = (name: string) => chosen === name;
  if (!description) {
    const detail = problem?.code === "NOT_BUILT" ? "not built" : "the native part cannot be used";
    return ["libtorch-cuda", "libtorch-cpu"].map((name) => ({ name, works: false, detail, isChosen: false }));
  }
  const devices = Number(description.cudaDevices ?? 0);
  const cuda =
    devices > 0
      ? `${devices} device${devices > 1 ? "s" : ""}`
      : String(description.cudaReason ?? "no device");
  const cpu = `${describeProcessor(description)}, ${String(description.threads ?? "?")} threads`;
  return [
    { name: "libtorch-cuda", works: devices > 0, detail: cuda, isChosen: isChosen("libtorch-cuda") },
    ...(description.hasMps === true
      ? [{ name: "libtorch-mps", works: true, detail: "Metal", isChosen: isChosen("libtorch-mps") }]
      : []),
    { name: "libtorch-cpu", works: true, detail: cpu, isChosen: isChosen("libtorch-cpu") },
  ];
}

async function tfjsReports(chosen: string | null): Promise<BackendReport[]> {
  const reports: BackendReport[] = [];
  for (const variant of TFJS_VARIANTS) reports.push(await tfjsReport(variant, chosen));
  return reports;
}

async function tfjsReport(
  variant: (typeof TFJS_VARIANTS)[number],
  chosen: string | null,
): Promise<BackendReport> {
  const name = `tfjs-${variant}`;
  try {
    using backend = await createTfjsBackend({ variant });
    return { name, works: true, detail: backend.capabilities.device, isChosen: chosen === name };
  } catch (error) {
    return { name, works: false, detail: whyNot(error as Error), isChosen: false };
  }
}

function whyNot(error: Error): string {
  const [line = ""] = error.message
    .replace(/^no variant of TensorFlow\.js could be loaded: [\w-]+: /, "")
    .split("\n");
  return line === "not installed" ? "not installed (optional)" : line;
}

function adviseOn(native: NativeReport, machine: Machine, first: readonly string[]): string[] {
  if (native.description) return [...first];
  const { cmake, compiler, "ninja or make": builder } = machine.buildTools;
  const lacking = [!cmake && "cmake", !compiler && "a C++ compiler", !builder && "ninja or make"].filter(
    Boolean,
  );
  return [
    ...first,
    ...(lacking.length > 0 ? [`install ${lacking.join(", ")}   (to build the native part)`] : []),
    ...(native.libtorch ? [] : ["npm run setup:native   (fetches a libtorch, about 550 MB)"]),
    "npm run build:native   (builds the native part, about two minutes)",
  ];
}
