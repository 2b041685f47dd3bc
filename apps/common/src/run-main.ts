/**
 * The outermost function of an app: exit status, and errors as people need them.
 * A usage error is one message and status 2; anything else that carries a `code` of ours is one message and status 1;
 * an unknown failure shows its stack, because it is a bug. SOFT_TOKENS_DEBUG=1 shows every stack.
 */

import { type Command, CommanderError } from "commander";
import { UsageError } from "./errors.ts";
import { InterruptedError, listenForStop } from "./stop.ts";
import { guardTerminal } from "./terminal.ts";

/** Runs `main` with a signal that whatever stops the program from outside aborts. */
export async function runMain(main: (signal: AbortSignal) => Promise<void>): Promise<void> {
  guardTerminal();
  using stop = listenForStop();
  try {
    await main(stop.signal);
    // Commands that need no stopping end well by themselves; their output may still have gone nowhere.
    if (stop.signal.reason instanceof InterruptedError && stop.signal.reason.exitStatus === 1)
      process.exitCode = 1;
  } catch (error) {
    process.exitCode = report(error, stop.signal);
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

/** Says what went wrong and returns the exit status. */
function report(error: unknown, signal: AbortSignal): number {
  if (!(error instanceof Error)) {
    process.stderr.write(`error: ${String(error)}\n`);
    return 1;
  }
  if (error instanceof InterruptedError) {
    const { reason } = signal; // the command's own error says no more than that it was interrupted
    return reason instanceof InterruptedError ? reason.exitStatus : error.exitStatus;
  }
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2; // it has said its message itself
  const code = (error as { code?: unknown }).code;
  const isExpected =
    typeof code === "string" && !(error instanceof TypeError) && !(error instanceof ReferenceError);
  if (isExpected && process.env.SOFT_TOKENS_DEBUG !== "1") {
    const shown = code === "USAGE" ? "" : ` [${code}]`;
    process.stderr.write(`error: ${error.message}${shown}${systemHint(error)}\n`);
  } else {
    process.stderr.write(`${error.stack ?? error.message}\n`);
  }
  return error instanceof UsageError ? 2 : 1;
}

/** What a person can do where the system refuses to write. */
function systemHint(error: Error & { code?: unknown }): string {
  const isOurs = WRITE_ERRORS.has(String(error.code));
  const { code } = (isOurs ? (error.cause ?? {}) : error) as NodeJS.ErrnoException;
  const hint = (isOurs ? HINTS : FULL_HINTS)[String(code)]; // a raw EACCES may be of something that was to be read
  return hint === undefined ? "" : `\n${hint}`;
}

const WRITE_ERRORS: ReadonlySet<string> = new Set([
  ...["FOLDER_NOT_USABLE", "WRITE_FAILED"], // FileError, EvaluationError
  "CHECKPOINT_WRITE_FAILED",
]);
const FULL =
  "The disk is full. Free some space and run the same command again: a training run continues from its last checkpoint.";
const FULL_HINTS: Readonly<Record<string, string>> = { ENOSPC: FULL, EDQUOT: FULL };
const NOT_WRITABLE = "The folder cannot be written. Choose another one with --out.";
const NOT_A_FOLDER = "There is a file where a folder is wanted. Choose another one with --out.";
const HINTS: Readonly<Record<string, string>> = {
  ...FULL_HINTS,
  EACCES: NOT_WRITABLE,
  EPERM: NOT_WRITABLE,
  EROFS: NOT_WRITABLE,
  ENOTDIR: NOT_A_FOLDER,
  EEXIST: NOT_A_FOLDER,
};
