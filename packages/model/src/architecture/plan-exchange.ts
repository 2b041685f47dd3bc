/** What a change of a batch's rows comes to for its prompts and its cache; every reason to refuse it. */

import type { RowPlace } from "../contract.ts";
import { ANY } from "./rearrange.ts";

export interface ExchangePlan {
  /** For each prompt of the new batch, in order of its rows: its number before, or from P on a new prompt. */
  readonly promptSources: readonly number[];
  /** For each row of the new batch: its number before, or ANY for a row that starts. */
  readonly rowSources: readonly number[];
  /** For each row of the new batch, its prompt there. */
  readonly promptOfRow: readonly number[];
  /** The prompts, of the new batch, of the rows that start. */
  readonly started: readonly number[];
}

/** `promptOfRow`: each present row's prompt. @throws RangeError */
export function planExchange(
  places: readonly RowPlace[],
  newPrompts: number,
  promptOfRow: readonly number[],
): ExchangePlan {
  const P = new Set(promptOfRow).size;
  const kept = new Set<number>();
  const promptSources: number[] = [];
  const started: number[] = [];
  const rowSources: number[] = [];
  const result: number[] = [];
  for (const place of places) {
    const source = promptSource(place, { P, newPrompts, promptOfRow });
    if (promptSources.at(-1) !== source) {
      if (promptSources.includes(source)) {
        throw new RangeError("exchangeRows: the rows of a prompt must stand together");
      }
      promptSources.push(source);
    }
    const prompt = promptSources.length - 1;
    result.push(prompt);
    if ("keep" in place) {
      if (kept.has(place.keep)) throw new RangeError(`exchangeRows: row ${place.keep} is kept twice`);
      kept.add(place.keep);
      rowSources.push(place.keep);
    } else {
      rowSources.push(ANY);
      started.push(prompt);
    }
  }
  return { promptSources, rowSources, promptOfRow: result, started };
}

function promptSource(
  place: RowPlace,
  {
    P,
    newPrompts,
    promptOfRow,
  }: { readonly P: number; readonly newPrompts: number; readonly promptOfRow: readonly number[] },
): number {
  if ("prompt" in place) {
    if (Number.isInteger(place.prompt) && place.prompt >= 0 && place.prompt < newPrompts)
      return P + place.prompt;
    throw new RangeError(`exchangeRows: there is no new prompt ${place.prompt} among ${newPrompts}`);
  }
  const row = "keep" in place ? place.keep : place.like;
  const prompt = promptOfRow[row];
  if (prompt === undefined) {
    throw new RangeError(`exchangeRows: there is no row ${row} in a batch of ${promptOfRow.length}`);
  }
  return prompt;
}

/** Rows of each prompt. */
export function countRows(promptOfRow: readonly number[]): number[] {
  const counts: number[] = [];
  for (const prompt of promptOfRow) counts[prompt] = (counts[prompt] ?? 0) + 1;
  return counts;
}
