/**
 * Checks the graders against the suites and data sets of other projects, which lie outside of this repository:
 *
 *   SOFT_TOKENS_SHARED=/folder/with/data node --import tsx packages/graders/scripts/check-suites.ts [--verbose]
 *
 * Every disagreement must be listed, with its reason, in expected-disagreements.json; one that is new, and one that is
 * listed but gone, fails. Exit code 1 on failure; the last line is "N passed, N failed".
 */
import { readFileSync } from "node:fs";
import type { Finding } from "./suites/data.ts";
import { checkEquivalence } from "./suites/equivalence.ts";
import { checkExtraction } from "./suites/extraction.ts";
import { checkNearMisses, checkReadable, checkRewritings, readReferences } from "./suites/references.ts";
import { checkRewards } from "./suites/rewards.ts";
import { measureReferences, measureSymbolic, type Speed } from "./suites/speed.ts";

interface Listed {
  readonly key: string;
  readonly reason: string;
}

const isVerbose = process.argv.includes("--verbose");
const listed = new Map(
  (
    JSON.parse(readFileSync(new URL("./expected-disagreements.json", import.meta.url), "utf8")) as Listed[]
  ).map(({ key, reason }) => [key, reason]),
);
const seen = new Set<string>();
let passed = 0;
let failed = 0;

const references = readReferences();
reportSettingsFree(checkEquivalence(false));
report("equivalence", checkEquivalence(true));
report("extraction", checkExtraction());
report("rewards", checkRewards());
report("references", checkReadable(references));
report("rewritings", checkRewritings(references));
report("near misses", checkNearMisses(references));
reportGone();
const mathAnswers = references.filter(({ id }) => !id.startsWith("gsm8k")).map(({ answer }) => answer);
print(formatSpeed(measureReferences(mathAnswers)));
print(formatSpeed(measureSymbolic(300)));
print(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Agreement, kinds of disagreement, and each disagreement that is not listed. */
function report(label: string, findings: readonly Finding[]): void {
  const disagreements = findings.filter((finding) => !finding.isAgreement);
  print(
    `${label}: ${findings.length - disagreements.length} of ${findings.length} agree${kinds(disagreements)}`,
  );
  for (const { key, detail } of disagreements) {
    seen.add(key);
    const reason = listed.get(key);
    if (reason === undefined) print(`  NEW ${key}: ${detail}`);
    else if (isVerbose) print(`  ${key}: ${detail}\n    listed: ${reason}`);
  }
  const fresh = disagreements.filter(({ key }) => !listed.has(key)).length;
  failed += fresh;
  passed += findings.length - fresh;
}

/** For comparison with graders that know no settings; no verdict. */
function reportSettingsFree(findings: readonly Finding[]): void {
  const disagreements = findings.filter((finding) => !finding.isAgreement);
  const agreeing = findings.length - disagreements.length;
  print(
    `equivalence without the cases' own settings: ${agreeing} of ${findings.length} agree${kinds(disagreements)}`,
  );
}

/** A listed disagreement that no longer is one must leave the list. */
function reportGone(): void {
  for (const key of listed.keys()) {
    if (seen.has(key)) continue;
    print(`  GONE ${key}: agrees now, or its row has changed; take it off the list`);
    failed++;
  }
}

function kinds(disagreements: readonly Finding[]): string {
  const positives = disagreements.filter(({ detail }) => detail.startsWith("false positive")).length;
  const negatives = disagreements.filter(({ detail }) => detail.startsWith("false negative")).length;
  return positives + negatives === 0 ? "" : ` (${positives} false positives, ${negatives} false negatives)`;
}

function formatSpeed({ label, perSecond, p99Ms, maxMs }: Speed): string {
  return `speed, ${label}: ${Math.round(perSecond)} comparisons/s, p99 ${p99Ms.toFixed(2)} ms, max ${maxMs.toFixed(1)} ms`;
}
