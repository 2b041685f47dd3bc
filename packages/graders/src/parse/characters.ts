/**
 * Unicode mathematics written as LaTeX: the signs that keyboards and models use for something LaTeX has a name for.
 * Only mathematical signs are listed. Look-alike letters and digits of other scripts (Cyrillic a, full-width 5) are
 * left as they are and make an answer unreadable: they are not what the reference says.
 */

const replacements = new Map<string, string>(
  Object.entries({
    "−": "-",
    "–": "-",
    "—": "-",
    "…": "\\ldots ",
    "‐": "-",
    "‑": "-",
    "×": "\\times ",
    "✕": "\\times ",
    "·": "\\cdot ",
    "⋅": "\\cdot ",
    "∙": "\\cdot ",
    "∗": "*",
    "÷": "/",
    "∕": "/",
    "⁄": "/",
    "±": "\\pm ",
    "∓": "\\mp ",
    "≤": "\\le ",
    "⩽": "\\le ",
    "≥": "\\ge ",
    "⩾": "\\ge ",
    "≠": "\\ne ",
    "≈": "\\approx ",
    "≅": "\\approx ",
    "≡": "\\equiv ",
    "∞": "\\infty ",
    "√": "\\surd ",
    "∛": "\\cuberoot ",
    π: "\\pi ",
    "∪": "\\cup ",
    "∩": "\\cap ",
    "∖": "\\setminus ",
    "∈": "\\in ",
    "∉": "\\notin ",
    "⊂": "\\subset ",
    "⊆": "\\subset ",
    "∅": "\\emptyset ",
    "⌀": "\\emptyset ",
    "→": "\\to ",
    "⇒": "\\Rightarrow ",
    "∧": "\\text{ and }",
    "∨": "\\text{ or }",
    "⟨": "\\langle ",
    "⟩": "\\rangle ",
    "〈": "\\langle ",
    "〉": "\\rangle ",
    "⌊": "\\lfloor ",
    "⌋": "\\rfloor ",
    "⌈": "\\lceil ",
    "⌉": "\\rceil ",
    "∠": "\\angle ",
    "△": "\\triangle ",
    "°": "^{\\circ}",
    º: "^{\\circ}",
    "∘": "^{\\circ}",
    "˚": "^{\\circ}",
    "′": "'",
    "∣": "|",
    "∥": "\\|",
    "∶": ":",
    "∼": "\\sim ",
    "’": "'",
    "‘": "'",
    "“": '"',
    "”": '"',
    ℝ: "\\mathbb{R}",
    ℤ: "\\mathbb{Z}",
    ℕ: "\\mathbb{N}",
    ℚ: "\\mathbb{Q}",
    ℂ: "\\mathbb{C}",
    "½": "\\frac{1}{2}",
    "⅓": "\\frac{1}{3}",
    "⅔": "\\frac{2}{3}",
    "¼": "\\frac{1}{4}",
    "¾": "\\frac{3}{4}",
    "⅕": "\\frac{1}{5}",
    "⅖": "\\frac{2}{5}",
    "⅗": "\\frac{3}{5}",
    "⅘": "\\frac{4}{5}",
    "⅙": "\\frac{1}{6}",
    "⅚": "\\frac{5}{6}",
    "⅛": "\\frac{1}{8}",
    "⅜": "\\frac{3}{8}",
    "⅝": "\\frac{5}{8}",
    "⅞": "\\frac{7}{8}",
    "€": "\\text{ euros }",
    "£": "\\text{ sterling }",
    "¥": "\\text{ yuan }",
    "₹": "\\text{ rupees }",
    "¢": "\\text{ cents }",
    α: "\\alpha ",
    β: "\\beta ",
    γ: "\\gamma ",
    δ: "\\delta ",
    ε: "\\epsilon ",
    θ: "\\theta ",
    λ: "\\lambda ",
    μ: "\\mu ",
    ρ: "\\rho ",
    σ: "\\sigma ",
    τ: "\\tau ",
    φ: "\\phi ",
    ϕ: "\\phi ",
    ω: "\\omega ",
    Δ: "\\Delta ",
    Σ: "\\Sigma ",
    Ω: "\\Omega ",
    "\u00a0": " ",
    "\u2002": " ",
    "\u2003": " ",
    "\u2009": " ",
    "\u202f": " ",
    "\u3000": " ",
    "\u200b": "",
    "\u2060": "",
    "\ufeff": "",
  }),
);

const superscripts = "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿ";
const subscripts = "₀₁₂₃₄₅₆₇₈₉₊₋ₙ";
const scriptBases = "0123456789+-n";

/** The same text with Unicode mathematics in LaTeX's words. Linear; ASCII text comes back unchanged. */
export function unicodeToLatex(text: string): string {
  if (isAscii(text)) return text;
  let result = "";
  let script: "^" | "_" | null = null;
  for (const character of text) {
    const [mark, base] = scriptOf(character);
    if (mark !== script) {
      if (script !== null) result += "}";
      if (mark !== null) result += `${mark}{`;
      script = mark;
    }
    result += mark === null ? (replacements.get(character) ?? character) : base;
  }
  return script === null ? result : `${result}}`;
}

function scriptOf(character: string): ["^" | "_" | null, string] {
  const high = superscripts.indexOf(character);
  if (high >= 0) return ["^", scriptBases.charAt(high)];
  const low = subscripts.indexOf(character);
  return low >= 0 ? ["_", scriptBases.charAt(low)] : [null, ""];
}

function isAscii(text: string): boolean {
  for (let index = 0; index < text.length; index++) if (text.charCodeAt(index) > 127) return false;
  return true;
}

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
