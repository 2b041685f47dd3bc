/** The same rows as JSON lines, as Parquet and on a small hub of our own on this machine. */

import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parquetWriteBuffer } from "hyparquet-writer";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ARC_FORM } from "../likelihood/forms.ts";
import { loadChoiceTask } from "../likelihood/load-choices.ts";
import { findContamination } from "./contamination.ts";
import { loadTask } from "./load-task.ts";
import { readRowFile } from "./read-rows.ts";
import { findNamedTask } from "./task-names.ts";

const rows = [
  { question: "What is 1 + 1?", answer: "One and one. #### 2" },
  { question: "What is 2 + 2?", answer: "Two and two. #### 4" },
];
const jsonLines = Buffer.from(rows.map((row) => JSON.stringify(row)).join("\n"));
const parquet = Buffer.from(
  parquetWriteBuffer({
    columnData: [
      { name: "question", data: rows.map(({ question }) => question), type: "STRING" },
      { name: "answer", data: rows.map(({ answer }) => answer), type: "STRING" },
      { name: "number", data: [7n, 2n ** 60n], type: "INT64" },
    ],
  }),
);

let folder: string;
const put = (name: string, bytes: Uint8Array | string) => {
  writeFileSync(join(folder, name), bytes);
  return join(folder, name);
};
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "rows-"));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

describe("a Parquet file", () => {
  test("gives the questions of the same rows in JSON lines, and its own checksum", async () => {
    const [fromParquet, fromLines] = await Promise.all([
      loadTask({ file: put("sums.parquet", parquet), name: "sums" }),
      loadTask({ file: put("sums.jsonl", jsonLines), name: "sums" }),
    ]);
    expect(fromParquet.questions).toEqual(fromLines.questions);
    expect(fromParquet.source).toMatchObject({
      file: "sums.parquet",
      format: "gsm8k",
      rows: 2,
      sha256: createHash("sha256").update(parquet).digest("hex"),
    });
  });

  test("keeps integers exact: small ones as numbers, large ones as text", async () => {
    const { rows: read } = await readRowFile(put("sums.parquet", parquet));
    expect(read.map((line) => ("row" in line ? line.row.number : null))).toEqual([7, "1152921504606846976"]);
  });

  test("has texts in UTF-8 only, and complains where a text that is read has other bytes", async () => {
    const latin1 = Uint8Array.from(Buffer.from("caf\u00e9", "latin1"));
    const columns = (question: Uint8Array, image: Uint8Array) =>
      Buffer.from(
        parquetWriteBuffer({
          columnData: [
            { name: "question", data: [Buffer.from("Tea?"), question], type: "BYTE_ARRAY" },
            { name: "answer", data: ["1", "2"], type: "STRING" },
            { name: "image", data: [image, image], type: "BYTE_ARRAY" },
          ],
        }),
      );
    const good = Uint8Array.from(Buffer.from("caf\u00e9"));
    const unread = await loadTask({ file: put("image.parquet", columns(good, latin1)) });
    expect(unread.questions.map(({ question }) => question)).toEqual(["Tea?", "caf\u00e9"]);
    const file = put("latin1.parquet", columns(latin1, good));
    await expect(loadTask({ file })).rejects.toMatchObject({
      code: "TASK_ROW_INVALID",
      line: 2,
      field: "question",
      message: expect.stringContaining("bytes that are not UTF-8"),
    });
    expect((await loadTask({ file, badRows: "skip" })).source).toMatchObject({ rows: 1, skipped: 1 });
  });

  test("gives 32-bit floats as they were written, not as 64 bits make them", async () => {
    const file = put(
      "floats.parquet",
      Buffer.from(
        parquetWriteBuffer({
          columnData: [
            { name: "question", data: ["a", "b", "c", "d"], type: "STRING" },
            { name: "answer", data: [0.1, 2.5, 1234567, -3e-7], type: "FLOAT" },
            { name: "double", data: [0.1, 0.10000000149011612, 1 / 3, 1e-7], type: "DOUBLE" },
          ],
        }),
      ),
    );
    const { questions } = await loadTask({ file });
    expect(questions.map(({ answer }) => answer)).toEqual(["0.1", "2.5", "1234567", "-3e-7"]);
    const { rows: read } = await readRowFile(file);
    expect(read.map((line) => ("row" in line ? line.row.double : null))).toEqual([
      0.1,
      0.10000000149011612,
      1 / 3,
      1e-7,
    ]);
  });

  test.each([
    ["cut off", parquet.subarray(0, 200), /cut off: it does not end with its index/],
    [
      "damaged",
      Buffer.concat([parquet.subarray(0, -40), Buffer.alloc(36), Buffer.from("PAR1")]),
      /not a readable Parquet file/,
    ],
  ])("that is %s is refused by name", async (_, bytes, message) => {
    const file = put("bad.parquet", bytes);
    await expect(loadTask({ file })).rejects.toMatchObject({ code: "TASK_FORMAT_UNKNOWN", file });
    await expect(loadTask({ file })).rejects.toThrowError(message);
  });
});

