/**
 * Characters to tokens, for LaTeX and plain mathematics alike. One pass, each character is looked at a bounded number
 * of times; every token spends from the work budget. Never throws on content: what is not known becomes an "unknown"
 * token, and the parser decides.
 */
import type { Work } from "../work.ts";
import {
  isCircledNumber,
  isComplexNumeral,
  isDigit,
  isLetter,
  isLetterName,
  isSpace,
  isUpper,
  letterRun,
  undoubleEscapes,
} from "./characters.ts";
import {
  aligningEnvironments,
  isKnownCommand,
  layoutEnvironments,
  lineSkip,
  placementAt,
  structureCommands,
} from "./commands.ts";
import type { FunctionName } from "./expression.ts";
import { type CommaReading, isDecimalPoint, scanNumber } from "./numerals.ts";
import type { BareToken, Token } from "./tokens.ts";
import { unicodeToLatex } from "./unicode.ts";
import { isUnitWord, spelledUnit } from "./units.ts";
import {
  constantWords,
  currencyCommands,
  derivedFunctionWords,
  droppedWithArgument,
  functionWords,
  greekLetters,
  ignoredCommands,
  markCommands,
  matrixEnvironments,
  operatorCommands,
  textCommands,
} from "./vocabulary.ts";
import { pushWords, readWord, type TokenSink } from "./word-tokens.ts";
import { conditionWords, isModulus, startsAsNumber } from "./words.ts";

export interface TokenizeResult {
  readonly tokens: readonly Token[];
  /** True where the other readings of a comma would give other tokens. */
  readonly isCommaAmbiguous: boolean;
}

