/**
 * Checks the graders on the references of MATH, GSM8K and OlympiadBench, which lie outside of this repository:
 *
 *   SOFT_TOKENS_SHARED=/folder/with/data node --import tsx packages/graders/scripts/check-references.ts [--verbose] [--all-pairs]
 *
 * Every reference can be read and equals itself and its generated rewritings, and differs from generated near misses;
 * the exceptions are listed with their reasons, by id, in expected-references.json. Pairs of different references of one
 * subject that are called equal are listed in equal-references.json with the way in which each was checked. Looked at are
 * the pairs that look alike and a fixed sample; all of them (minutes) with --all-pairs.
 */
import { comparePairs } from "./suites/pairs.ts";
import { checkNearMisses, checkReadable, checkRewritings, readReferences } from "./suites/references.ts";
import { createReport, print, readListed } from "./suites/report.ts";

const isVerbose = process.argv.includes("--verbose");
const references = readReferences();
const report = createReport(readListed("expected-references.json"), isVerbose);
report.add("references", checkReadable(references));
report.add("rewritings", checkRewritings(references));
report.add("near misses", checkNearMisses(references));

const known = new Map(readListed("equal-references.json").map(({ key, reason }) => [key, reason]));
const { compared, equal } = comparePairs(references, process.argv.includes("--all-pairs"));
report.pass(compared - equal.length);
for (const { key, texts, reason } of equal) {
  const checked = known.get(key);
  if (checked === undefined) report.fail(`NEW PAIR ${key}: ${JSON.stringify(texts)}: ${reason}`);
  else report.pass(1);
  if (checked !== undefined && isVerbose)
    print(`  ${key}: ${JSON.stringify(texts)}: ${reason}; checked: ${checked}`);
}
print(`pairs: ${compared} compared, ${equal.length} called equal`);
report.finish();
