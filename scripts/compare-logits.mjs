#!/usr/bin/env node
/**
 * Compares two answers of `bench -- logits`: every id that stands in both, and the log-sum-exp, within a tolerance.
 *
 *   node scripts/compare-logits.mjs REFERENCE.json OTHER.json TOLERANCE
 */
import { readFileSync } from "node:fs";

const [reference, other, tolerance] = [read(process.argv[2]), read(process.argv[3]), Number(process.argv[4])];
const logits = new Map(other.top.map(({ id, logit }) => [id, logit]));
const shared = reference.top.filter(({ id }) => logits.has(id));
const gaps = shared.map(({ id, logit }) => Math.abs(logit - logits.get(id)));
gaps.push(Math.abs(reference.logSumExp - other.logSumExp));
const largest = Math.max(...gaps);
const isEnough = shared.length >= 0.8 * reference.top.length;
console.log(
  `${shared.length} of ${reference.top.length} ids in both, largest gap ${largest.toExponential(2)}`,
);
if (!isEnough || !(largest <= tolerance)) {
  console.error(`error: wanted most ids in both and gaps of at most ${tolerance}`);
  process.exitCode = 1;
}

function read(path) {
  return JSON.parse(readFileSync(path, "utf8"));
}
