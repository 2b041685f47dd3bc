/**
 * A folder's report over HTTP, for one reader on this machine, while the run that fills it goes on. It serves what it made, by
 * name, and nothing else: no path of a request ever reaches the file system. Requests that name another host are refused,
 * so that a page from elsewhere cannot read results through a name that it lets point here (DNS rebinding).
 *
 *   /  the page      /status.json  its version      /report-data/...  samples      /results.{json,csv,md}  as in the folder
 */

import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { join } from "node:path";
import { PAGES_FOLDER, type ReportFolder, renderReport } from "@soft-tokens/evals/report";

export interface ViewServerOptions {
  readonly folder: string;
  readonly report: ReportFolder;
  readonly title: string;
  /** Looks into the folder at most this often, in milliseconds. Defaults to 1000. */
  readonly refreshEvery?: number;
}

/** Files of the folder that are handed on as they are. */
const FILES: Readonly<Record<string, string>> = {
  "/results.json": "application/json; charset=utf-8",
  "/results.csv": "text/csv; charset=utf-8",
  "/results.md": "text/markdown; charset=utf-8",
};

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

/** Not yet listening. Errors of one request are that request's: the server goes on. */
export function createViewServer(options: ViewServerOptions): Server {
  const { report, refreshEvery = 1000 } = options;
  let lookedAt = Number.NEGATIVE_INFINITY;
  let looking: Promise<void> | null = null;
  const refresh = async () => {
    if (performance.now() - lookedAt < refreshEvery) return;
    looking ??= report.refresh().finally(() => {
      lookedAt = performance.now();
      looking = null;
    });
    await looking;
  };
  const server = createServer((request, response) => {
    respond(request, options, refresh)
      .catch((error: unknown) => text(500, `This cannot be shown: ${(error as Error).message}`))
      .then((answer) => send(request, response, answer))
      .catch(() => response.destroy());
  });
  server.headersTimeout = 10_000;
  server.requestTimeout = 10_000;
  return server;
}

async function respond(
  request: IncomingMessage,
  options: ViewServerOptions,
  refresh: () => Promise<void>,
): Promise<Answer> {
  if (!isOurHost(request)) return text(403, "This server answers to its own address only.");
  if (request.method !== "GET" && request.method !== "HEAD") return text(405, "Only GET and HEAD.");
  const { report, folder } = options;
  // Taken as it was sent: nothing is decoded or resolved, so there is nothing to climb out of.
  const path = (request.url ?? "/").replace(/[?#].*$/su, "");
  const type = FILES[path];
  if (type) {
    const body = await readFile(join(folder, path.slice(1)), "utf8").catch(() => null);
    return body === null
      ? text(404, "Not written yet: a grid writes it at its end.")
      : { status: 200, type, body };
  }
  if (path === "/favicon.ico") return { status: 204, type: "image/x-icon", body: "" };
  await refresh();
  if (path === "/" || path === "/report.html") {
    return { status: 200, type: "text/html; charset=utf-8", body: page(options) };
  }
  if (path === "/status.json") {
    const { version, isComplete, progress } = report;
    const body = JSON.stringify({ version, complete: isComplete, progress });
    return { status: 200, type: "application/json; charset=utf-8", body };
  }
  const prefix = `/${PAGES_FOLDER}/`;
  const script = path.startsWith(prefix) ? await report.pages.text(path.slice(prefix.length)) : null;
  return script === null
    ? text(404, "There is no such page.")
    : { status: 200, type: "text/javascript; charset=utf-8", body: script };
}

/** As the reader's browser names it when the address that was printed is opened. */
function isOurHost({ headers, socket }: IncomingMessage): boolean {
  const port = socket.localPort;
  return [`127.0.0.1:${port}`, `localhost:${port}`].includes(headers.host ?? "");
}

function page({ report, title }: ViewServerOptions): string {
  const { data, progress, version } = report;
  const notes = report.isEmpty
    ? ["There is nothing in this folder yet. This page looks again every two seconds."]
    : (data.notes ?? []);
  return renderReport({
    ...data,
    title,
    notes,
    live: { progress },
    ...(data.explorer && { explorer: { ...data.explorer, version } }),
  });
}

function text(status: number, body: string): Answer {
  return { status, type: "text/plain; charset=utf-8", body: `${body}\n` };
}

function send(request: IncomingMessage, response: ServerResponse, { status, type, body }: Answer): void {
  response.writeHead(status, {
    "Content-Type": type,
    "Content-Length": Buffer.byteLength(body),
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
  });
  response.end(request.method === "HEAD" ? undefined : body);
}
