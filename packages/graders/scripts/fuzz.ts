/**
 * Fuzzes the graders: generated and mutated texts, from a seed.
 *
 *   node --conditions=@soft-tokens/source --import tsx packages/graders/scripts/fuzz.ts [COUNT] [--seed N]
 *
 * COUNT is a million by default. No text may throw, exceed the budget of steps or the time of a comparison, or make the
 * heap grow; a text equals itself, equality has no direction, and outer spaces do not matter. Exit code 1 on failure.
 */
import { parseArgs } from "node:util";
import { fuzz } from "./fuzz/run.ts";
import { summary } from "./fuzz/summary.ts";

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { seed: { type: "string", default: "1" } },
});
const [count, seed] = [Number(positionals[0] ?? 1_000_000), Number(values.seed)];
if (!Number.isInteger(count) || count < 1 || !Number.isInteger(seed)) {
  process.stderr.write("usage: fuzz.ts [COUNT] [--seed N], both whole numbers, COUNT at least 1\n");
  process.exit(2);
}
const result = fuzz(count, seed, (done) => process.stdout.write(`${done} of ${count}\n`));
process.stdout.write(`${summary(result)}\n`);
process.exitCode = result.failures.length > 0 ? 1 : 0;
