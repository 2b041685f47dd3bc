/**
 * Unicode's mathematics written as LaTeX: signs that keyboards and models use for something LaTeX has a name for, digits of every
 * script, mathematical alphabets, full-width forms, fractions, superscripts and subscripts, signs and words of Chinese.
 * Look-alike letters of other scripts (Cyrillic a, Greek A) are left as they are and make an answer unreadable: they are not what
 * the reference says. So are marks that change the order of the letters on the screen.
 */
import { asciiDigits, isAscii } from "./characters.ts";
import { hanToLatex } from "./han.ts";

/** The same text with Unicode mathematics in LaTeX's words. Linear; ASCII text comes back unchanged. */
export function unicodeToLatex(text: string): string {
  if (isAscii(text)) return text;
  const written = withoutInvisible(text);
  let result = "";
  let script: "^" | "_" | null = null;
  for (const character of withFractions(hanToLatex(withSeparators(written)))) {
    const [mark, base] = scriptOf(character);
    if (mark !== script) {
      if (script !== null) result += "}";
      if (mark !== null) result += `${mark}{`;
      script = mark;
    }
    result += mark === null ? latexOf(character) : base;
  }
  return script === null ? result : `${result}}`;
}

const replacements = new Map<string, string>(
  Object.entries({
    "−": "-",
    "…": "\\ldots ",
    "⋯": "\\ldots ",
    "×": "\\times ",
    "✕": "\\times ",
    "✖": "\\times ",
    "⨯": "\\times ",
    "·": "\\cdot ",
    "⋅": "\\cdot ",
    "∙": "\\cdot ",
    "∗": "*",
    "➕": "+",
    "➖": "-",
    "➗": "/",
    "˗": "-",
    "⁃": "-",
    "÷": "/",
    "∕": "/",
    "⁄": "/",
    "±": "\\pm ",
    "∓": "\\mp ",
    "≤": "\\le ",
    "⩽": "\\le ",
    "≦": "\\le ",
    "≥": "\\ge ",
    "⩾": "\\ge ",
    "≧": "\\ge ",
    "≠": "\\ne ",
    "≰": "\\nleq ",
    "≱": "\\ngeq ",
    "≮": "\\nless ",
    "≯": "\\ngtr ",
    "≈": "\\approx ",
    "≅": "\\approx ",
    "≒": "\\approx ",
    "≃": "\\approx ",
    "≐": "\\approx ",
    "≡": "\\equiv ",
    "∞": "\\infty ",
    "√": "\\surd ",
    "∛": "\\cuberoot ",
    "∜": "\\sqrt[4]",
    "∑": "\\sum ",
    "∏": "\\prod ",
    "∫": "\\int ",
    π: "\\pi ",
    "∪": "\\cup ",
    "⋃": "\\cup ",
    "∩": "\\cap ",
    "∖": "\\setminus ",
    "∈": "\\in ",
    "∉": "\\notin ",
    "⊂": "\\subset ",
    "⊆": "\\subset ",
    "∅": "\\emptyset ",
    "⌀": "\\emptyset ",
    "→": "\\to ",
    "⟶": "\\to ",
    "⇒": "\\Rightarrow ",
    "⟹": "\\Rightarrow ",
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
    ʹ: "'",
    "´": "'",
    "″": "''",
    "‴": "'''",
    "∣": "|",
    "∥": "\\|",
    "‖": "\\|",
    "∶": ":",
    "∼": "\\sim ",
    "～": "\\sim ",
    "’": "'",
    "‘": "'",
    "‛": "'",
    "“": '"',
    "”": '"',
    "„": '"',
    "«": '"',
    "»": '"',
    "「": '"',
    "」": '"',
    "、": ",",
    "،": ",",
    "؛": ";",
    "。": ". ",
    "۔": ".",
    "٪": "\\%",
    "％": "\\%",
    "﹪": "\\%",
    "｛": "\\{",
    "｝": "\\}",
    "〔": "(",
    "〕": ")",
    "＆": "\\text{ and }",
    ℓ: "\\ell ",
    ℝ: "\\mathbb{R}",
    ℤ: "\\mathbb{Z}",
    ℕ: "\\mathbb{N}",
    ℚ: "\\mathbb{Q}",
    ℂ: "\\mathbb{C}",
    "㏑": "\\ln ",
    "㏒": "\\log ",
    "€": "\\text{ euros }",
    "£": "\\text{ sterling }",
    "¥": "\\text{ yuan }",
    "₹": "\\text{ rupees }",
    "¢": "\\text{ cents }",
    ϵ: "\\epsilon ",
    ϑ: "\\theta ",
    ϕ: "\\phi ",
    ϱ: "\\rho ",
    ς: "\\sigma ",
    ϖ: "\\pi ",
    "∆": "\\Delta ",
    "∴": "",
    "∎": "",
  }),
);

/** Greek letters by their names, in the alphabet's order; those that look like Latin ones have no name in LaTeX. */
const greek =
  "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi - pi rho sigma sigma tau upsilon phi chi psi omega";