/** Splits `source` into tokens. */
export function tokenize(source: string, commas: CommaReading, work: Work): TokenizeResult {
  const text = undoubleEscapes(unicodeToLatex(source));
  const tokens: Token[] = [];
  let isCommaAmbiguous = false;
  let position = 0;
  let spaced = false;
  let bracketDepth = 0;
  const environments: string[] = [];
  const layouts: string[] = [];

  const push = (token: BareToken): void => {
    work.spend();
    tokens.push({ ...token, spaced } as Token);
    spaced = false;
  };
  const sign = (name: string): void => push({ kind: "sign", text: name });
  const sink: TokenSink = { tokens, push, sign, pushConstant, inner, isSpaced: () => spaced };

  while (position < text.length) {
    const character = text.charAt(position);
    work.spend();
    if (isSpace(character) || character === "~") {
      spaced = true;
      position++;
    } else if (isDigit(character) || isDecimalPoint(text, position)) {
      const scanned = scanNumber(text, position, commas, bracketDepth > 0);
      isCommaAmbiguous ||= scanned.isCommaAmbiguous;
      position = scanned.end;
      const { text: written, value, significantDigits } = scanned;
      if (value === null) push({ kind: "unknown", text: written });
      else if (significantDigits === null) push({ kind: "number", text: written, value });
      else push({ kind: "number", text: written, value, significantDigits });
    } else if (isLetter(character)) {
      position = readWord(text, position, sink);
    } else if (character === "\\") {
      position = readCommand(position);
    } else {
      position = readSign(character, position);
    }
  }
  return { tokens, isCommaAmbiguous };

  function readSign(character: string, start: number): number {
    const two = text.slice(start, start + 2);
    const three = text.slice(start, start + 3);
    if (three === "+/-" || three === "...") {
      sign(three === "..." ? three : "±");
      return start + 3;
    }
    if (two === "**") sign("^");
    else if (two === "<=" || two === "=<") sign("<=");
    else if (two === ">=") sign(">=");
    else if (two === "!=") sign("!=");
    else if (two === "==") sign("=");
    else if (two === "=>" || two === "->") sign("=>");
    else {
      if (character === "'" && isQuoted(text, start)) spaced = true;
      else if (character === "$" || character === '"' || character === "`") spaced = true;
      else if (character === ".") {
        // A full stop between tokens is no mathematics; at an end it is punctuation.
        if (start + 1 < text.length && !isSpace(text.charAt(start + 1)) && isLetter(text.charAt(start + 1))) {
          sign(".");
        } else spaced = true;
      } else if (character === "&") readAlignment(start);
      else if ("+-*/^_!()[]{}|,;:=<>%'".includes(character)) {
        if (character === "(" || character === "[") bracketDepth++;
        if (character === ")" || character === "]") bracketDepth--;
        sign(character);
      } else if (isCircledNumber(character)) push({ kind: "letter", text: character });
      else {
        // A character outside of the basic plane is two of the text's.
        const whole = String.fromCodePoint(text.codePointAt(start) as number);
        push({ kind: "unknown", text: whole });
        return start + whole.length;
      }
      return start + 1;
    }
    return start + 2;
  }

  function readCommand(start: number): number {
    const next = text.charAt(start + 1);
    if (next === "\\") {
      // Outside of a matrix, \\frac is \frac with its backslash doubled on the way, not a line break.
      if (environments.length === 0 && isKnownCommand(letterRun(text, start + 2))) return start + 1;
      sign("\\\\");
      return start + 2 + lineSkip(text.slice(start + 2, start + 18), environments.length > 0);
    }
    if (!isLetter(next)) {
      const operator = operatorCommands.get(next);
      if (operator !== undefined) {
        if (operator === "\\{") bracketDepth++;
        if (operator === "\\}") bracketDepth--;
        sign(operator);
      } else spaced = true;
      return start + (next === "" ? 1 : 2);
    }
    let end = start + 1;
    while (isLetter(text.charAt(end))) end++;
    const name = text.slice(start + 1, end);
    if (name.startsWith("quad") && name !== "quad") {
      // Models write \quadx for \quad x.
      sign("quad");
      return start + 5;
    }
    return name === "not" ? readNegation(end) : namedCommand(name, end);
  }

  /** \not= and \not\in. */
  function readNegation(end: number): number {
    const [written = "", relation] = /^\s*(=|\\in(?![a-zA-Z]))/.exec(text.slice(end, end + 8)) ?? [];
    if (relation === undefined) return namedCommand("not", end);
    sign(relation === "=" ? "!=" : "not in");
    return end + written.length;
  }

  function namedCommand(name: string, end: number): number {
    const operator = operatorCommands.get(name);
    const structure = structureCommands.get(name);
    const mark = markCommands.get(name);
    if (ignoredCommands.has(name)) {
      spaced = true;
      return name === "left" || name === "right" ? skipInvisibleDelimiter(end) : end;
    }
    if (operator !== undefined) sign(operator);
    else if (structure !== undefined) sign(structure);
    else if (currencyCommands.has(name)) push({ kind: "text", text: currencyCommands.get(name) as string });
    else if (textCommands.has(name)) return readTextArgument(name, end);
    else if (mark !== undefined) return readMark(name, mark, end);
    else if (functionWords.has(name))
      push({ kind: "function", text: functionWords.get(name) as FunctionName });
    else if (derivedFunctionWords.has(name)) sign(derivedFunctionWords.get(name) as string);
    else if (constantWords.has(name)) pushConstant(constantWords.get(name) as string);
    else if (greekLetters.has(name)) push({ kind: "letter", text: greekLetters.get(name) as string });
    else if (droppedWithArgument.has(name)) return skipArgument(end);
    else if (name === "begin" || name === "end") return readEnvironment(name, end);
    else if (name === "dots" || name === "ldots" || name === "cdots" || name === "dotsc") sign("...");
    else push({ kind: "letter", text: `\\${name}` });
    return end;
  }

  function pushConstant(name: string): void {
    push({ kind: name === "empty" ? "namedSet" : "constant", text: name });
  }

  function skipInvisibleDelimiter(end: number): number {
    return text.charAt(end) === "." ? end + 1 : end;
  }

  /** Position after a braced argument, or after the next character where there is none. */
  function skipArgument(end: number): number {
    const argument = bracedArgument(end);
    return argument ? argument.end : end;
  }

  function bracedArgument(start: number): { content: string; end: number } | null {
    let open = start;
    while (isSpace(text.charAt(open))) open++;
    if (text.charAt(open) !== "{") return null;
    let depth = 0;
    for (let index = open; index < text.length; index++) {
      work.spend();
      const character = text.charAt(index);
      if (character === "\\") index++;
      else if (character === "{") depth++;
      else if (character === "}" && --depth === 0) {
        return { content: text.slice(open + 1, index), end: index + 1 };
      }
    }
    return { content: text.slice(open + 1), end: text.length };
  }

  function readEnvironment(kind: "begin" | "end", end: number): number {
    const argument = bracedArgument(end);
    const written = argument?.content.trim() ?? "";
    const name = written.replace("*", "");
    let after = argument?.end ?? end;
    if (kind === "begin" && written !== name) after += placementAt(text, after);
    const isSystem = kind === "begin" && opensSystem(name, after);
    if (isSystem) {
      tokens.pop();
      bracketDepth--;
    }
    if (kind === "end" ? layouts.at(-1) === name : isSystem || layoutEnvironments.has(name)) {
      if (kind === "begin") layouts.push(name);
      else layouts.pop();
      return kind === "begin" && name === "array" ? skipArgument(after) : after;
    }
    if (!matrixEnvironments.has(name)) {
      if (!layoutEnvironments.has(name)) push({ kind: "unknown", text: `\\${kind}{${name}}` });
      return after;
    }
    if (kind === "begin") {
      environments.push(name);
      if (name === "array") after = skipArgument(after);
    } else environments.pop();
    sign(`${kind}:${name}`);
    return after;
  }

  /** \left\{\begin{array}...\end{array}\right. : a brace that nothing closes holds equations, as in cases. */
  function opensSystem(name: string, start: number): boolean {
    if (tokens.at(-1)?.text !== "\\{") return false;
    const close = text.indexOf(`\\end{${name}}`, start);
    return (
      close >= 0 &&
      !/^\s*(?:\\right\s*)?\\\}/.test(text.slice(close + name.length + 6, close + name.length + 26))
    );
  }

  /** & in a matrix parts cells; in cases it parts a value from its condition; before a relation sign it only aligns. */
  function readAlignment(start: number): void {
    const layout = layouts.at(-1);
    const isBeforeSign = /^\s*(?:[=<>]|\\(?:[lg]e|ne|equiv))/.test(text.slice(start + 1, start + 12));
    if (environments.length > 0) sign("&");
    else if (layout !== undefined && (isBeforeSign || aligningEnvironments.has(layout))) spaced = true;
    else sign(layout === undefined ? "and" : "when");
  }

  function readMark(name: string, mark: string, end: number): number {
    const argument = bracedArgument(end);
    const isLine = mark === "bar" && argument !== null;
    if (
      isLine &&
      /^\s*[0-9A-Z]*\d[0-9A-Z]*\s*$/.test(argument.content) &&
      /^\s*_/.test(text.slice(argument.end))
    ) {
      // A line over the digits of a numeral with a base.
      inner(argument.content);
      return argument.end;
    }
    if (isLine && isComplexNumeral(argument.content)) {
      for (const before of ["conjugate", "{"]) sign(before);
      inner(argument.content);
      sign("}");
      return argument.end;
    }
    const isArrow = name === "vec" || name === "overrightarrow";
    const isSegment = isArrow && argument && /^\s*[A-Z]\s*[A-Z]\s*$/.test(argument.content);
    if (argument && mark === "vec" && !isSegment && !isLetterName(argument.content)) {
      // Bold type around a value, \mathbf{18}, is nothing but bold type.
      inner(argument.content);
      return argument.end;
    }
    if (argument) {
      const content = argument.content.replace(/[\s{}]/g, "").replace(/\\([ij])math/g, "$1");
      push({ kind: "letter", text: `${mark} ${content}` });
      return argument.end;
    }
    let start = end;
    while (isSpace(text.charAt(start))) start++;
    const dotless = /^\\([ij])math/.exec(text.slice(start, start + 6));
    if (dotless) {
      push({ kind: "letter", text: `${mark} ${dotless[1]}` });
      return start + dotless[0].length;
    }
    let stop = start;
    // \angle ABC, \triangle ABC, \vec v
    while (isLetter(text.charAt(stop)) && (stop === start || isUpper(text.charAt(stop)))) stop++;
    push({ kind: "letter", text: `${mark} ${text.slice(start, stop)}` });
    return stop;
  }

  function readTextArgument(command: string, end: number): number {
    const argument = bracedArgument(end);
    if (!argument) return end;
    const content = argument.content.trim();
    const isName = command === "mathrm" || command === "operatorname" || command === "mathit";
    const isInCases = layouts.length > 0 && !aligningEnvironments.has(layouts.at(-1) as string);
    const isCondition = isInCases && tokens.at(-1)?.text === "when" && conditionWords.has(content);
    const [condition, word] = /^(if|for|when|where)\b/i.exec(content) ?? [];
    if (isCondition) spaced = true;
    else if (isInCases && condition !== undefined && word !== undefined && tokens.at(-1)?.text !== "when") {
      sign("when");
      pushWords(content.slice(condition.length), sink);
    } else if (derivedFunctionWords.has(content)) sign(derivedFunctionWords.get(content) as string);
    else if (functionWords.has(content) && !(tokens.at(-1)?.kind === "number" && isUnitWord(content))) {
      push({ kind: "function", text: functionWords.get(content) as FunctionName });
    } else if (tokens.length > 0 && spelledUnit(content) !== null) {
      pushWords(spelledUnit(content) as string, sink);
    } else if (isName && content.length === 1 && isLetter(content)) {
      push({ kind: "letter", text: content });
    } else if (
      content.includes("\\") ||
      content.includes("{") ||
      startsAsNumber(content) ||
      isModulus(content)
    ) {
      // Mathematics inside text: read it where it stands.
      inner(content);
    } else pushWords(content, sink);
    spaced = true;
    return argument.end;
  }

  function inner(content: string): void {
    const result = tokenize(content, commas, work);
    isCommaAmbiguous ||= result.isCommaAmbiguous;
    for (const token of result.tokens) push(token);
  }
}

/** '5': the quotes around a whole text, which are no primes. */
function isQuoted(text: string, at: number): boolean {
  const outer = text.trim();
  const isAround = outer.length > 2 && outer.startsWith("'") && outer.endsWith("'");
  return isAround && (text.slice(0, at).trim() === "" || text.slice(at + 1).trim() === "");
}
