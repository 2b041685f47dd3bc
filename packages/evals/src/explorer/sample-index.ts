/**
 * Where every sample of a `samples.jsonl` lies: byte offsets and verdicts, not texts, so that hundreds of thousands of
 * samples can be paged through without being held. The file may still be growing; {@link SampleIndex.refresh} reads
 * what has come since. The later row of a sample counts. Rows that cannot be read are counted, not thrown.
 */

import { type FileHandle, open } from "node:fs/promises";
import { parseJson } from "@soft-tokens/graders";
import { z } from "zod";
import { type FileLine, readLines } from "../results/read-lines.ts";
import { createMixtureTally, type MixtureProfile, type MixtureTally } from "./mixture-profile.ts";

/** How a sample ended. */
export type Verdict = "right" | "wrong" | "none" | "error";

export interface IndexedSample {
  readonly sampleIndex: number;
  readonly offset: number;
  readonly length: number;
  readonly verdict: Verdict;
}

interface IndexedQuestion {
  readonly id: string;
  readonly question: string;
  readonly gold: string;
}

export interface SampleIndex {
  /** In the order of their first appearance. */
  readonly questions: readonly IndexedQuestion[];
  readonly modes: readonly string[];
  /** Samples of a question in a mode, by sample index. */
  samples(mode: string, id: string): readonly IndexedSample[];
  /** What the recorded thoughts of a mode were made of; null where none was recorded. */
  mixture(mode: string): MixtureProfile | null;
  /** Lines that are no sample. */
  readonly unreadable: number;
  /** Grows with every sample read: tells pages apart in a run that goes on. */
  readonly version: number;
  /** Reads what was appended since the last call; a file that got shorter is read anew. */
  refresh(): Promise<void>;
  /** The rows at these places, as they are in the file. */
  read(samples: readonly IndexedSample[]): Promise<unknown[]>;
}

/** Generation rows have a mode and a verdict; likelihood rows have choices and the index of the right one. */
const RowHead = z.object({
  id: z.string(),
  sampleIndex: z.int().min(0).default(0),
  mode: z.string().default("likelihood"),
  question: z.string().optional(),
  context: z.string().optional(),
  group: z.string().optional(),
  gold: z.union([z.string(), z.number()]).optional(),
  correct: z.boolean().optional(),
  extracted: z.string().nullable().optional(),
  error: z.unknown().optional(),
  choices: z.array(z.object({ text: z.string(), logProb: z.number() })).optional(),
  steps: z
    .array(
      z.object({
        token: z.string(),
        alternatives: z.array(z.object({ token: z.string(), probability: z.number() })),
      }),
    )
    .optional(),
});
type RowHead = z.infer<typeof RowHead>;

/** Opens the index of a file that need not exist yet. */
export async function openSampleIndex(file: string): Promise<SampleIndex> {
  let state = emptyState();
  const index: SampleIndex = {
    get questions() {
      return state.questions;
    },
    get modes() {
      return [...state.modes.keys()];
    },
    get unreadable() {
      return state.unreadable;
    },
    get version() {
      return state.version;
    },
    samples: (mode, id) =>
      [...(state.modes.get(mode)?.get(id)?.values() ?? [])].sort((a, b) => a.sampleIndex - b.sampleIndex),
    mixture: (mode) => state.mixtures.get(mode)?.profile() ?? null,
    async refresh() {
      const handle = await openIfThere(file);
      if (!handle) {
        state = emptyState();
        return;
      }
      try {
        const { size } = await handle.stat();
        if (size < state.end) state = { ...emptyState(), version: state.version + 1 };
        for await (const line of readLines(handle, state.end, size)) keepLine(state, line);
      } finally {
        await handle.close();
      }
    },
    async read(samples) {
      if (samples.length === 0) return [];
      const handle = await open(file, "r");
      try {
        return await readRows(handle, samples);
      } finally {
        await handle.close();
      }
    },
  };
  await index.refresh();
  return index;
}

