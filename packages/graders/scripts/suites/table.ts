/**
 * docs/grader-disagreements.md: every disagreement with the suites that stays, by its row, with the reason. The texts of
 * the rows stay where they are.
 */
import { type Finding, type Row, readRows, text } from "./data.ts";
import type { Listed } from "./report.ts";

export interface SuiteFindings {
  readonly equivalence: readonly Finding[];
  readonly settingsFree: readonly Finding[];
  readonly extraction: readonly Finding[];
  readonly rewards: readonly Finding[];
}

const files: Readonly<Record<string, string>> = {
  equivalence: "graders/equivalence_cases.jsonl",
  extraction: "graders/extraction_cases.jsonl",
  rewards: "graders/reward_format_cases.jsonl",
};

export function disagreementTable(list: readonly Listed[], findings: SuiteFindings): string {
  const rows = new Map(Object.entries(files).map(([kind, path]) => [kind, readRows(path)]));
  const lines = list.map(({ key, reason }) => {
    const [kind = "", index = ""] = key.split(" ");
    const row = rows.get(kind)?.[Number(index)];
    return `| ${kind} ${index} | ${row ? suiteOf(row) : "?"} | ${row ? wanted(row) : "?"} | ${reason.replaceAll("|", "\\|")} |`;
  });
  return `# Where the graders disagree with other projects' suites

Made by \`packages/graders/scripts/check-suites.ts --write\` from \`expected-disagreements.json\`, and checked by the same
script: a disagreement that is not in this table fails, and so does a row that is no longer one.

${agreement("Equivalence, with each case's own settings", findings.equivalence)}
${agreement("Equivalence, without any settings", findings.settingsFree)}
${agreement("Extraction", findings.extraction)}
${agreement("Rewards", findings.rewards)}

The suites contradict each other in places (what is equal to one is different to another), so not all of them can be met.
"Wanted" is what the suite expects.

| Row | Suite | Wanted | Why it stays |
| --- | --- | --- | --- |
${lines.join("\n")}
`;
}

function agreement(label: string, findings: readonly Finding[]): string {
  const agreeing = findings.filter(({ isAgreement }) => isAgreement).length;
  return `- ${label}: ${agreeing} of ${findings.length}.`;
}

function suiteOf(row: Row): string {
  return text(row, "suite") ?? "";
}

function wanted(row: Row): string {
  const { expected_bool: expectedBool, expected } = row.fields;
  if (typeof expectedBool === "boolean") return expectedBool ? "equal" : "different";
  return typeof expected === "number" ? String(expected) : "another text";
}
