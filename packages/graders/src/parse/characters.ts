/**
 * Characters: what is a digit, a letter, a space, and which backslashes were doubled on the way. Unicode's mathematics and other
 * scripts are turned into LaTeX in unicode.ts before anything here looks at them.
 */

export function isDigit(character: string): boolean {
  return character >= "0" && character <= "9" && character.length === 1;
}

export function isLetter(character: string): boolean {
  return (character >= "a" && character <= "z") || (character >= "A" && character <= "Z");
}

export function isUpper(character: string): boolean {
  return character >= "A" && character <= "Z";
}

export function isSpace(character: string): boolean {
  return character === " " || character === "\n" || character === "\t" || character === "\r";
}

/** The same text with the decimal digits of every script (full-width, Arabic, Devanagari, bold ...) as 0 to 9. */
export function asciiDigits(text: string): string {
  return isAscii(text) ? text : text.replace(/\p{Nd}/gu, (digit) => String(digitValue(digit)));
}

/** Unicode encodes the ten digits of a script in order and begins with its zero; blocks of digits that touch are whole tens. */
function digitValue(digit: string): number {
  const code = digit.codePointAt(0) as number;
  let first = code;
  while (/^\p{Nd}$/u.test(String.fromCodePoint(first - 1))) first--;
  return (code - first) % 10;
}

export function isAscii(text: string): boolean {
  for (let index = 0; index < text.length; index++) if (text.charCodeAt(index) > 127) return false;
  return true;
}

/**
 * Undoes JSON-escaped LaTeX (\\frac for \frac): only where no single-backslash command stands beside it, so that the
 * row breaks of a matrix stay what they are.
 */
export function undoubleEscapes(text: string): string {
  if (!text.includes("\\\\")) return text;
  let doubled = false;
  for (let index = 0; index < text.length; index++) {
    if (text.charAt(index) !== "\\") continue;
    const isDouble = text.charAt(index + 1) === "\\";
    if (!isDouble) {
      if (isLetter(text.charAt(index + 1))) return text;
    } else {
      doubled ||= isLetter(text.charAt(index + 2)) || "{}%$,;!()[]".includes(text.charAt(index + 2));
      index++;
    }
  }
  return doubled ? text.replaceAll("\\\\", "\\") : text;
}

/** One letter, or a Greek letter's command: what a bold mark makes a vector of. */
export function isLetterName(content: string): boolean {
  return /^\s*\\?[A-Za-z]+\s*$/.test(content) && (content.includes("\\") || content.trim().length === 1);
}

/** The letters from `start` on. */
export function letterRun(text: string, start: number): string {
  let end = start;
  while (isLetter(text.charAt(end))) end++;
  return text.slice(start, end);
}

/** 3+4i, \frac{1+i}{2}: digits, signs and i alone, with i among them. */
export function isComplexNumeral(content: string): boolean {
  const bare = content.replace(/\\(?:[dt]?frac|sqrt|left|right|cdot|times|mathrm|,|!)/g, " ");
  return /^[\s\d.+\-*/^(){}i]*$/.test(bare) && bare.includes("i");
}

/** ①, ⑳: the numbers of statements to choose from. */
export function isCircledNumber(character: string): boolean {
  return character >= "①" && character <= "⑳";
}