/** Rows that lie close together are read at once: a call per row costs more than the row. */
async function readRows(handle: FileHandle, samples: readonly IndexedSample[]): Promise<unknown[]> {
  const order = samples.map((_, position) => position);
  const at = (position: number) => samples[position] as IndexedSample;
  order.sort((a, b) => at(a).offset - at(b).offset);
  const rows = new Array<unknown>(samples.length);
  for (let from = 0; from < order.length; ) {
    const start = at(order[from] as number).offset;
    let end = start;
    let to = from;
    for (; to < order.length; to++) {
      const { offset, length } = at(order[to] as number);
      if (to > from && (offset - end > MOST_GAP_BYTES || offset + length - start > MOST_READ_BYTES)) break;
      end = Math.max(end, offset + length);
    }
    const bytes = Buffer.alloc(end - start);
    await handle.read(bytes, 0, bytes.length, start);
    for (const position of order.slice(from, to)) {
      const { offset, length } = at(position);
      rows[position] = parseJson(bytes.toString("utf8", offset - start, offset - start + length));
    }
    from = to;
  }
  return rows;
}

const MOST_GAP_BYTES = 64 * 1024;
const MOST_READ_BYTES = 8 * 1024 * 1024;

interface IndexState {
  readonly questions: IndexedQuestion[];
  readonly known: Set<string>;
  readonly modes: Map<string, Map<string, Map<number, IndexedSample>>>;
  readonly mixtures: Map<string, MixtureTally>;
  unreadable: number;
  version: number;
  /** Behind the last whole line. */
  end: number;
}

function emptyState(): IndexState {
  return {
    questions: [],
    known: new Set(),
    modes: new Map(),
    mixtures: new Map(),
    unreadable: 0,
    version: 0,
    end: 0,
  };
}

async function openIfThere(file: string): Promise<FileHandle | null> {
  try {
    return await open(file, "r");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

function keepLine(state: IndexState, { bytes: line, offset }: FileLine): void {
  state.end = offset + line.length + 1;
  if (line.length === 0) return;
  const row = parseHead(line);
  if (!row) {
    state.unreadable += 1;
    return;
  }
  state.version += 1;
  if (!state.known.has(row.id)) {
    state.known.add(row.id);
    state.questions.push({
      id: row.id,
      question: row.question ?? titleOf(row) ?? row.id,
      gold: goldText(row),
    });
  }
  const ofMode = state.modes.get(row.mode) ?? new Map<string, Map<number, IndexedSample>>();
  state.modes.set(row.mode, ofMode);
  const ofQuestion = ofMode.get(row.id) ?? new Map<number, IndexedSample>();
  ofMode.set(row.id, ofQuestion);
  if (row.steps) {
    const tally = state.mixtures.get(row.mode) ?? createMixtureTally();
    state.mixtures.set(row.mode, tally);
    tally.add(row.steps);
  }
  const { sampleIndex } = row;
  ofQuestion.set(sampleIndex, { sampleIndex, offset, length: line.length, verdict: verdictOf(row) });
}

function parseHead(line: Buffer): RowHead | null {
  try {
    const parsed = RowHead.safeParse(parseJson(line.toString("utf8")));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}

/** What a list shows of a context: the subject in place of the preamble that all questions of MMLU begin with. */
function titleOf({ context, group }: RowHead): string | undefined {
  const preamble = context?.indexOf("\n\n") ?? -1;
  if (context === undefined || group === undefined || preamble === -1) return context;
  return `${group.replaceAll("_", " ")}: ${context.slice(preamble + 2)}`;
}

function goldText({ gold, choices }: RowHead): string {
  return typeof gold === "number" ? (choices?.[gold]?.text ?? String(gold)) : (gold ?? "");
}

function verdictOf({ correct, extracted, error, choices, gold }: RowHead): Verdict {
  if (error !== undefined) return "error";
  if (correct !== undefined) return correct ? "right" : extracted ? "wrong" : "none";
  if (!choices || choices.length === 0) return "none";
  const best = choices.reduce(
    (top, choice, at) => (choice.logProb > (choices[top]?.logProb ?? Number.NEGATIVE_INFINITY) ? at : top),
    0,
  );
  return best === Number(gold) ? "right" : "wrong";
}
