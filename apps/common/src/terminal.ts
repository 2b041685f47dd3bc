/**
 * What is printed can hold text of others: of a model, a data set, a grader, a file's name. `guardTerminal` makes every write to
 * standard output and error show control characters instead of sending them; a command need not think of it. What this program
 * draws itself (a live line, colours) goes past the guard, and makes its foreign parts visible on its own.
 */

import { visibleLine, visibleText } from "@soft-tokens/graders";

export { visibleLine, visibleText };

type Write = (text: string) => boolean;
const unguarded = new WeakMap<NodeJS.WritableStream, Write>();

/** Once for a program, before it prints. */
export function guardTerminal(): void {
  for (const stream of [process.stdout, process.stderr]) {
    if (unguarded.has(stream)) continue;
    const write = stream.write.bind(stream) as (chunk: unknown, ...rest: unknown[]) => boolean;
    unguarded.set(stream, write);
    stream.write = ((chunk: unknown, ...rest: unknown[]) =>
      write(typeof chunk === "string" ? visibleText(chunk) : chunk, ...rest)) as typeof stream.write;
  }
  process.off("uncaughtException", endOfUncaught).on("uncaughtException", endOfUncaught);
}

/** What nobody has caught would be printed by Node itself, past the guard. */
function endOfUncaught(error: unknown): void {
  process.stderr.write(`${(error instanceof Error && error.stack) || String(error)}\n`);
  process.exit(1);
}

/** Text whose control characters are ours; every part that is not went through `visibleLine` or `visibleText`. */
export function draw(stream: NodeJS.WritableStream, text: string): void {
  const write = unguarded.get(stream);
  if (write) write(text);
  else stream.write(text);
}

/** What a model wrote: shown on a terminal, but to a file or another program exactly as it is. */
export function printGenerated(text: string, stream: NodeJS.WriteStream = process.stdout): void {
  draw(stream, stream.isTTY === true ? visibleText(text) : text);
}

/** The same value with all its texts visible, for what is coloured afterwards. */
export function visibleValue<T>(value: T): T {
  if (typeof value === "string") return visibleText(value) as T;
  if (Array.isArray(value)) return value.map(visibleValue) as T;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map((entry) => entry.map(visibleValue))) as T;
}
