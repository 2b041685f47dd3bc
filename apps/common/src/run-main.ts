/**
 * The outermost function of an app: exit status, errors as people need them, and Ctrl-C.
 * A usage error is one message and status 2; anything else that carries a `code` of ours is one message and status 1;
 * an unknown failure shows its stack, because it is a bug. SOFT_TOKENS_DEBUG=1 shows every stack.
 */

import { type Command, CommanderError } from "commander";
import { UsageError } from "./errors.ts";
import { guardTerminal } from "./terminal.ts";

/** One Ctrl-C arrives up to three times within moments: from the terminal, from npm, and from the launcher. */
const SAME_KEY_PRESS_MS = 500;

/** Runs `main`; the first SIGINT or SIGTERM aborts `signal`, a second one ends the process at once with status 130. */
export async function runMain(main: (signal: AbortSignal) => Promise<void>): Promise<void> {
  guardTerminal();
  const controller = new AbortController();
  let stoppedAt = 0;
  const stop = () => {
    if (controller.signal.aborted) {
      if (performance.now() - stoppedAt > SAME_KEY_PRESS_MS) process.exit(130);
      return;
    }
    stoppedAt = performance.now();
    controller.abort(new InterruptedError());
    process.stderr.write("\nStopping after saving what is done; press Ctrl-C again to stop at once.\n");
  };
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
  // A reader that leaves early (`| head`) is not a failure.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));
  try {
    await main(controller.signal);
  } catch (error) {
    process.exitCode = report(error);
  } finally {
    process.off("SIGINT", stop);
    process.off("SIGTERM", stop);
  }
}

/**
 * Parses the command line and runs the command that it names. A word that names none is refused even where there is a default
 * command, which would otherwise complain about options that are not its own. @throws UsageError
 */
export async function runCommand(program: Command): Promise<void> {
  const [word] = process.argv.slice(2);
  const known = program.commands.flatMap((command) => [command.name(), ...command.aliases()]);
  if (word !== undefined && !word.startsWith("-") && word !== "help" && !known.includes(word)) {
    const shown = program.createHelp().visibleCommands(program);
    const names = shown.map((command) => command.name()).filter((name) => name !== "help");
    throw new UsageError(`there is no command ${JSON.stringify(word)}; wanted ${names.join(", ")}`);
  }
  await program.parseAsync(process.argv);
}

/** The reason of an abort by the person at the keyboard. */
export class InterruptedError extends Error {
  override readonly name = "InterruptedError";
  readonly code = "INTERRUPTED" as const;
  constructor() {
    super("interrupted");
  }
}

function report(error: unknown): number {
  if (!(error instanceof Error)) {
    process.stderr.write(`error: ${String(error)}\n`);
    return 1;
  }
  if (error instanceof InterruptedError) return 130;
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2; // it has said its message itself
  const code = (error as { code?: unknown }).code;
  const isExpected =
    typeof code === "string" && !(error instanceof TypeError) && !(error instanceof ReferenceError);
  if (isExpected && process.env.SOFT_TOKENS_DEBUG !== "1") {
    process.stderr.write(`error: ${error.message}${systemHint(code)}\n`);
  } else {
    process.stderr.write(`${error.stack ?? error.message}\n`);
  }
  return error instanceof UsageError ? 2 : 1;
}

function systemHint(code: string): string {
  switch (code) {
    case "ENOSPC":
      return "\nThe disk is full. Free some space and run the same command again: a training run continues from its last checkpoint.";
    case "EACCES":
    case "EROFS":
      return "\nThe folder cannot be written. Choose another one with --out.";
    case "ENOTDIR":
    case "EEXIST":
      return "\nA file stands where a folder is wanted. Choose another one with --out.";
    default:
      return "";
  }
}
