/** The short fuzzing run of the gate: 20,000 cases; `fuzz.ts` is the long one. */
import { fuzz } from "./fuzz/run.ts";
import { summary } from "./fuzz/summary.ts";

const result = fuzz(20_000, 20_251_122, () => {});
process.stdout.write(`${summary(result)}\n`);
process.exitCode = result.failures.length > 0 ? 1 : 0;
