/**
 * `graders`: comparisons per second of @soft-tokens/graders, and of another grader beside it in the same run. Targets: at
 * least 5,000 simple and 300 symbolic comparisons a second on one core, and 99 % of all below 20 ms.
 */

import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { createProgress } from "@soft-tokens/app-common";
import { toJson } from "@soft-tokens/evals";
import { z } from "zod";
import { type GraderFigures, ownRound, peerRound, type Round, summarize } from "../graders/measure.ts";
import { type AnswerPair, simplePairs, symbolicPairs } from "../graders/pairs.ts";
import { startPeer } from "../graders/peer.ts";
import { formatTable } from "../statistics.ts";

export const GradersOptions = z.strictObject({
  simple: z.int().positive().default(2000).describe("Simple pairs"),
  symbolic: z.int().positive().default(400).describe("Symbolic pairs"),
  rounds: z.int().positive().default(7).describe("Counted rounds, after one that is not"),
  peer: z
    .string()
    .min(1)
    .optional()
    .describe('Command of another grader: {"gold", "pred"} per line in, true or false per line out'),
  peerRounds: z
    .int()
    .positive()
    .default(2)
    .describe("Counted rounds of the other grader, after one that is not"),
  json: z.string().optional().describe("Also write all figures to this file"),
});
export type GradersOptions = z.infer<typeof GradersOptions>;

interface Row {
  readonly kind: string;
  readonly grader: string;
  readonly figures: GraderFigures;
}

export async function graders(options: GradersOptions, { signal }: { signal: AbortSignal }): Promise<void> {
  const kinds: ReadonlyArray<readonly [string, readonly AnswerPair[]]> = [
    ["simple", simplePairs(options.simple)],
    ["symbolic", symbolicPairs(options.symbolic)],
  ];
  using peer = options.peer === undefined ? null : startPeer(options.peer);
  const progress = createProgress("graders", "round");
  const rows: Row[] = [];
  for (const [kind, pairs] of kinds) {
    const own: Round[] = [];
    const theirs: Round[] = [];
    for (let round = 0; round <= options.rounds; round++) {
      signal.throwIfAborted();
      const measured = ownRound(pairs);
      if (round > 0) own.push(measured);
      if (peer && round <= options.peerRounds) {
        const other = await peerRound(pairs, peer, signal);
        if (round > 0) theirs.push(other);
      }
      progress.update(round, options.rounds);
    }
    rows.push({ kind, grader: "@soft-tokens/graders", figures: summarize(pairs, own) });
    if (peer) rows.push({ kind, grader: "the other", figures: summarize(pairs, theirs) });
  }
  progress.finish();
  const figures = {
    date: new Date().toISOString().slice(0, 10),
    hardware: `${cpus().length} x ${cpus()[0]?.model.trim()}`,
    node: process.version,
    options,
    rows,
  };
  if (options.json !== undefined) writeFileSync(options.json, `${toJson(figures, options.json, 2)}\n`);
  process.stdout.write(`${figures.date}, ${figures.hardware}, Node ${figures.node}\n\n${render(rows)}\n`);
}

function render(rows: readonly Row[]): string {
  const head = ["pairs", "grader", "right", "per second", "median ms", "p99 ms", "max ms"];
  const lines = rows.map(({ kind, grader, figures }) => [
    `${figures.pairs} ${kind}`,
    grader,
    String(figures.right),
    figures.perSecond.toFixed(0),
    ...[figures.medianMs, figures.p99Ms, figures.maxMs].map((ms) => ms.toFixed(2)),
  ]);
  return formatTable([head, ...lines]);
}
