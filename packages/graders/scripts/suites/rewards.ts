/** The reward cases: format, length and repetition rewards of other libraries, by their own functions' names. */
import {
  answerTagReward,
  cosineLengthReward,
  gradeResponse,
  groupLengthRewards,
  overlongPenalty,
  reasoningStepsReward,
  repetitionPenalty,
  tagCountReward,
  thinkFormatReward,
  wordsForRepetition,
} from "../../src/index.ts";
import { type Finding, fingerprint, oneLine, params, type Row, readRows, text } from "./data.ts";

export function checkRewards(): readonly Finding[] {
  return readRows("graders/reward_format_cases.jsonl").map((row) => {
    const value = rewardOf(row);
    const { expected } = row.fields;
    const isAgreement =
      typeof expected === "number" ? value !== null && Math.abs(value - expected) < 1e-3 : value === expected;
    const detail = `${String(row.fields.suite)} ${String(row.fields.test)}: expected ${String(expected)}, got ${value} for ${oneLine(text(row, "pred") ?? "")}`;
    return { key: `rewards ${row.index} ${fingerprint(row)}`, isAgreement, detail };
  });
}

function rewardOf(row: Row): number | null {
  const response = text(row, "pred") ?? "";
  const settings = params(row);
  const number = (name: string, otherwise: number): number =>
    typeof settings[name] === "number" ? settings[name] : otherwise;
  const ids = Array.isArray(settings.completion_ids) ? (settings.completion_ids as number[]) : null;
  const [, name = ""] = String(row.fields.suite).split("/");
  switch (name) {
    case "think_format_reward":
      return thinkFormatReward(response);
    case "format_reward":
      return answerTagReward(response);
    case "tag_count_reward":
      return tagCountReward(response);
    case "reasoning_steps_reward":
      return reasoningStepsReward(response);
    case "get_soft_overlong_punishment":
      return overlongPenalty(
        ids?.length ?? 0,
        number("max_completion_len", 0),
        number("soft_punish_cache", 0),
      );
    case "get_repetition_penalty_reward": {
      const language = typeof settings.language === "string" ? settings.language : "en";
      const items = ids ?? wordsForRepetition(response, language);
      return repetitionPenalty(items, number("ngram_size", 1), number("max_penalty", 0));
    }
    case "get_cosine_scaled_reward":
      return cosineLengthReward(
        isCorrect(row, response),
        ids?.length ?? response.length,
        number("max_len", 1000),
        {
          minWrong: number("min_value_wrong", -1),
          maxWrong: number("max_value_wrong", -0.5),
          minCorrect: number("min_value_correct", 0.5),
          maxCorrect: number("max_value_correct", 1),
        },
      );
    case "len_reward": {
      const group = settings.group as readonly string[];
      const samples = group.map((sample) => ({ isCorrect: isCorrect(row, sample), length: sample.length }));
      return groupLengthRewards(samples)[group.indexOf(response)] ?? null;
    }
    default:
      throw new Error(`reward suite ${name} has no check`);
  }
}

function isCorrect(row: Row, response: string): boolean {
  return gradeResponse(response, text(row, "gold") ?? "", { mode: "boxed" }).correct;
}
