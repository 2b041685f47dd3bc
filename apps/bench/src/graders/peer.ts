/**
 * Another program as a grader: one JSON object {"gold", "pred"} per line on its standard input, one line that begins with
 * true or false per answer on its standard output.
 */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { UsageError } from "@soft-tokens/app-common";

export interface Peer extends Disposable {
  /** @throws {UsageError} that says why, when the program ends or cannot be started. */
  ask(gold: string, answer: string): Promise<boolean>;
}

/** Starts `command`, through a shell. */
export function startPeer(command: string): Peer {
  // exec: the process that is measured and ended is the program itself, not the shell.
  const child = spawn("/bin/sh", ["-c", `exec ${command}`], { stdio: ["pipe", "pipe", "ignore"] });
  const waiting: { resolve: (line: string) => void; reject: (error: Error) => void }[] = [];
  let ended: Error | null = null;
  const end = (error: Error): void => {
    ended ??= error;
    for (const { reject } of waiting.splice(0)) reject(ended);
  };
  child.on("error", end);
  child.on("exit", (code) => end(new UsageError(`The other grader ended with code ${code}: ${command}`)));
  child.stdin.on("error", () => {
    // It has ended; "exit" tells.
  });
  createInterface({ input: child.stdout }).on("line", (line) => waiting.shift()?.resolve(line));
  return {
    async ask(gold, answer) {
      if (ended) throw ended;
      const line = new Promise<string>((resolve, reject) => waiting.push({ resolve, reject }));
      child.stdin.write(`${JSON.stringify({ gold: inDollars(gold), pred: inDollars(answer) })}\n`);
      return (await line).startsWith("true");
    },
    [Symbol.dispose]() {
      child.kill();
    },
  };
}

/** As Math-Verify's README has it: mathematics stands between dollars. */
function inDollars(text: string): string {
  return text.includes("$") ? text : `$${text}$`;
}