describe("a file of the hub", () => {
  const COMMIT = "0123456789abcdef0123456789abcdef01234567";
  const NAME = "hf://datasets/org/sums/data/test.parquet";
  const hub = { requests: [] as string[], content: parquet as Buffer, status: 200 };
  let server: Server;

  beforeEach(async () => {
    Object.assign(hub, { requests: [], content: parquet, status: 200 });
    server = createServer(answer);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    vi.stubEnv("HF_HUB_CACHE", join(folder, "cache"));
    vi.stubEnv("HF_ENDPOINT", `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    vi.stubEnv("HF_HUB_OFFLINE", "");
    vi.stubEnv("HF_TOKEN", "");
  });
  afterEach(() => new Promise((resolve) => server.close(resolve)));

  test("is fetched into the cache that Python uses, checked, and kept under its whole name", async () => {
    const task = await loadTask({ file: NAME, name: "sums" });
    expect(task.questions.map((question) => question.answer)).toEqual(["2", "4"]);
    expect(task.source.file).toBe(NAME);
    const cached = join(folder, "cache", "datasets--org--sums");
    expect(readdirSync(join(cached, "snapshots", COMMIT, "data"))).toEqual(["test.parquet"]);
    expect(readdirSync(join(cached, "blobs"))).toEqual([createHash("sha256").update(parquet).digest("hex")]);
  });

  test("is not fetched again, and is read without a network", async () => {
    await readRowFile(NAME);
    hub.requests.length = 0;
    await readRowFile(NAME);
    expect(hub.requests.filter((url) => url.includes("/resolve/"))).toEqual([]);
    vi.stubEnv("HF_HUB_OFFLINE", "1");
    expect((await readRowFile(NAME)).rows.length).toBe(2);
    vi.stubEnv("HF_HUB_OFFLINE", "");
    vi.stubEnv("HF_ENDPOINT", "http://127.0.0.1:9");
    expect((await readRowFile(`hf://datasets/org/sums@${COMMIT}/data/test.parquet`)).rows.length).toBe(2);
  });

  test("that is not what the hub announced is not used", async () => {
    hub.content = Buffer.concat([parquet.subarray(0, -1), Buffer.from("x")]);
    await expect(readRowFile(NAME)).rejects.toThrowError(/arrived with hash/);
  });

  test.each([
    [401, /HF_TOKEN/],
    [404, /no such data set or file/],
    [503, /could not be read/],
  ])("explains status %i", async (status, message) => {
    hub.status = status;
    await expect(readRowFile(NAME)).rejects.toMatchObject({ code: "TASK_FILE_UNREADABLE", file: NAME });
    await expect(readRowFile(NAME)).rejects.toThrowError(message);
  });

  test.each(["hf://datasets/org/sums", "hf://org/sums/x.jsonl", "hf://datasets/org/sums/../x.jsonl"])(
    "is refused under the name %s",
    async (name) => {
      await expect(readRowFile(name)).rejects.toThrowError(/wanted hf:\/\/datasets\/ORG\/NAME\/PATH/);
      expect(hub.requests).toEqual([]);
    },
  );

  function answer(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? "/", "http://hub");
    hub.requests.push(url.pathname);
    const json = (body: unknown, status = 200) => {
      response.writeHead(status, { "content-type": "application/json" });
      response.end(JSON.stringify(body));
    };
    const oid = createHash("sha256").update(parquet).digest("hex");
    const size = parquet.length;
    if (hub.status !== 200) json({ error: "no" }, hub.status);
    else if (url.pathname.startsWith("/api/datasets/org/sums/revision/")) {
      json({ _id: "1", id: "org/sums", sha: COMMIT, lastModified: "2020-01-01" });
    } else if (url.pathname === `/api/datasets/org/sums/paths-info/${COMMIT}`) {
      json([
        { type: "file", path: "data/test.parquet", oid: "1", size, lfs: { oid, size, pointerSize: 130 } },
      ]);
    } else if (url.pathname === `/datasets/org/sums/resolve/${COMMIT}/data/test.parquet`) {
      const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "");
      const [begin, end] = range ? [Number(range[1]), Number(range[2]) + 1] : [0, hub.content.length];
      response.writeHead(range ? 206 : 200, {
        etag: '"x"',
        "content-length": end - begin,
        ...(range && { "content-range": `bytes ${begin}-${end - 1}/${hub.content.length}` }),
      });
      response.end(hub.content.subarray(begin, end));
    } else response.writeHead(404).end();
  }
});

