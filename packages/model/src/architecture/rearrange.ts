/** Rows of a cache in a new order: in place where few of them move, since a cache is most of what decoding holds. */

import type { Backend, Tensor } from "@soft-tokens/tensor";

/** A place whose content does not matter: masks hide it until it is written. */
export const ANY = -1;

/**
 * `old` [N, ...] with row i taken from `sources[i]`: a row of `old`, from N on one of `fresh`, or {@link ANY}.
 * Takes ownership of `old`; the caller owns the result, which may be `old` itself.
 */
export function rearrange(
  ops: Backend,
  old: Tensor,
  fresh: Tensor | null,
  sources: readonly number[],
): Tensor {
  const N = old.shape[0] as number;
  if (sources.length === N) {
    const moved = sources.flatMap((source, place) => (source === place || source === ANY ? [] : [place]));
    if (moved.length === 0) return old;
    if (ops.capabilities.inPlaceWrite && moved.length <= N / 2) {
      overwrite(ops, old, fresh, sources, moved);
      return old;
    }
  }
  const result = ops.tidy(() =>
    take(
      ops,
      fresh ? ops.concat([old, fresh], 0) : old,
      sources.map((source) => Math.max(0, source)),
    ),
  );
  old.dispose();
  return result;
}

/** Everything that moves is read before anything is written. */
function overwrite(
  ops: Backend,
  target: Tensor,
  fresh: Tensor | null,
  sources: readonly number[],
  places: readonly number[],
): void {
  const N = target.shape[0] as number;
  const from = (place: number) => sources[place] as number;
  const stayed = places.filter((place) => from(place) < N);
  const arrived = places.filter((place) => from(place) >= N);
  ops.tidy(() => {
    const rowsOfTarget = stayed.length > 0 ? take(ops, target, stayed.map(from)) : null;
    if (rowsOfTarget) writeRuns(ops, target, rowsOfTarget, stayed);
    if (fresh && arrived.length > 0) {
      const rowsOfFresh = take(
        ops,
        fresh,
        arrived.map((place) => from(place) - N),
      );
      writeRuns(ops, target, rowsOfFresh, arrived);
    }
  });
}

/** Row i of `rows` goes to `places[i]`, ascending; neighbours are written together. */
function writeRuns(ops: Backend, target: Tensor, rows: Tensor, places: readonly number[]): void {
  const rest = rows.shape.slice(1);
  for (let begin = 0; begin < places.length; ) {
    let end = begin + 1;
    while (end < places.length && places[end] === (places[end - 1] as number) + 1) end++;
    const run = ops.slice(rows, [begin, ...rest.map(() => 0)], [end - begin, ...rest]);
    ops.writeSlice(target, run, { axis: 0, start: places[begin] as number });
    begin = end;
  }
}

function take(ops: Backend, table: Tensor, rows: readonly number[]): Tensor {
  return ops.takeRows(table, ops.tensor(Int32Array.from(rows), [rows.length], "int32"));
}
