/** Texts cut at a length: never between the two halves of a character outside of the basic plane, which no encoder takes. */

/** The first `length` characters at most, one less where the cut would leave half of a pair. */
export function cutText(text: string, length: number): string {
  if (text.length <= length) return text;
  const last = text.charCodeAt(length - 1);
  const isHalf = last >= 0xd800 && last <= 0xdbff;
  return text.slice(0, isHalf ? length - 1 : length);
}
