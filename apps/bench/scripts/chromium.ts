/**
 * A headless Chromium of this machine, driven over its debugging pipe (Chrome DevTools Protocol): no package, no download,
 * no open port. Enough for looking at our own pages: open, wait, run an expression, click, take a picture.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import type { Readable, Writable } from "node:stream";

const NAMES = ["chromium", "chromium-browser", "google-chrome"];
const CANDIDATES = [
  process.env.SOFT_TOKENS_CHROMIUM,
  ...(process.env.PATH ?? "").split(delimiter).flatMap((folder) => NAMES.map((name) => join(folder, name))),
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

const WAIT_MS = 30_000;

/** Path of a Chromium. @throws Error that says where was looked */
export function findChromium(): string {
  const { SOFT_TOKENS_CHROMIUM: named } = process.env;
  if (named && !existsSync(named)) throw new Error(`SOFT_TOKENS_CHROMIUM=${named}: no such file`);
  const found = CANDIDATES.find((path) => path !== undefined && existsSync(path));
  if (found) return found;
  throw new Error(
    `no Chromium: looked for ${NAMES.join(", ")} on the PATH and at SOFT_TOKENS_CHROMIUM; install it (apt-get install chromium) or set SOFT_TOKENS_CHROMIUM`,
  );
}

export interface PageOptions {
  readonly width: number;
  readonly height?: number;
  readonly isDark?: boolean;
  readonly isMobile?: boolean;
}

export interface Page {
  open(url: string): Promise<void>;
  /** Value of an expression; a promise is waited for. @throws Error for what the expression throws */
  evaluate<T>(expression: string): Promise<T>;
  /** Waits until an expression is true. @throws Error after half a minute: a busy machine is no fault of the page */
  until(expression: string): Promise<void>;
  screenshot(file: string, options?: { readonly isWhole?: boolean }): Promise<void>;
  printPdf(file: string): Promise<void>;
  /** Errors and refused loads that the page's console saw, since the last call. */
  takeErrors(): string[];
  close(): Promise<void>;
}

export interface Browser {
  newPage(options: PageOptions): Promise<Page>;
  close(): Promise<void>;
}

type Message = {
  readonly id?: number;
  readonly method?: string;
  readonly sessionId?: string;
  readonly params?: Record<string, unknown>;
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly message: string };
};

/** Starts the browser with an empty profile. */
export async function startChromium(): Promise<Browser> {
  const profile = mkdtempSync(join(tmpdir(), "soft-tokens-chromium-"));
  const child = spawn(
    findChromium(),
    [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--hide-scrollbars",
      "--remote-debugging-pipe",
      `--user-data-dir=${profile}`,
      "about:blank",
    ],
    { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] },
  );
  const { send, listen } = connect(child);
  return {
    async newPage(options) {
      const { targetId } = await send("Target.createTarget", { url: "about:blank" });
      const { sessionId } = await send("Target.attachToTarget", { targetId, flatten: true });
      const session = sessionId as string;
      return createPage(options, {
        send: (method, params = {}) => send(method, params, session),
        listen: (handler) => listen((message) => message.sessionId === session && handler(message)),
        close: async () => {
          await send("Target.closeTarget", { targetId });
        },
      });
    },
    async close() {
      const ended = new Promise((resolve) => child.once("exit", resolve));
      await Promise.race([send("Browser.close", {}).catch(() => {}), ended]);
      await ended;
      rmSync(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    },
  };
}

interface Connection {
  send(method: string, params?: object): Promise<Record<string, unknown>>;
  listen(handler: (message: Message) => void): void;
  close(): Promise<void>;
}

