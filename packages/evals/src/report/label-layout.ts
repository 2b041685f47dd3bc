/** Places for labels along a line: as near to where they belong as a smallest distance allows. */

/**
 * Positions in the order of `wanted`, at least `gap` apart and inside `range` where there is room.
 * Labels that collide share the displacement; their order is kept.
 */
export function spreadLabels(
  wanted: readonly number[],
  gap: number,
  [low, high]: readonly [number, number],
): number[] {
  const order = wanted.map((_, index) => index).sort((a, b) => (wanted[a] as number) - (wanted[b] as number));
  // Clusters of touching labels, each centred on the mean of its members' wishes.
  const clusters: { members: number[]; centre: number }[] = [];
  for (const index of order) {
    let cluster = { members: [index], centre: wanted[index] as number };
    for (let previous = clusters.at(-1); previous; previous = clusters.at(-1)) {
      const distance = cluster.centre - previous.centre;
      if (distance >= (gap * (cluster.members.length + previous.members.length)) / 2) break;
      clusters.pop();
      const members = [...previous.members, ...cluster.members];
      const sum = members.reduce((total, member) => total + (wanted[member] as number), 0);
      cluster = { members, centre: sum / members.length };
    }
    clusters.push(cluster);
  }
  const placed = new Array<number>(wanted.length).fill(0);
  for (const { members, centre } of clusters) {
    const half = (gap * (members.length - 1)) / 2;
    const shifted = Math.max(low + half, Math.min(high - half, centre));
    members.forEach((member, rank) => {
      placed[member] = shifted - half + gap * rank;
    });
  }
  return placed;
}