describe("multiple-choice files", () => {
  const good = { id: "a", question: "Which?", choices: ["x", "y"], answer: 1 };
  const lines = (list: unknown[]) => list.map((row) => JSON.stringify(row)).join("\n");

  test("name line and field of a bad row, or leave it out and count it", async () => {
    const file = put("mcq.jsonl", `${lines([good, { ...good, answer: 9 }])}\n{"id": "c", "question": "cut o`);
    const options = { file, name: "arc", form: ARC_FORM };
    await expect(loadChoiceTask(options)).rejects.toMatchObject({ line: 2, field: "answer" });
    const task = await loadChoiceTask({ ...options, badRows: "skip" });
    expect([task.questions.length, task.source.skipped]).toEqual([1, 2]);
  });

  test("count repeated questions, keep them, and give repeated ids a suffix", async () => {
    const file = put(
      "mcq.jsonl",
      lines([good, { ...good, question: " WHICH? " }, { ...good, choices: ["x", "z"] }]),
    );
    const { questions, source } = await loadChoiceTask({ file, name: "arc", form: ARC_FORM });
    expect(questions.map(({ id }) => id)).toEqual(["a", "a#2", "a#3"]);
    expect(source.duplicates).toBe(1);
  });
});

describe("the look into a training file", () => {
  test("finds questions by normalised text, whatever form the training rows have", async () => {
    const file = put(
      "train.jsonl",
      [
        { problem: "what  is 1 + 1?", solution: "" },
        { question: { stem: "Which?" } },
        { prompt: "other" },
        { x: 1 },
      ]
        .map((row) => JSON.stringify(row))
        .join("\n"),
    );
    const questions = ["What is 1 + 1?", "What is 2 + 2?", "which?"].map((text, id) => ({
      id: String(id),
      text,
    }));
    const found = await findContamination(questions, file);
    expect(found).toMatchObject({ file: "train.jsonl", rows: 3, ids: ["0", "2"] });
  });

  test("refuses a file in which no row has a question", async () => {
    const file = put("train.jsonl", '{"x": 1}');
    await expect(findContamination([], file)).rejects.toMatchObject({
      code: "TASK_ROW_INVALID",
      field: "question",
    });
  });
});

describe("a task's name", () => {
  test("is found whatever its case, dashes and underscores", () => {
    expect(findNamedTask("MATH-500")).toMatchObject({ kind: "generation", name: "math500" });
    expect(findNamedTask("OlympiadBench")).toMatchObject({ name: "olympiad" });
    expect(findNamedTask("arc-easy")).toMatchObject({ kind: "likelihood", name: "arc_easy" });
    expect(findNamedTask("constructor")).toBeNull();
  });
});
