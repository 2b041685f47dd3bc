/** What is written and struck out again is not said: ~~7~~, \sout{7}, \cancel{7}, <del>7</del>. Linear. */

/** The text without what is struck out. */
export function withoutStruckOut(text: string): string {
  if (!/~~|cancel|\\sout|\\st\{|<(?:s|del|strike)>|\u0335|\u0336/.test(text)) return text;
  return withoutStrikes(text)
    .replace(/\\[bx]?cancel\s?\{(?:[^{}]|\{[^{}]{0,200}\}){0,400}\}/g, " ")
    .replace(/\S(?:\u0335|\u0336)/gu, "");
}

/** Without Markdown's, HTML's and LaTeX's strikes through text, in which whole sentences and boxes may be. (In LaTeX ~~ is space: 5~~or~~7.) */
export function withoutStrikes(text: string): string {
  if (!/~~|\\sout|\\st\{|<(?:s|del|strike)>/.test(text)) return text;
  return text
    .replace(/\\(?:sout|st)\s?\{(?:[^{}]|\{[^{}]{0,200}\}){0,400}\}/g, " ")
    .replace(/(?<![^\s("'*>:;,.{$])~~(?=[^\s~])[^~\n]{0,400}(?<=[^\s~])~~(?![\w~\\])/g, " ")
    .replace(/<(s|del|strike)>[^<]{0,400}<\/\1>/g, " ");
}
