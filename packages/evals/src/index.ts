/** Evaluation tasks, runner, pass@k and report. See README.md. */
export * from "./contract.ts";
