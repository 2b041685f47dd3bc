/**
 * Emscripten's start-up code in TensorFlow.js's WebAssembly build puts handlers on the process that turn every uncaught
 * error of the program into a dump of its own minified source, and end the process at every unhandled rejection.
 * A library does not own the process: what was added while loading is taken off again.
 */

const EVENTS = ["uncaughtException", "unhandledRejection"] as const;

export async function withoutNewListeners<T>(load: () => Promise<T>): Promise<T> {
  const before = EVENTS.map((event) => new Set(process.rawListeners(event)));
  try {
    return await load();
  } finally {
    EVENTS.forEach((event, at) => {
      for (const listener of process.rawListeners(event)) {
        if (!before[at]?.has(listener)) process.removeListener(event, listener as () => void);
      }
    });
  }
}
