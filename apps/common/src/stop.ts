/**
 * Everything that ends a program from outside: Ctrl-C, SIGTERM, a closed terminal (SIGHUP), a reader of its output that goes
 * away (`| head`, a log's `tee`), a launcher that was killed. All but the last abort one signal, so that a run saves what is done.
 */

import { isatty } from "node:tty";
import { getSystemErrorMap } from "node:util";
import { releaseLocks } from "./lock/folder-lock.ts";

/** The launcher's word to the program that it started: end when the channel to me closes. */
const LAUNCHER = "SOFT_TOKENS_LAUNCHER";

/** One Ctrl-C arrives up to three times within moments: from the terminal, from npm, and from the launcher. */
const SAME_KEY_PRESS_MS = 500;

/** The reason of an abort from outside. */
export class InterruptedError extends Error {
  override readonly name = "InterruptedError";
  readonly code = "INTERRUPTED" as const;
  constructor(
    message = "interrupted",
    /** Of the process, where it comes to that. */
    readonly exitStatus = 130,
  ) {
    super(message);
  }
}

export interface Stop extends Disposable {
  readonly signal: AbortSignal;
}

/** Listens until it is disposed. A second Ctrl-C or SIGTERM ends the process at once with status 130. */
export function listenForStop(): Stop {
  const controller = new AbortController();
  const { signal } = controller;
  let askedAt: number | null = null;
  const stop = (reason: InterruptedError, say?: string) => {
    if (signal.aborted) return;
    controller.abort(reason);
    if (say !== undefined) process.stderr.write(`\n${say}\n`);
  };
  const onKey = () => {
    if (askedAt !== null && performance.now() - askedAt > SAME_KEY_PRESS_MS) process.exit(130);
    askedAt ??= performance.now();
    stop(new InterruptedError(), "Stopping after saving what is done; press Ctrl-C again to stop at once.");
  };
  // Never a second word: a closing terminal signals every process, and these pass the signal on.
  const onHangUp = () =>
    stop(new InterruptedError(), "The terminal is closed. Stopping after saving what is done.");
  process.on("SIGINT", onKey);
  process.on("SIGTERM", onKey);
  process.on("SIGHUP", onHangUp);
  listenToOutput(stop);
  endWithLauncher();
  const terminals = [0, 1, 2].filter((descriptor) => isatty(descriptor));
  return {
    signal,
    [Symbol.dispose]() {
      process.off("SIGINT", onKey);
      process.off("SIGTERM", onKey);
      process.off("SIGHUP", onHangUp);
      if (terminals.some((descriptor) => !isatty(descriptor))) endWithoutTerminal();
    },
  };
}

/**
 * At its exit Node puts the terminal back into the state it was found in, and aborts, with a core file, where the terminal is
 * gone by then. The signal that a closed terminal sends is the end without that.
 */
function endWithoutTerminal(): void {
  releaseLocks();
  process.removeAllListeners("SIGHUP"); // libraries listen too
  process.kill(process.pid, "SIGHUP");
}

/**
 * Without a listener a write into a closed pipe would end the process where it is. These stay to the very end: every write fails
 * from then on. Results that nobody wants are no failure (`| head`); results or a log that cannot be written are one.
 */
function listenToOutput(stop: (reason: InterruptedError, say?: string) => void): void {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") stop(new InterruptedError("the reader of standard output is gone", 0));
    else {
      const message = `standard output cannot be written: ${describe(error)}`;
      stop(new InterruptedError(message, 1), `error: ${message}`);
    }
  });
  process.stderr.on("error", (error: NodeJS.ErrnoException) =>
    stop(new InterruptedError(`standard error cannot be written: ${describe(error)}`)),
  );
}

function describe({ errno, code, message }: NodeJS.ErrnoException): string {
  const text = errno === undefined ? undefined : getSystemErrorMap().get(errno)?.[1];
  return text === undefined ? message : `${text} (${code})`;
}

/**
 * The launcher cannot hand SIGKILL on. Its channel closes, and this process follows it the same way: at once, whatever native
 * threads are doing. What is on disk is then what any kill leaves.
 */
function endWithLauncher(): void {
  if (process.env[LAUNCHER] === undefined) return;
  delete process.env[LAUNCHER]; // our own children have us
  const end = () => {
    releaseLocks();
    process.kill(process.pid, "SIGKILL");
  };
  if (!process.connected) end();
  process.once("disconnect", end);
  process.channel?.unref();
}
