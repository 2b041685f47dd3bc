/** majority@n: the answer most samples agree on, taken as the model's one answer (self-consistency, arXiv:2203.11171). */

export interface Vote {
  /** What was read from the sample; null or empty when nothing could be, which is no vote. */
  readonly extracted: string | null;
  readonly correct: boolean;
}

/**
 * Chance that the most frequent answer is correct; equally frequent ones share the chance. Answers are compared as
 * written (white space aside), correct ones count as one answer whatever their form. 0 when nobody voted.
 */
export function majorityCorrect(votes: readonly Vote[]): number {
  const counts = new Map<string, number>();
  let correct = 0;
  for (const vote of votes) {
    if (!vote.extracted) continue;
    if (vote.correct) correct += 1;
    else {
      const answer = vote.extracted.replace(/\s+/gu, "");
      counts.set(answer, (counts.get(answer) ?? 0) + 1);
    }
  }
  const mostWrong = Math.max(0, ...counts.values());
  if (correct === 0 || correct < mostWrong) return 0;
  const tied = [...counts.values()].filter((count) => count === correct).length;
  return 1 / (1 + tied);
}
