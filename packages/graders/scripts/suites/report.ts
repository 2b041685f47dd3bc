/**
 * Findings against a list of the disagreements that are known, each with its reason: one that is new fails, and so does
 * one that is listed but gone.
 */
import { readFileSync } from "node:fs";
import type { Finding } from "./data.ts";

export interface Listed {
  readonly key: string;
  readonly reason: string;
}

export interface Report {
  /** Agreement, kinds of disagreement, and each disagreement that is not listed (all of them where `isVerbose`). */
  add(label: string, findings: readonly Finding[]): void;
  /** The line for people alone, without a verdict. */
  mention(label: string, findings: readonly Finding[]): void;
  pass(count: number): void;
  fail(line: string): void;
  /** Reports what is listed but gone, prints "N passed, N failed" and sets the exit code. */
  finish(): void;
}

export function readListed(name: string): readonly Listed[] {
  return JSON.parse(readFileSync(new URL(`../${name}`, import.meta.url), "utf8")) as Listed[];
}

export function createReport(list: readonly Listed[], isVerbose: boolean): Report {
  const listed = new Map(list.map(({ key, reason }) => [key, reason]));
  const seen = new Set<string>();
  let passed = 0;
  let failed = 0;
  const report: Report = {
    add(label, findings) {
      report.mention(label, findings);
      for (const { key, detail, isAgreement } of findings) {
        if (isAgreement) passed++;
        else {
          seen.add(key);
          const reason = listed.get(key);
          if (reason === undefined) report.fail(`NEW ${key}: ${detail}`);
          else {
            passed++;
            if (isVerbose) print(`  ${key}: ${detail}\n    listed: ${reason}`);
          }
        }
      }
    },
    mention(label, findings) {
      const disagreements = findings.filter(({ isAgreement }) => !isAgreement);
      const agreeing = findings.length - disagreements.length;
      print(`${label}: ${agreeing} of ${findings.length} agree${kinds(disagreements)}`);
    },
    pass(count) {
      passed += count;
    },
    fail(line) {
      print(`  ${line}`);
      failed++;
    },
    finish() {
      for (const key of listed.keys()) {
        if (!seen.has(key))
          report.fail(`GONE ${key}: agrees now, or its row has changed; take it off the list`);
      }
      print(`${passed} passed, ${failed} failed`);
      process.exitCode = failed > 0 ? 1 : 0;
    },
  };
  return report;
}

export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

function kinds(disagreements: readonly Finding[]): string {
  const count = (kind: string): number =>
    disagreements.filter(({ detail }) => detail.startsWith(kind)).length;
  const [positives, negatives] = [count("false positive"), count("false negative")];
  return positives + negatives === 0 ? "" : ` (${positives} false positives, ${negatives} false negatives)`;
}
