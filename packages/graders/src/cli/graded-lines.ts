/** Lines of a stream with their verdicts, in order: whatever has arrived is graded together and given at once. */
import type { PoolVerdict } from "../pool/contract.ts";
import type { GraderPool } from "../pool/types.ts";
import type { PresetName } from "../reward/presets.ts";
import { BadLine, type GradableLine, parseRow, readLine } from "./grade-line.ts";
import { type Line, linesByChunk } from "./json-lines.ts";

/** A line that was graded, or one that could not be. */
export type GradedLine =
  | { readonly number: number; readonly line: GradableLine; readonly verdict: PoolVerdict }
  | { readonly number: number; readonly problem: BadLine };

/** Arrays of graded lines; ends after the first bad line unless it is to be skipped. @throws GraderPoolError */
export async function* gradedLines(
  bytes: AsyncIterable<Uint8Array>,
  pool: GraderPool,
  { preset, skipBad }: { readonly preset: PresetName; readonly skipBad: boolean },
): AsyncGenerator<readonly GradedLine[], void, undefined> {
  for await (const lines of linesByChunk(bytes)) {
    const read = [];
    for (const line of lines) {
      if (!line.problem && line.text.trim() === "") continue;
      const one = readOrExplain(line, preset);
      read.push(one);
      if ("problem" in one && !skipBad) break;
    }
    const verdicts = await pool.gradeAll(read.flatMap((one) => ("line" in one ? [one.line.item] : [])));
    let next = 0;
    yield read.map((one) => ("line" in one ? { ...one, verdict: verdicts[next++] as PoolVerdict } : one));
    if (!skipBad && read.some((one) => "problem" in one)) return;
  }
}

function readOrExplain({ number, text, problem, mended }: Line, preset: PresetName) {
  if (problem && !isAnswerAlone(mended)) return { number, problem: new BadLine(problem) };
  try {
    return { number, line: readLine(mended ?? text, preset) };
  } catch (error) {
    if (!(error instanceof BadLine)) throw error;
    return { number, problem: error };
  }
}

/** Bytes that a model has written are data and are graded as they are; a reference has to be what its file says. */
function isAnswerAlone(mended: string | undefined): boolean {
  if (mended === undefined) return false;
  try {
    const { answer: _, ...rest } = parseRow(mended);
    return !JSON.stringify(rest).includes("\ufffd");
  } catch (error) {
    if (error instanceof BadLine) return false;
    throw error;
  }
}
