/** The figures of a speed run as tables for a terminal. */

import { formatCount } from "@soft-tokens/app-common";
import { THOUGHTS } from "../engine/engine.ts";
import { formatTable, type Spread } from "../statistics.ts";
import type { ByThought, Figures } from "./figures.ts";
import type { OperationTime } from "./operations.ts";

const SHOWN_OPERATIONS = 16;

export function renderFigures(figures: Figures): string {
  return [
    heading(figures),
    rates(figures),
    decoding(figures),
    training(figures),
    phases(figures),
    sharing(figures),
    memory(figures),
    ...operations(figures),
  ]
    .filter((section) => section !== "")
    .join("\n\n");
}

function heading({ model, note, parameters, dtype, workload, hardware, device, versions }: Figures): string {
  const { prompts, samples, promptTokens, thoughtSteps, answerTokens } = workload;
  const flags = Object.entries(hardware.instructions ?? {}).flatMap(([flag, has]) => (has ? [flag] : []));
  return [
    `${model}: ${formatCount(parameters)} parameters in ${dtype}; ${note}`,
    `${prompts} x ${samples} samples, prompts of ${promptTokens} tokens, ${thoughtSteps} + ${answerTokens} tokens`,
    `${versions.backend}, ${device}; ${hardware.logicalCores} x ${hardware.cpu}${flags.length > 0 ? ` (${flags.join(", ")})` : ""}`,
  ].join("\n");
}

function rates({ matrixRate }: Figures): string {
  return formatTable([
    ["matrix rate, GFLOP/s, median (range)", "model's shapes", "large square"],
    ...Object.entries(matrixRate).map(([dtype, { model, square }]) => [
      dtype,
      withRange(model, whole),
      withRange(square, whole),
    ]),
  ]);
}

function decoding({ decodeTokensPerSecond, generateTokensPerSecond, decodeRatio }: Figures): string {
  const batches = Object.keys(decodeTokensPerSecond.hard);
  const row = (title: string, of: ByThought<Record<string, Spread>>, batch: string) => [
    `${title}, batch ${batch}`,
    ...THOUGHTS.map((thought) => withRange(of[thought][batch], whole)),
  ];
  return formatTable([
    ["tokens per second, median (range)", ...THOUGHTS],
    ...batches.map((batch) => row("decode", decodeTokensPerSecond, batch)),
    ...batches.map((batch) => row("with prefill", generateTokensPerSecond, batch)),
    ...batches.map((batch) => [
      `time per token against hard, batch ${batch}`,
      "1",
      withRange(decodeRatio.soft[batch], times),
      withRange(decodeRatio.fuzzy[batch], times),
    ]),
  ]);
}

function training(figures: Figures): string {
  const { trainStepSeconds, rlooStepSeconds, trainRatio, matrixFraction, logProbGap } = figures;
  if (!trainStepSeconds || !rlooStepSeconds || !trainRatio || !matrixFraction || !logProbGap) return "";
  const share = (value: number) => `${(100 * value).toFixed(1)} %`;
  return formatTable([
    ["seconds, median (range)", ...THOUGHTS],
    ["training step", ...THOUGHTS.map((thought) => withRange(trainStepSeconds[thought], seconds))],
    ["RLOO step", ...THOUGHTS.map((thought) => withRange(rlooStepSeconds[thought], seconds))],
    [
      "training step against hard",
      "1",
      withRange(trainRatio.soft, times),
      withRange(trainRatio.fuzzy, times),
    ],
    [
      "forward + backward, TFLOP needed",
      ...THOUGHTS.map((thought) => (matrixFraction[thought].flops.total / 1e12).toFixed(2)),
    ],
    ["  GFLOP/s", ...THOUGHTS.map((thought) => whole(matrixFraction[thought].achieved))],
    ["  of the rate on its shapes", ...THOUGHTS.map((thought) => share(matrixFraction[thought].ofModel))],
    [
      "  the same without products of the head that a peaked p spares",
      ...THOUGHTS.map((thought) => share(matrixFraction[thought].ofModelPeaked)),
    ],
    ["  of the square's rate", ...THOUGHTS.map((thought) => share(matrixFraction[thought].ofSquare))],
    [
      "log pi gap per thought step, nats",
      ...THOUGHTS.map((thought) => logProbGap[thought].median.toExponential(1)),
    ],
  ]);
}

