/**
 * The files beside a report that hold its samples, page by page. A page opened from disk may not fetch, but it may load a
 * script: so every file is one call, `softTokens(key, data)`, of plain JSON (decision 0703). Nothing is built before it
 * is asked for: the same source writes all files of a report and answers single requests of `bench view`.
 *
 *   NAME/questions-P.js        ids, questions, reference answers, PAGE_QUESTIONS at a time
 *   NAME/RUN-MODE.js           per question: samples, right ones, verdicts, and on which page its samples are
 *   NAME/RUN-MODE-P.js         samples of some questions, about PAGE_BYTES
 */

import type { IndexedSample, SampleIndex, Verdict } from "./sample-index.ts";

const PAGE_QUESTIONS = 500;
const PAGE_BYTES = 192 * 1024;

/** One evaluation whose samples can be looked at. */
interface ExplorerRun {
  readonly name: string;
  readonly variant: string;
  readonly kind: string;
  readonly index: SampleIndex;
}

export interface ExplorerTask {
  readonly task: string;
  readonly runs: readonly ExplorerRun[];
}

/** What the page's script has to know to ask for files. Embedded in the page. */
export interface ExplorerManifest {
  /** Folder of the files, relative to the page. */
  readonly folder: string;
  readonly tasks: readonly {
    readonly task: string;
    readonly key: string;
    readonly questions: number;
    readonly pageQuestions: number;
    readonly runs: readonly {
      readonly name: string;
      readonly variant: string;
      readonly kind: string;
      readonly key: string;
      readonly modes: readonly { readonly mode: string; readonly key: string; readonly pages: number }[];
    }[];
  }[];
}

export interface ExplorerPages {
  readonly manifest: ExplorerManifest;
  /** Names of all files, relative to the manifest's folder. */
  names(): string[];
  /** Text of one file; null for a name that is none of ours. */
  text(name: string): Promise<string | null>;
}

/** Arranges what the indexes hold at this moment. */
export function explorerPages(tasks: readonly ExplorerTask[], folder: string): ExplorerPages {
  const build = new Map<string, () => Promise<unknown> | unknown>();
  const arranged = tasks.map(({ task, runs }, taskNumber) => {
    const key = `t${taskNumber}`;
    const questions = questionList(runs);
    for (let begin = 0; begin < questions.length; begin += PAGE_QUESTIONS) {
      build.set(`${key}/questions-${begin / PAGE_QUESTIONS}`, () =>
        questions.slice(begin, begin + PAGE_QUESTIONS).map(({ id, question, gold }) => [id, question, gold]),
      );
    }
    return {
      task,
      key,
      questions: questions.length,
      pageQuestions: PAGE_QUESTIONS,
      runs: runs.map(({ name, variant, kind, index }, runNumber) => ({
        name,
        variant,
        kind,
        key: `r${runNumber}`,
        modes: index.modes.map((mode, modeNumber) => {
          const modeKey = `${key}/r${runNumber}-m${modeNumber}`;
          const pages = pageUp(
            index,
            mode,
            questions.map(({ id }) => id),
          );
          build.set(modeKey, () => pages.overview);
          for (const [number, list] of pages.pages.entries()) {
            build.set(`${modeKey}-${number}`, () => readPage(index, list));
          }
          return { mode, key: `r${runNumber}-m${modeNumber}`, pages: pages.pages.length };
        }),
      })),
    };
  });
  return {
    manifest: { folder, tasks: arranged },
    names: () => [...build.keys()].map((key) => `${key}.js`),
    async text(name) {
      const key = name.replace(/\.js$/u, "");
      const make = build.get(key);
      return make && name.endsWith(".js") ? chunk(key, await make()) : null;
    },
  };
}

/** `<` cannot end a script element if the file is ever pasted into one; JSON is JavaScript since ES2019. */
function chunk(key: string, data: unknown): string {
  const json = JSON.stringify(data).replace(/[<\u2028\u2029]/gu, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
  return `softTokens(${JSON.stringify(key)},${json});\n`;
}

/** Questions of all runs, in the order of the run that has most of them. */
function questionList(runs: readonly ExplorerRun[]) {
  const byLength = [...runs].sort((a, b) => b.index.questions.length - a.index.questions.length);
  const known = new Set<string>();
  return byLength.flatMap(({ index }) =>
    index.questions.filter(({ id }) => {
      const isNew = !known.has(id);
      known.add(id);
      return isNew;
    }),
  );
}

interface PagedQuestion {
  readonly id: string;
  readonly samples: readonly IndexedSample[];
}

/** Per question a string of verdict letters (its samples in order) and its page. */
interface ModeOverview {
  readonly verdicts: readonly string[];
  readonly page: readonly number[];
}

const LETTER: Record<Verdict, string> = { right: "r", wrong: "w", none: "n", error: "e" };

function pageUp(
  index: SampleIndex,
  mode: string,
  ids: readonly string[],
): { overview: ModeOverview; pages: PagedQuestion[][] } {
  const pages: PagedQuestion[][] = [];
  const verdicts: string[] = [];
  const page: number[] = [];
  let bytes = PAGE_BYTES; // the first question begins a page
  for (const id of ids) {
    const samples = index.samples(mode, id);
    verdicts.push(samples.map(({ verdict }) => LETTER[verdict]).join(""));
    if (samples.length === 0) {
      page.push(-1);
      continue;
    }
    const size = samples.reduce((sum, { length }) => sum + length, 0);
    if (bytes + size > PAGE_BYTES) {
      pages.push([]);
      bytes = 0;
    }
    bytes += size;
    pages.at(-1)?.push({ id, samples });
    page.push(pages.length - 1);
  }
  return { overview: { verdicts, page }, pages };
}

/** Per question id its samples, without what the question list says already. */
async function readPage(
  index: SampleIndex,
  list: readonly PagedQuestion[],
): Promise<Record<string, unknown[]>> {
  const rows = await index.read(list.flatMap(({ samples }) => samples));
  let next = 0;
  return Object.fromEntries(
    list.map(({ id, samples }) => {
      const own = rows.slice(next, next + samples.length);
      next += samples.length;
      return [id, own.map((row) => slim(row as Record<string, unknown>))];
    }),
  );
}

const LEFT_OUT = new Set(["id", "mode", "question", "prompt"]);

function slim(row: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(row).flatMap(([key, value]) => {
      if (LEFT_OUT.has(key)) return [];
      if (key === "entropies" && Array.isArray(value))
        return [[key, value.map((nats) => Math.round(nats * 100) / 100)]];
      return [[key, value]];
    }),
  );
}
