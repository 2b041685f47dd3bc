/**
 * Checks the graders on cases that people report in public, which lie outside of this repository:
 *
 *   SOFT_TOKENS_SHARED=/folder/with/data node --conditions=@soft-tokens/source --import tsx packages/graders/scripts/check-field-graders.ts [--verbose] [KIND...]
 *
 * Every case must be right, or be listed in expected-field.json with the reason why it is none for this check. With kinds
 * ("exact-zero"), only the disagreements of these are shown and nothing is counted as gone.
 */
import { checkField } from "./suites/field.ts";
import { createReport, print, readListed } from "./suites/report.ts";

const args = process.argv.slice(2);
const kinds = args.filter((arg) => !arg.startsWith("--"));
const findings = [...checkField("failing"), ...checkField("passing")];
if (kinds.length > 0) {
  const chosen = findings.filter(({ key }) => kinds.includes(key.split(" ")[1] as string));
  const wrong = chosen.filter(({ isAgreement }) => !isAgreement);
  for (const { key, detail } of wrong) print(`  ${key}: ${detail}`);
  print(`${chosen.length - wrong.length} passed, ${wrong.length} failed`);
  process.exitCode = wrong.length > 0 ? 1 : 0;
} else {
  const report = createReport(readListed("expected-field.json"), args.includes("--verbose"));
  report.add(
    "cases that were wrong",
    findings.filter(({ key }) => key.startsWith("failing")),
  );
  report.add(
    "cases that were right",
    findings.filter(({ key }) => key.startsWith("passing")),
  );
  report.finish();
}
