#!/usr/bin/env node
/** `soft-tokens-train`: commands and their options. What each command does stands in `commands/`. */

import { join } from "node:path";
import {
  addSchemaOptions,
  givenOptions,
  parseOptions,
  readConfigFile,
  runCommand,
  runMain,
} from "@soft-tokens/app-common";
import { Command } from "commander";
import { appFolder } from "./app-folder.ts";
import { DemoOptions, demo } from "./commands/demo.ts";
import { DoctorOptions, doctor } from "./commands/doctor.ts";
import { GenerateOptions, generateText } from "./commands/generate.ts";
import { ScoreOptions, score } from "./commands/score.ts";
import { supervised } from "./commands/supervised.ts";
import { train } from "./commands/train.ts";
import { SupervisedOptions, TrainOptions } from "./config/train-options.ts";
import { serveDemoJob } from "./demo/job-process.ts";

const recipes = join(appFolder, "recipes");

const program = new Command("soft-tokens-train")
  .description(
    "Reinforcement learning of continuous chains of thought: hard, fuzzy and soft tokens (arXiv 2509.19170).",
  )
  .exitOverride()
  .showSuggestionAfterError()
  .showHelpAfterError("(--help shows all options)")
  .configureHelp({ sortOptions: false, helpWidth: Math.min(process.stdout.columns ?? 100, 120) });

await runMain(async (signal) => {
  addSchemaOptions(program.command("run", { isDefault: true }), TrainOptions)
    .description("Train a model with RLOO (the default command)")
    .option("--config <file or recipe>", `options as JSON; the command line wins. Recipes: ${recipes}`)
    .option("--dry-run", "print the resolved configuration and stop")
    .action(async (_, command: Command) => {
      const { config, dryRun } = command.opts<{ config?: string; dryRun?: boolean }>();
      const file = config === undefined ? {} : readConfigFile(config, recipes);
      const options = parseOptions(TrainOptions, file, givenOptions(command, TrainOptions));
      await train(options, { dryRun: dryRun === true, signal });
    });

  addSchemaOptions(program.command("sft"), SupervisedOptions)
    .description("Fine-tune on solved examples (supervised)")
    .option("--config <file>", "options as JSON; the command line wins")
    .action(async (_, command: Command) => {
      const { config } = command.opts<{ config?: string }>();
      const file = config === undefined ? {} : readConfigFile(config, recipes);
      await supervised(parseOptions(SupervisedOptions, file, givenOptions(command, SupervisedOptions)), {
        signal,
      });
    });

  addSchemaOptions(program.command("score"), ScoreOptions)
    .description("Recompute the log-probabilities of stored rollouts, one JSON line per sample")
    .action(async (_, command: Command) => {
      await score(parseOptions(ScoreOptions, {}, givenOptions(command, ScoreOptions)), { signal });
    });

  addSchemaOptions(program.command("generate"), GenerateOptions)
    .description("Think about one question and answer it")
    .action(async (_, command: Command) => {
      await generateText(parseOptions(GenerateOptions, {}, givenOptions(command, GenerateOptions)), {
        signal,
      });
    });

  addSchemaOptions(program.command("demo"), DemoOptions)
    .description(
      "Train and evaluate a tiny model with hard, fuzzy and soft thoughts, for real, in about five minutes",
    )
    .action(async (_, command: Command) => {
      await demo(parseOptions(DemoOptions, {}, givenOptions(command, DemoOptions)), { signal });
    });

  addSchemaOptions(program.command("doctor"), DoctorOptions)
    .description(
      "Say what this machine has and lacks, which backend would be used, and whether it computes rightly",
    )
    .action(async (_, command: Command) => {
      await doctor(parseOptions(DoctorOptions, {}, givenOptions(command, DoctorOptions)), { signal });
    });

  program.command("demo-job", { hidden: true }).action(() => serveDemoJob(signal));

  program
    .command("report")
    .description("Write report.html of a run folder again")
    .argument("<folder>", "run folder")
    .action(async (folder: string) => {
      const { writeReport } = await import("@soft-tokens/app-common/report");
      process.stdout.write(`${await writeReport(folder, { title: "Training run" })}\n`);
    });

  await runCommand(program);
});
