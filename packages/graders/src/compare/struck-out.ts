/** What is written and struck out again is not said: ~~7~~, \sout{7}, \cancel{7}, <del>7</del>. Linear. */

/** The text without what is struck out. */
export function withoutStruckOut(text: string): string {
  if (!/~~|cancel|\\sout|\\st\{|<(?:s|del|strike)>|\u0335|\u0336/.test(text)) return text;
  return text
    .replace(/~~(?!\s)[^~\n]{1,400}~~/g, " ")
    .replace(/\\(?:[bx]?cancel|sout|st)\s?\{[^{}]{0,400}\}/g, " ")
    .replace(/<(s|del|strike)>[^<]{0,400}<\/\1>/g, " ")
    .replace(/\S(?:\u0335|\u0336)/gu, "");
}