function phases({ phaseSeconds, rlooStepSeconds }: Figures): string {
  if (!phaseSeconds || !rlooStepSeconds) return "";
  const names = Object.keys(phaseSeconds.hard) as (keyof typeof phaseSeconds.hard)[];
  return formatTable([
    ["phase, seconds (share of the step)", ...THOUGHTS],
    ...names.map((name) => [
      name,
      ...THOUGHTS.map((thought) => {
        const value = phaseSeconds[thought][name];
        return `${seconds(value)} (${((100 * value) / rlooStepSeconds[thought].median).toFixed(0).padStart(2)} %)`;
      }),
    ]),
  ]);
}

function sharing(figures: Figures): string {
  if (!figures.sharing) return "";
  const { tokensShared, tokensSeparate, tokensComputed, microBatchRows } = figures.sharing;
  const { secondsShared, secondsSeparate } = figures.sharing;
  const saved = (part: number, all: number) => `${(100 * (1 - part / all)).toFixed(0)} % less`;
  return [
    `shared prompts: ${tokensShared} tokens through the linear layers instead of ${tokensSeparate} (${saved(tokensShared, tokensSeparate)}); computed ${tokensComputed} in ${figures.microBatches} micro-batches`,
    `  ${microBatchRows} rows of one prompt, forward + backward: ${seconds(secondsShared.median)} s shared, ${seconds(secondsSeparate.median)} s not (${saved(secondsShared.median, secondsSeparate.median)})`,
  ].join("\n");
}

function memory(figures: Figures): string {
  if (!figures.memory || figures.peakMemoryBytes === null) return "";
  const gib = (bytes: number) => `${(bytes / 2 ** 30).toFixed(2)} GiB`;
  const { stateBytes, processBytes, backendBytes } = figures.memory;
  return `peak memory ${gib(figures.peakMemoryBytes)} (process ${gib(processBytes)}, tensors ${gib(backendBytes)}); weights, gradients and optimizer state ${gib(stateBytes)}, so ${gib(figures.peakMemoryBytes - stateBytes)} beyond them`;
}

function operations({ profile }: Figures): string[] {
  if (!profile) return [];
  return [
    operationTable("decoding, soft, by operation", profile.decode),
    operationTable("RLOO step, soft, by operation", profile.step),
  ];
}

function operationTable(title: string, all: readonly OperationTime[]): string {
  const total = all.reduce((sum, { seconds: own }) => sum + own, 0);
  const rest = all.slice(SHOWN_OPERATIONS);
  const row = (name: string, calls: number, own: number) => [
    name,
    own.toFixed(3),
    `${((100 * own) / total).toFixed(1)} %`,
    String(calls),
  ];
  return formatTable([
    [title, "seconds", "share", "calls"],
    ...all.slice(0, SHOWN_OPERATIONS).map(({ name, calls, seconds: own }) => row(name, calls, own)),
    ...(rest.length > 0
      ? [
          row(
            `${rest.length} others`,
            rest.reduce((sum, { calls }) => sum + calls, 0),
            rest.reduce((sum, { seconds: own }) => sum + own, 0),
          ),
        ]
      : []),
  ]);
}

function withRange(value: Spread | undefined, format: (x: number) => string): string {
  return value ? `${format(value.median)} (${format(value.min)} to ${format(value.max)})` : "";
}

function whole(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

function seconds(value: number): string {
  return value >= 10 ? value.toFixed(1) : value.toFixed(3);
}

function times(value: number): string {
  return value.toFixed(2);
}
