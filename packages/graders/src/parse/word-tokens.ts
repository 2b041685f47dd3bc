/** Words to tokens: inside of LaTeX's text commands, and runs of letters outside of them. */
import { isLetter, letterRun } from "./characters.ts";
import type { FunctionName } from "./expression.ts";
import type { BareToken, Token } from "./tokens.ts";
import { currencyCodes, isUnitWord } from "./units.ts";
import { constantWords, derivedFunctionWords, functionWords, greekLetters } from "./vocabulary.ts";
import {
  isCount,
  isDate,
  isWord,
  joinerWords,
  ordinalEndings,
  stripFullStop,
  valueBehindLeadIn,
} from "./words.ts";

/** Where the tokens go. */
export interface TokenSink {
  /** Those so far. */
  readonly tokens: readonly Token[];
  readonly push: (token: BareToken) => void;
  readonly sign: (name: string) => void;
  readonly pushConstant: (name: string) => void;
  /** Reads mathematics where it stands. */
  readonly inner: (content: string) => void;
  /** Whether white space stands before the next token. */
  readonly isSpaced: () => boolean;
}

/** Words: commas split them, "and" and "or" at the edges or between single letters become joiners. */
export function pushWords(content: string, sink: TokenSink): void {
  for (const [index, part] of (isDate(content) ? [content] : content.split(",")).entries()) {
    if (index > 0) sink.sign(",");
    const words = part.split(/[\s$~]+/).filter((word) => word !== "");
    const isJoiner = (word: string): boolean => joinerWords.has(word.toLowerCase());
    const areLetters = words.every((word) => word.length === 1 || isJoiner(word));
    let phrase: string[] = [];
    const pushPhrase = (): void => {
      const text = stripFullStop(phrase.join(" "));
      phrase = [];
      if (text === "") return;
      const value = valueBehindLeadIn(text);
      if (isCount(text)) sink.inner(text);
      else if (value !== null) {
        sink.push({ kind: "text", text: text.slice(0, -value.length).trimEnd() });
        sink.inner(value);
      } else sink.push({ kind: "text", text });
    };
    for (const [place, word] of words.entries()) {
      const splits = areLetters || place === 0 || place === words.length - 1;
      if (isJoiner(word) && splits) {
        pushPhrase();
        sink.sign(word.toLowerCase());
      } else phrase.push(word);
    }
    pushPhrase();
  }
}

/** A run of letters outside of text commands: a known word, a word of prose, or single letters. */
export function readWord(text: string, start: number, sink: TokenSink): number {
  const { push, sign } = sink;
  let end = start;
  while (isLetter(text.charAt(end))) end++;
  const run = text.slice(start, end);
  const lower = run.toLowerCase();
  const clock = lower === "p" || lower === "a" ? text.slice(start, start + 4).toLowerCase() : "";
  if (clock === "p.m." || clock === "a.m.") {
    push({ kind: "text", text: clock });
    return start + 4;
  }
  const previous = sink.tokens.at(-1);
  const isAfterNumber = previous?.kind === "number";
  const isCall = text.charAt(end) === "(";
  const called = isCall ? calledName(run) : "";
  if (called !== "") {
    // 4xsqrt(y)
    for (const letter of run.slice(0, -called.length)) push({ kind: "letter", text: letter });
    return end - called.length;
  }
  // 5th
  if (isAfterNumber && !sink.isSpaced() && ordinalEndings.has(lower)) return end;
  // US\$5
  if (run === "US" && /^\\?\$\d/.test(text.slice(end, end + 3))) return end;
  if (joinerWords.has(lower)) sign(lower);
  else if (isAfterNumber && run.length > 1 && isUnitWord(run) && !isCall) push({ kind: "text", text: run });
  else if (run.length === 1) push({ kind: "letter", text: run });
  else if (isGreekWord(run, text, end, previous))
    push({ kind: "letter", text: greekLetters.get(run) as string });
  else if (functionWords.has(run)) push({ kind: "function", text: functionWords.get(run) as FunctionName });
  else if (run === "mod" || run === "modulo") sign("bmod");
  else if (run === "sqrt") sign("surd");
  else if (run === "cbrt") sign("cuberoot");
  else if (derivedFunctionWords.has(run)) sign(derivedFunctionWords.get(run) as string);
  else if (currencyCodes.has(run)) {
    push({ kind: "text", text: run });
    return text.charAt(end) === "." ? end + 1 : end;
  } else if (lower === "infinity" || constantWords.has(run))
    sink.pushConstant(constantWords.get(lower) ?? "infinity");
  else if (previous?.kind === "text" || isWord(run, isAfterNumber, sink.isSpaced())) {
    // twenty-one, right-angled
    const rest = text.charAt(end) === "-" ? letterRun(text, end + 1) : "";
    const isCompound = isWord(rest, false, false);
    push({ kind: "text", text: isCompound ? `${run}-${rest}` : run });
    if (isCompound) return end + 1 + rest.length;
  } else {
    const split = splitJoiner(run, sink.tokens.at(-1));
    if (split) {
      // Models write 1orW for 1 or W.
      sign(split);
      return start + split.length;
    }
    for (const letter of run) push({ kind: "letter", text: letter });
  }
  return end;
}

/** theta, Theta(n): the name of a Greek letter, of four letters at least and no part of a phrase. */
function isGreekWord(run: string, text: string, end: number, before: Token | undefined): boolean {
  if (run.length < 4 || !greekLetters.has(run) || before?.kind === "text") return false;
  return !/^[\s-]*[A-Za-z]{2}/.test(text.slice(end, end + 12)) || text.charAt(end) === "(";
}

/** The joiner at the beginning of a run of letters behind a value, or null. */
function splitJoiner(run: string, before: Token | undefined): string | null {
  if (before?.kind !== "number" && before?.text !== ")") return null;
  for (const word of joinerWords) if (run.startsWith(word)) return word;
  return null;
}

/** The function's name that a run of letters before a bracket ends with, behind one or two letters; else "". */
function calledName(run: string): string {
  for (const length of [1, 2]) {
    const name = run.slice(length);
    const isName = name === "sqrt" || (name.length > 2 && functionWords.has(name));
    if (isName && !functionWords.has(run) && !isWord(run.slice(0, length), false, false)) return name;
  }
  return "";
}
