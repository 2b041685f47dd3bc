/**
 * Another program as a grader: one JSON object {"gold", "pred"} per line on its standard input, one line that begins with
 * true or false per answer on its standard output.
 */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";

export interface Peer extends Disposable {
  /** @throws Error that says why, when the program ends or cannot be started. */
  ask(gold: string, answer: string): Promise<boolean>;
  /** Processor time that it has used, in milliseconds; null where the system does not say. */
  cpuMs(): number | null;
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
  child.on("exit", (code) => end(new Error(`the other grader (${command}) ended with code ${code}`)));
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
    cpuMs: () => (child.pid === undefined ? null : processCpuMs(child.pid)),
    [Symbol.dispose]() {
      child.kill();
    },
  };
}

/** As Math-Verify's README has it: mathematics stands between dollars. */
function inDollars(text: string): string {
  return text.includes("$") ? text : `$${text}$`;
}

/** User and system time of a process on Linux, from its stat file; the clock ticks a hundred times a second. */
function processCpuMs(pid: number): number | null {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ") ?? [];
    return (Number(fields[11]) + Number(fields[12])) * 10;
  } catch {
    return null;
  }
}
