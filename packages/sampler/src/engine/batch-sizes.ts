/**
 * How large a batch is kept while its samples finish: sizes fall by a quarter (64, 48, 36, 27, 20, ...), below five by one.
 * A cache is then copied a logarithmic number of times, at most a quarter of the rows is idle, and the few sizes are the
 * same in every batch of a run, so shapes repeat.
 */
export function keptBatchSize(rows: number, active: number): number {
  let size = rows;
  for (;;) {
    const smaller = size < 5 ? size - 1 : Math.floor((size * 3) / 4);
    if (smaller < active || smaller < 1) return size;
    size = smaller;
  }
}

/** Rows to keep, ascending: the active ones, and finished ones in the places that are left. */
export function rowsToKeep(isActive: readonly boolean[], size: number): number[] {
  let spare = size - isActive.filter(Boolean).length;
  return isActive.flatMap((active, row) => (active || spare-- > 0 ? [row] : []));
}