/** Messages are JSON, each ended by a zero byte, on the file descriptors 3 and 4. */
function connect(child: ChildProcess) {
  const [, , , input, output] = child.stdio as unknown as [null, null, null, Writable, Readable];
  const waiting = new Map<
    number,
    { resolve: (value: Record<string, unknown>) => void; reject: (error: Error) => void }
  >();
  const handlers: ((message: Message) => void)[] = [];
  let next = 0;
  let rest = Buffer.alloc(0);
  output.on("data", (bytes: Buffer) => {
    rest = Buffer.concat([rest, bytes]);
    for (let end = rest.indexOf(0); end !== -1; end = rest.indexOf(0)) {
      const message = JSON.parse(rest.subarray(0, end).toString("utf8")) as Message;
      rest = rest.subarray(end + 1);
      const wait = message.id === undefined ? undefined : waiting.get(message.id);
      if (wait && message.id !== undefined) {
        waiting.delete(message.id);
        if (message.error) wait.reject(new Error(message.error.message));
        else wait.resolve(message.result ?? {});
      } else for (const handler of handlers) handler(message);
    }
  });
  child.once("exit", (code) => {
    for (const { reject } of waiting.values()) reject(new Error(`Chromium ended with status ${code}`));
    waiting.clear();
  });
  input.on("error", () => {}); // told by the exit
  return {
    send(method: string, params: object, sessionId?: string): Promise<Record<string, unknown>> {
      const id = ++next;
      return new Promise((resolve, reject) => {
        waiting.set(id, { resolve, reject });
        input.write(`${JSON.stringify({ id, method, params, ...(sessionId && { sessionId }) })}\0`);
      });
    },
    listen: (handler: (message: Message) => void) => void handlers.push(handler),
  };
}

async function createPage(options: PageOptions, { send, listen, close }: Connection): Promise<Page> {
  const errors: string[] = [];
  let loaded: (() => void) | null = null;
  listen(({ method, params = {} }) => {
    if (method === "Page.loadEventFired") loaded?.();
    if (method === "Runtime.exceptionThrown") errors.push(describe(params.exceptionDetails));
    if (method === "Log.entryAdded") {
      const entry = params.entry as { level: string; text: string; url?: string };
      if (entry.level === "error" || entry.level === "warning")
        errors.push(`${entry.level}: ${entry.text} ${entry.url ?? ""}`);
    }
    if (method === "Runtime.consoleAPICalled" && (params.type === "error" || params.type === "warning")) {
      errors.push(JSON.stringify(params.args));
    }
  });
  for (const domain of ["Page", "Runtime", "Log"]) await send(`${domain}.enable`);
  await send("Emulation.setDeviceMetricsOverride", {
    width: options.width,
    height: options.height ?? 900,
    deviceScaleFactor: options.isMobile ? 2 : 1,
    mobile: options.isMobile ?? false,
  });
  await send("Emulation.setEmulatedMedia", {
    features: [{ name: "prefers-color-scheme", value: options.isDark ? "dark" : "light" }],
  });
  const evaluate = async <T>(expression: string): Promise<T> => {
    const { result, exceptionDetails } = await send("Runtime.evaluate", {
      expression,
      awaitPromise: true,
      returnByValue: true,
    });
    if (exceptionDetails) throw new Error(`${expression}: ${describe(exceptionDetails)}`);
    return (result as { value: T }).value;
  };
  const picture = async (file: string, method: string, params: object) => {
    const { data } = await send(method, params);
    writeFileSync(file, Buffer.from(data as string, "base64"));
  };
  return {
    async open(url) {
      const done = new Promise<void>((resolve) => {
        loaded = resolve;
      });
      const { errorText } = await send("Page.navigate", { url });
      if (errorText) throw new Error(`${url}: ${errorText}`);
      await done;
    },
    evaluate,
    async until(expression) {
      const end = Date.now() + WAIT_MS;
      while (!(await evaluate<boolean>(`!!(${expression})`))) {
        if (Date.now() > end) throw new Error(`waited ${WAIT_MS / 1000} s for: ${expression}`);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
    screenshot: (file, { isWhole = false } = {}) =>
      picture(file, "Page.captureScreenshot", { format: "png", captureBeyondViewport: isWhole }),
    printPdf: (file) => picture(file, "Page.printToPDF", { printBackground: true, preferCSSPageSize: true }),
    takeErrors: () => errors.splice(0),
    close,
  };
}

function describe(details: unknown): string {
  const { text, exception } = details as { text?: string; exception?: { description?: string } };
  return exception?.description ?? text ?? JSON.stringify(details);
}
