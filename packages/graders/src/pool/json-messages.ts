/** Messages between a program and the process of a grader: one line of JSON each. Values are plain data; -0 becomes 0. */
import type { Socket } from "node:net";

export function sendMessage(socket: Socket, message: object, onSent?: () => void): void {
  socket.write(`${JSON.stringify(message)}\n`, onSent);
}

/** Calls `take` with each message as it is complete, or `refuse` with a line that is none: a grader may write there too. */
export function readMessages(
  socket: Socket,
  take: (message: unknown) => void,
  refuse: (line: string) => void,
): void {
  let parts: string[] = [];
  socket.setEncoding("utf8").on("data", (text: string) => {
    const [first = "", ...rest] = text.split("\n");
    parts.push(first);
    for (const part of rest) {
      const line = parts.join("");
      parts = [part];
      const message = parse(line);
      if (message === null) refuse(line);
      else take(message);
    }
  });
}

function parse(line: string): object | null {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" ? value : null;
  } catch {
    return null;
  }
}
