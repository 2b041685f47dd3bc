/**
 * Where samples that start stand in a batch that goes on. The rows of a prompt must stand together, and a row that moves
 * costs a copy of its cache, so samples take the places of finished rows where they fit; only where they do not, the
 * batch is pushed together, and of a group that is pushed aside as few rows move as can be.
 */

export interface RowState {
  readonly promptIndex: number;
  readonly isActive: boolean;
}

/** A row that stays in the batch, or the place in `incoming` of a sample that starts. */
export type PlacedRow = { readonly row: number } | { readonly incoming: number };

/** `incoming`: the prompt of each sample that starts, samples of a prompt together. Finished rows may remain, as filler. */
export function placeRows(rows: readonly RowState[], incoming: readonly number[]): PlacedRow[] {
  const groups = groupsOf(rows);
  const arrivals = arrivalsOf(incoming);
  return fillPlaces(rows, groups, arrivals) ?? pushTogether(groups, arrivals);
}

/** Consecutive rows of a prompt. */
interface Group {
  readonly promptIndex: number;
  readonly rows: readonly number[];
  readonly active: readonly number[];
}

/** Samples of a prompt that start. */
interface Arrival {
  readonly promptIndex: number;
  readonly incoming: readonly number[];
}

function groupsOf(rows: readonly RowState[]): Group[] {
  const groups: { promptIndex: number; rows: number[]; active: number[] }[] = [];
  rows.forEach(({ promptIndex, isActive }, row) => {
    let group = groups.at(-1);
    if (group?.promptIndex !== promptIndex) {
      group = { promptIndex, rows: [], active: [] };
      groups.push(group);
    }
    group.rows.push(row);
    if (isActive) group.active.push(row);
  });
  return groups;
}

function arrivalsOf(incoming: readonly number[]): Arrival[] {
  const arrivals: { promptIndex: number; incoming: number[] }[] = [];
  incoming.forEach((promptIndex, index) => {
    const last = arrivals.at(-1);
    if (last?.promptIndex === promptIndex) last.incoming.push(index);
    else arrivals.push({ promptIndex, incoming: [index] });
  });
  return arrivals;
}

/** Everybody stays where it is; null where some prompt's samples find no places beside each other. */
function fillPlaces(
  rows: readonly RowState[],
  groups: readonly Group[],
  arrivals: readonly Arrival[],
): PlacedRow[] | null {
  const placed: PlacedRow[] = rows.map((_, row) => ({ row }));
  const arriving = new Set(arrivals.map(({ promptIndex }) => promptIndex));
  const gaps = gapsOf(groups, arriving);
  for (const { promptIndex, incoming } of arrivals) {
    const own = groups.find((group) => group.promptIndex === promptIndex);
    const gap = own
      ? own.rows.filter((row) => !rows[row]?.isActive)
      : gaps.find((places) => places.length >= incoming.length);
    if (!gap || gap.length < incoming.length) return null;
    for (const index of incoming) placed[gap.shift() as number] = { incoming: index };
  }
  return placed;
}

/** Places of neighbouring groups that have ended and that no sample joins. */
function gapsOf(groups: readonly Group[], arriving: ReadonlySet<number>): number[][] {
  const gaps: number[][] = [];
  let isOpen = false;
  for (const { promptIndex, rows, active } of groups) {
    const isFree = active.length === 0 && !arriving.has(promptIndex);
    if (isFree && isOpen) gaps.at(-1)?.push(...rows);
    else if (isFree) gaps.push([...rows]);
    isOpen = isFree;
  }
  return gaps;
}

/** Only active rows and those that start, groups in their order, prompts that are new behind them. */
function pushTogether(groups: readonly Group[], arrivals: readonly Arrival[]): PlacedRow[] {
  const placed: PlacedRow[] = [];
  const joined = new Set<Arrival>();
  for (const { promptIndex, active } of groups) {
    const arrival = arrivals.find((candidate) => candidate.promptIndex === promptIndex);
    if (arrival) joined.add(arrival);
    placed.push(...settle(active, arrival?.incoming ?? [], placed.length));
  }
  for (const arrival of arrivals) {
    if (!joined.has(arrival)) placed.push(...arrival.incoming.map((incoming) => ({ incoming })));
  }
  return placed;
}

/** A group's places from `begin` on: rows that stand there stay, the others and those that start take what is left. */
function settle(active: readonly number[], incoming: readonly number[], begin: number): PlacedRow[] {
  const end = begin + active.length + incoming.length;
  const staying = new Set(active.filter((row) => row >= begin && row < end));
  const others: PlacedRow[] = [
    ...active.filter((row) => !staying.has(row)).map((row) => ({ row })),
    ...incoming.map((index) => ({ incoming: index })),
  ];
  return Array.from({ length: end - begin }, (_, offset) =>
    staying.has(begin + offset) ? { row: begin + offset } : (others.shift() as PlacedRow),
  );
}
