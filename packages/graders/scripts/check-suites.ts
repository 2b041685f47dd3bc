/**
 * Checks the graders against the suites of other projects, which lie outside of this repository:
 *
 *   SOFT_TOKENS_SHARED=/folder/with/data node --import tsx packages/graders/scripts/check-suites.ts [--verbose] [--write]
 *
 * Every disagreement must be listed, with its reason, in expected-disagreements.json; one that is new, and one that is
 * listed but gone, fails. The table of docs/grader-disagreements.md is made from that list (`--write`) and must be the
 * same. Exit code 1 on failure; the last line is "N passed, N failed".
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { checkEquivalence } from "./suites/equivalence.ts";
import { checkExtraction } from "./suites/extraction.ts";
import { createReport, readListed } from "./suites/report.ts";
import { checkRewards } from "./suites/rewards.ts";
import { disagreementTable } from "./suites/table.ts";

const list = readListed("expected-disagreements.json");
const report = createReport(list, process.argv.includes("--verbose"));
const [equivalence, extraction, rewards] = [checkEquivalence(true), checkExtraction(), checkRewards()];
const settingsFree = checkEquivalence(false);
report.mention("equivalence without the cases' own settings", settingsFree);
report.add("equivalence", equivalence);
report.add("extraction", extraction);
report.add("rewards", rewards);

const tablePath = new URL("../../../docs/grader-disagreements.md", import.meta.url);
const table = disagreementTable(list, { equivalence, settingsFree, extraction, rewards });
if (process.argv.includes("--write")) writeFileSync(tablePath, table);
if (existsSync(tablePath) && readFileSync(tablePath, "utf8") === table) report.pass(1);
else report.fail("docs/grader-disagreements.md is not what the list says: run with --write");
report.finish();
