#!/usr/bin/env node
/** `soft-tokens-bench`: commands and their options. */

import { addSchemaOptions, givenOptions, parseOptions, runCommand, runMain } from "@soft-tokens/app-common";
import { Command } from "commander";
import { EmbeddedOptions, embedded } from "./commands/embedded.ts";
import { EvaluateOptions, evaluate } from "./commands/evaluate.ts";
import { GradersOptions, graders } from "./commands/graders.ts";
import { addGridOptions, GridOptions, grid } from "./commands/grid.ts";
import { LogitsOptions, logits } from "./commands/logits.ts";
import { ScalingOptions, scaling } from "./commands/scaling.ts";
import { SpeedOptions, speed } from "./commands/speed.ts";
import { addViewOptions, ViewOptions, view } from "./commands/view.ts";
import { serveEngine } from "./engine/engine-process.ts";

const program = new Command("soft-tokens-bench")
  .description("Measures models (evaluate, grid, view, logits) and the engine (speed, embedded).")
  .exitOverride()
  .showSuggestionAfterError()
  .showHelpAfterError("(--help shows all options)")
  .configureHelp({ helpWidth: Math.min(process.stdout.columns ?? 100, 120) });

await runMain(async (signal) => {
  addSchemaOptions(program.command("evaluate"), EvaluateOptions)
    .description("Evaluate a model on a task in the six inference modes")
    .action(async (_, command: Command) => {
      await evaluate(parseOptions(EvaluateOptions, {}, givenOptions(command, EvaluateOptions)), { signal });
    });

  addGridOptions(program.command("grid")).action(async (_, command: Command) => {
    await grid(parseOptions(GridOptions, {}, givenOptions(command, GridOptions)), { signal });
  });

  addViewOptions(program.command("view <folder>")).action(async (folder: string, _, command: Command) => {
    await view(folder, parseOptions(ViewOptions, {}, givenOptions(command, ViewOptions)), { signal });
  });

  addSchemaOptions(program.command("logits"), LogitsOptions)
    .description("Last-position logits of a model for given token ids, as JSON")
    .action(async (_, command: Command) => {
      await logits(parseOptions(LogitsOptions, {}, givenOptions(command, LogitsOptions)), { signal });
    });

  addSchemaOptions(program.command("graders"), GradersOptions)
    .description("Comparisons per second of the graders, and of another grader beside them")
    .action(async (_, command: Command) => {
      await graders(parseOptions(GradersOptions, {}, givenOptions(command, GradersOptions)), { signal });
    });

  addSchemaOptions(program.command("embedded"), EmbeddedOptions)
    .description("Speed and memory of the embedded backend: ratios in one run, with medians")
    .action(async (_, command: Command) => {
      await embedded(parseOptions(EmbeddedOptions, {}, givenOptions(command, EmbeddedOptions)), { signal });
    });

  addSchemaOptions(program.command("speed"), SpeedOptions)
    .description(
      "Speed of decoding and training: hard, soft and fuzzy in turn, against the machine's matrix rate",
    )
    .action(async (_, command: Command) => {
      await speed(parseOptions(SpeedOptions, {}, givenOptions(command, SpeedOptions)), { signal });
    });

  addSchemaOptions(program.command("scaling"), ScalingOptions)
    .description("Cost of decoding and training against thought length and group size, hard and soft")
    .action(async (_, command: Command) => {
      await scaling(parseOptions(ScalingOptions, {}, givenOptions(command, ScalingOptions)), { signal });
    });

  program.command("engine", { hidden: true }).action(serveEngine);

  await runCommand(program);
});
