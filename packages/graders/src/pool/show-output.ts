/** What a grader prints: it goes to this program's standard error, and its control characters are shown, not obeyed. */
import type { Readable } from "node:stream";
import { visibleText } from "../visible-text.ts";

export function showOutput(stream: Readable): void {
  stream.setEncoding("utf8").on("data", (text: string) => process.stderr.write(visibleText(text)));
  stream.on("error", () => undefined);
  // It does not keep the program alive: a process that is at work does.
  (stream as Readable & { unref?: () => void }).unref?.();
}
