import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { EvaluationResults } from "@soft-tokens/evals";
import { openReportFolder } from "@soft-tokens/evals/report";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createViewServer } from "./create-view-server.ts";

let folder: string;
let server: Server;
let port: number;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "bench-view-"));
  writeFileSync(join(folder, "secret.txt"), "secret");
  const report = await openReportFolder(folder);
  server = createViewServer({ folder, report, title: "T", refreshEvery: 0 });
  await new Promise<void>((resolve) => server.listen({ host: "127.0.0.1", port: 0 }, resolve));
  port = (server.address() as AddressInfo).port;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true });
});

interface Reply {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

/** Sends the path as it is written. */
function get(path: string, { method = "GET", host = `127.0.0.1:${port}` } = {}): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: "127.0.0.1", port, path, method, headers: { host } }, (response) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (text: string) => {
        body += text;
      });
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, type: String(response.headers["content-type"]), body }),
      );
    });
    sent.on("error", reject);
    sent.end();
  });
}

const status = async () =>
  JSON.parse((await get("/status.json")).body) as { version: number; complete: boolean };

function put(rows: number, complete: boolean): void {
  const results: Partial<EvaluationResults> = {
    format: 1,
    task: "sums",
    model: "tiny",
    checksum: "abc",
    source: { file: "s.jsonl", sha256: "abc", format: "jsonl", rows: 4, duplicates: 0, skipped: 0 },
    n: 1,
    questions: 4,
    template: "QUESTION",
    seed: 0,
    settings: {},
    versions: {},
    complete,
    results: [],
  };
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "results.json"), JSON.stringify(results));
  const row = (id: number) => ({
    ...{ id: `q${id}`, sampleIndex: 0, mode: "hard-greedy", question: "?", gold: "4", prompt: "?" },
    ...{ thought: "four", answer: "4", extracted: "4", correct: true, boxed: true, reason: "equal" },
    ...{ stopReason: "stop-string", entropies: [0.5] },
  });
  const lines = Array.from({ length: rows }, (_, id) => `${JSON.stringify(row(id))}\n`);
  writeFileSync(join(folder, "samples.jsonl"), lines.join(""));
}

describe("the view's server", () => {
  test("shows an empty folder, and what comes into it", async () => {
    expect((await get("/")).body).toContain("There is nothing in this folder yet");
    const before = await status();
    put(2, false);
    const during = await status();
    expect(during).toMatchObject({ complete: false, progress: [{ done: 2, total: 4, accuracy: 1 }] });
    expect(during.version).toBeGreaterThan(before.version);
    put(4, true);
    expect((await status()).complete).toBe(true);
    const page = await get("/");
    expect(page.type).toBe("text/html; charset=utf-8");
    expect(page.body).toContain("connect-src &#39;self&#39;");
    const samples = await get("/report-data/t0/r0-m0-0.js?v=3");
    expect([samples.status, samples.type]).toEqual([200, "text/javascript; charset=utf-8"]);
    expect(samples.body).toContain("four");
  });

  test.each([
    "/../secret.txt",
    "/secret.txt",
    "/%2e%2e/secret.txt",
    "/report-data/../secret.txt",
    "//secret.txt",
    "/samples.jsonl",
  ])("has no %s", async (path) => {
    const reply = await get(path);
    expect([reply.status, reply.body.includes("secret")]).toEqual([404, false]);
  });

  test("answers to its own address only, and only to questions", async () => {
    expect((await get("/", { host: "evil.example" })).status).toBe(403);
    expect((await get("/", { host: `127.0.0.1.evil.example:${port}` })).status).toBe(403);
    expect((await get("/", { host: `localhost:${port}` })).status).toBe(200);
    expect((await get("/", { method: "POST" })).status).toBe(405);
    const head = await get("/", { method: "HEAD" });
    expect([head.status, head.body]).toEqual([200, ""]);
  });

  test("goes on after a file that cannot be read", async () => {
    writeFileSync(join(folder, "grid.json"), "{");
    const reply = await get("/");
    expect(reply.status).toBe(500);
    expect(reply.body).toContain("not valid JSON");
    rmSync(join(folder, "grid.json"));
    expect((await get("/")).status).toBe(200);
  });
});
