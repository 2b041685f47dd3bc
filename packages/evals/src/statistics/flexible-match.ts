/**
 * lm-evaluation-harness's lenient reading of a GSM8K answer (lm_eval/tasks/gsm8k/gsm8k.yaml, filter `flexible-extract`): the last
 * number anywhere in the text, compared as text without commas, dollar signs and a full stop at the end.
 */

/** The harness's expression; the last match counts. */
const NUMBER = /-?[$0-9.,]{2,}|-?[0-9]+/gu;

/** Whether the last number of a text is the reference. */
export function flexibleMatch(text: string, reference: string): boolean {
  const last = text.match(NUMBER)?.at(-1);
  return last !== undefined && plain(last) === plain(reference);
}

/** `regexes_to_ignore` of the task's metric. */
function plain(text: string): string {
  return text
    .replace(/,/gu, "")
    .replace(/\$/gu, "")
    .replace(/^[\s\S]*#### /u, "")
    .replace(/\.$/u, "")
    .toLowerCase();
}