for (const [index, name] of greek.split(" ").entries()) {
  if (name !== "-") replacements.set(String.fromCharCode(0x3b1 + index), `\\${name} `);
}
for (const capital of [
  "ΓGamma",
  "ΔDelta",
  "ΘTheta",
  "ΛLambda",
  "ΞXi",
  "ΠPi",
  "ΣSigma",
  "ΥUpsilon",
  "ΦPhi",
  "ΨPsi",
  "ΩOmega",
]) {
  replacements.set(capital.charAt(0), `\\${capital.slice(1)} `);
}

/** Full-width and small forms, letters like ℎ and ℃, Roman numerals, (1) as one sign, mathematical alphabets. */
const compatible =
  /^[\uff01-\uff5e\uffe0-\uffe6\ufe50-\ufe6b\u2100-\u214f\u2160-\u217f\u2474-\u2487\u249c-\u24e9\u00b5\u{1d400}-\u{1d7ff}]$/u;

/** One character in LaTeX; unchanged where it is not known. */
function latexOf(character: string): string {
  const known = replacements.get(character);
  if (known !== undefined || character.charCodeAt(0) < 128) return known ?? character;
  if (/^[\p{Zs}]$/u.test(character)) return " ";
  if (/^[\u2010-\u2015\ufe58\ufe63\uff0d]$/.test(character)) return "-";
  if (/^[\u3371-\u33df]$/.test(character)) return `\\text{ ${squaredUnit(character)} }`;
  if (!compatible.test(character)) return character;
  return Array.from(character.normalize("NFKC"), (part) => replacements.get(part) ?? part).join("");
}

/** ㎡ is m^2, ㎧ is m/s. */
function squaredUnit(character: string): string {
  return character
    .normalize("NFKC")
    .replace("∕", "/")
    .replace(/(?<=[a-z])(\d)$/, "^$1");
}

/** Without marks that have no width. Those that reverse the order of letters stay, and nothing with them is read. */
function withoutInvisible(text: string): string {
  return text.replace(/\u00ad|\u061c|\ufeff|[\u200b-\u200f\u2060-\u2064\u2066-\u2069]|[\ufe00-\ufe0f]/g, "");
}

/**
 * Digits as 0 to 9 with the separators of their script: Arabic ٫ and ٬, full-width ones between digits. Numerals in digits of
 * India's scripts may be grouped by two: १२,३४,५६७.
 */
function withSeparators(text: string): string {
  const grouped = text.replace(
    /(?<![\p{Nd},])\p{Nd}{1,2}(?:,\p{Nd}{2})+,\p{Nd}{3}(?![\p{Nd},])/gu,
    (numeral) => (/[0-9]/.test(numeral) ? numeral : numeral.replaceAll(",", "")),
  );
  return asciiDigits(grouped)
    .replace(/(?<=\d)[٫．](?=\d)/g, ".")
    .replace(/(?<=\d)[٬，](?=\d{3}(?!\d))/g, ",")
    .replace(/([\u2460-\u2473])(?=[\u2460-\u2473])/g, "$1,");
}

const superDigits = "⁰¹²³⁴⁵⁶⁷⁸⁹";
const subDigits = "₀₁₂₃₄₅₆₇₈₉";
const digitsOf = (scripts: string, digits: string): string =>
  Array.from(scripts, (script) => digits.indexOf(script)).join("");

/** ½, ⅟₃, ⁵⁄₆, 5⁄6 as fractions. */
function withFractions(text: string): string {
  return text
    .replace(/[\u00bc-\u00be\u2150-\u215e\u2189]/g, (sign) => {
      const [above, below] = sign.normalize("NFKC").split("⁄");
      return `\\frac{${above}}{${below}}`;
    })
    .replace(/⅟([₀-₉]+|\d+)/g, (_, below: string) => `\\frac{1}{${plainDigits(below)}}`)
    .replace(/([⁰¹²³⁴-⁹]+)[⁄∕/]([₀-₉]+)/g, (_, above: string, below: string) => {
      return `\\frac{${plainDigits(above)}}{${plainDigits(below)}}`;
    })
    .replace(/(?<![\d.,])(\d+)⁄(\d+)/g, "\\frac{$1}{$2}");
}

function plainDigits(scripts: string): string {
  if (/^\d+$/.test(scripts)) return scripts;
  return digitsOf(scripts, subDigits.includes(scripts.charAt(0)) ? subDigits : superDigits);
}

const superscripts =
  /^[\u00b2\u00b3\u00b9\u2070\u2071\u2074-\u207f\u02b0-\u02b8\u02e0-\u02e4\u1d2c-\u1d61\u1d9b-\u1dbf]$/;
const subscripts = /^[\u2080-\u208e\u2090-\u209c\u1d62-\u1d6a\u2c7c]$/;

/** The mark and the plain character of a raised or lowered one. */
function scriptOf(character: string): ["^" | "_" | null, string] {
  const mark = superscripts.test(character) ? "^" : subscripts.test(character) ? "_" : null;
  if (mark === null) return [null, ""];
  const base = character.normalize("NFKC");
  return [mark, base === "−" ? "-" : (replacements.get(base) ?? base)];
}
