/** `soft-tokens-grade audit`: reads both sides, joins them by id or by position, prints the disagreements. */
import { createReadStream } from "node:fs";
import type { GraderPool } from "../pool/types.ts";
import { type Disagreement, howOf, kindOf, renderAudit, type TheirVerdict, theirVerdict } from "./audit.ts";
import { BadLine, parseRow } from "./grade-line.ts";
import { gradedLines } from "./graded-lines.ts";
import { linesByChunk } from "./json-lines.ts";
import { type AuditSettings, UsageError } from "./settings.ts";

interface Theirs {
  /** Null where not every line has one. */
  readonly byId: Map<string, TheirVerdict> | null;
  readonly inOrder: readonly TheirVerdict[];
}

/** Writes the disagreements; whether there were any. @throws {UsageError} for lines and files that do not fit together */
export async function audit(
  settings: AuditSettings,
  pool: GraderPool,
  input: AsyncIterable<Uint8Array>,
  write: (text: string) => Promise<void>,
): Promise<boolean> {
  const theirs = await readTheirs(settings);
  const disagreements: Disagreement[] = [];
  const unmatched = new Set(theirs.byId?.keys());
  let total = 0;
  let isById = theirs.byId !== null;
  for await (const lines of gradedLines(input, pool, settings)) {
    for (const graded of lines) {
      if ("problem" in graded) {
        if (settings.skipBad) continue;
        throw new UsageError(`line ${graded.number}: ${graded.problem.message}`);
      }
      const { number, line, verdict } = graded;
      const id = line.item.id ?? null;
      if (total === 0 && id === null) isById = false;
      if (isById && id === null)
        throw new UsageError(`line ${number}: "id" is missing, while other lines of both files have one`);
      const theirsHere = isById ? theirs.byId?.get(id as string) : theirs.inOrder[total];
      if (theirsHere === undefined) {
        const what = isById ? `id ${id} is` : "it has only";
        const rest = isById ? "not in it" : `${theirs.inOrder.length} lines with a verdict`;
        throw new UsageError(`line ${number}: --against ${settings.against}: ${what} ${rest}`);
      }
      total++;
      if (id !== null) unmatched.delete(id);
      const kind = kindOf(verdict, theirsHere);
      if (kind === null) continue;
      const { text, gold } = line.item;
      const one: Disagreement = {
        ...{ line: number, id, kind, how: howOf(verdict) },
        gold: typeof gold === "string" ? gold : [gold.gold].flat().join(", "),
        ...{ answer: text, extracted: verdict.extracted, reason: verdict.reason },
      };
      disagreements.push(one);
      if (settings.asJson) await write(`${JSON.stringify(one)}\n`);
    }
  }
  const left = isById ? unmatched.size : theirs.inOrder.length - total;
  if (left > 0 && !settings.skipBad) {
    throw new UsageError(
      `--against ${settings.against}: ${left} of its lines have no line on standard input`,
    );
  }
  if (!settings.asJson) await write(`${renderAudit(total, disagreements, settings.limit)}\n`);
  return disagreements.length > 0;
}

async function readTheirs({ against, field, threshold }: AuditSettings): Promise<Theirs> {
  const byId = new Map<string, TheirVerdict>();
  const inOrder: TheirVerdict[] = [];
  try {
    for await (const lines of linesByChunk(createReadStream(against) as AsyncIterable<Uint8Array>)) {
      for (const { number, text, problem } of lines) {
        if (problem) throw new UsageError(`${against}, line ${number}: ${problem}`);
        if (text.trim() === "") continue;
        const { id, verdict } = readTheirLine(text, field, threshold, `${against}, line ${number}`);
        inOrder.push(verdict);
        if (id === null) continue;
        if (byId.has(id)) throw new UsageError(`${against}, line ${number}: "id" ${id} is there twice`);
        byId.set(id, verdict);
      }
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") throw new UsageError(`--against ${against}: no such file`);
    if (code === "EISDIR") throw new UsageError(`--against ${against}: a folder, wanted a file`);
    throw error;
  }
  if (inOrder.length === 0) throw new UsageError(`--against ${against}: no lines`);
  return { byId: byId.size === inOrder.length ? byId : null, inOrder };
}

function readTheirLine(
  text: string,
  field: string | null,
  threshold: number | null,
  place: string,
): { id: string | null; verdict: TheirVerdict } {
  try {
    const row = parseRow(text, "with a verdict");
    const hasId = typeof row.id === "string" || typeof row.id === "number";
    return { id: hasId ? String(row.id) : null, verdict: theirVerdict(row, field, threshold) };
  } catch (error) {
    if (error instanceof BadLine) throw new UsageError(`${place}: ${error.message}`);
    throw error;
  }
}
