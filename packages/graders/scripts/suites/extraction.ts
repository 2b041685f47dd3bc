/** The extraction cases: text in `pred`, the answer in `expected`. Each suite's function is one of our modes. */
import { compareAnswers, type ExtractOptions, extractAnswer } from "../../src/index.ts";
import { type Finding, fingerprint, oneLine, params, type Row, readRows, text } from "./data.ts";

export function checkExtraction(): readonly Finding[] {
  return readRows("graders/extraction_cases.jsonl").map((row) => {
    const [found, isAgreement] = check(row);
    return {
      key: `extraction ${row.index} ${fingerprint(row)}`,
      isAgreement,
      detail: `${oneLine(text(row, "pred") ?? "")} | expected ${oneLine(row.fields.expected)} | found ${oneLine(found)}`,
    };
  });
}

function check(row: Row): [found: unknown, isAgreement: boolean] {
  const response = text(row, "pred") ?? "";
  const { expected } = row.fields;
  switch (row.fields.suite) {
    case "math-verify/test_string_extraction": {
      // Expected: the letter as asked for and in upper case, or nothing.
      const letter = extract(response, { mode: "choice", choices: choicesOf(row) });
      const wanted = (expected as string[])[1] ?? null;
      return [letter, letter === wanted];
    }
    case "math-verify/test_configs":
      return checkConfig(row, response);
    case "math-verify/output.csv": {
      // SymPy's own print of what was parsed.
      const printed = String(expected).replace(/^Interval\.open/, "");
      return [printed, compareAnswers(printed, response, { prose: true }).equal];
    }
    case "tinker-cookbook/_extract_final_int": {
      const number = extract(response, { mode: "last-number" });
      return [number, number === (expected === null ? null : String(expected))];
    }
    case "tinker-cookbook/extract_boxed": {
      const answer = extract(response, { mode: "boxed" });
      return [answer, answer === (expected === "raises ValueError" ? null : expected)];
    }
    case "tinker-cookbook/extract_gsm8k_final_answer": {
      const answer = extract(response, { mode: "gsm8k" });
      return [answer, answer === (expected === "raises ValueError" ? null : expected)];
    }
    default:
      throw new Error(`extraction suite ${String(row.fields.suite)} has no check`);
  }
}

/** Boxes preferred, boxes ignored, the sentence preferred: `boxed`, `answer-is` without and with a sentence. */
function checkConfig(row: Row, response: string): [unknown, boolean] {
  const { expected } = row.fields;
  const note = text(row, "note") ?? "";
  const ignoresBoxes = note.includes("boxed_match_priority");
  const answer = extract(response, { mode: ignoresBoxes ? "answer-is" : "auto" });
  if (typeof expected === "number") return [answer, (answer === null ? 0 : 1) === expected];
  return [answer, answer !== null && compareAnswers(String(expected), answer).equal];
}

function choicesOf(row: Row): readonly string[] {
  const config = String(params(row).config ?? "");
  const strings = /strings=\(([^)]*)\)/.exec(config)?.[1];
  return strings === undefined ? ["A", "B", "C", "D"] : (strings.match(/[A-Z]/g) ?? []);
}

function extract(response: string, options: ExtractOptions): string | null {
  return extractAnswer(response, options).answer;
}
