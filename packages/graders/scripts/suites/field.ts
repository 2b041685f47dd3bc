/**
 * Cases that people report in public, of two files: those that were once wrong, and those that were right all along. Each is
 * graded as the command-line tool grades its line, with the preset and options that the case names.
 */
import { readLine } from "../../src/cli/grade-line.ts";
import { readSettings } from "../../src/cli/settings.ts";
import { type Grade, gradeWithPreset, presets } from "../../src/index.ts";
import { type Finding, fingerprint, oneLine, type Row, readRows, text } from "./data.ts";

/** One finding for each case of a file. A case that is described in words, without texts to grade, is a disagreement. */
export function checkField(file: "failing" | "passing"): readonly Finding[] {
  return readRows(`graders/${file}.jsonl`, "field").map((row) => {
    const key = `${file} ${text(row, "kind")} ${fingerprint(row)}`;
    if (isDescribed(row)) return described(key, row);
    const { correct, reason } = grade(row);
    const wanted = row.fields.expected === true;
    // A letter outside of the basic plane must not be cut in half.
    const isSound = !/\p{Surrogate}/u.test(reason);
    const kind = !isSound ? "a broken reason" : correct ? "false positive" : "false negative";
    const [gold, answer] = [row.fields.gold, row.fields.answer].map((value) => oneLine(value, 100));
    return {
      key,
      isAgreement: correct === wanted && isSound,
      detail: `${kind}: ${gold} | ${answer} | ${oneLine(reason, 100)}`,
    };
  });
}

/** What the reporter got is part of every case that was graded; a text of many characters is shortened to "<name: N characters, ...>". */
function isDescribed(row: Row): boolean {
  const isShortened = /^<[^<>]*: \d+ characters, /.test(text(row, "answer") ?? "");
  return row.fields.extracted === undefined || isShortened;
}

function described(key: string, row: Row): Finding {
  const { gold, answer } = row.fields;
  return { key, isAgreement: false, detail: `in words: ${oneLine(gold, 100)} | ${oneLine(answer, 100)}` };
}

function grade(row: Row): Grade {
  const { gold, answer, preset, options, row: others } = row.fields;
  const args = options === undefined ? ["--preset", String(preset ?? "auto")] : String(options).split(" ");
  const settings = readSettings(args);
  if (typeof settings === "string") throw new Error(`no options to grade with: ${String(options)}`);
  const name = settings.pool.preset ?? "auto";
  // OlympiadBench's fields come in one text.
  const fields = name === "olympiad" ? (JSON.parse(String(gold)) as object) : { gold };
  const line = JSON.stringify({ ...fields, ...(others as object | undefined), answer });
  const { item } = readLine(line, name);
  return gradeWithPreset(presets[name], item.text, item.gold, { ...settings.pool.options, ...item.options });
}
