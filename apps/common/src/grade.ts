export function gradeBoxed(
  _t: string,
  _g: string,
  _s: string,
): { correct: boolean; boxed: boolean; extracted: string | null; reason: string } {
  throw new Error();
}
