/**
 * Python's package index, read without Python (PEP 503 and 691): which files a project has, with their sha256. The index is the
 * one that pip is configured to use: PIP_INDEX_URL, then pip's configuration files, else PyPI.
 */

import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

type Environment = Readonly<Record<string, string | undefined>>;

export interface IndexFile {
  readonly filename: string;
  readonly url: string;
  readonly sha256: string;
  /** Null where the index does not say. */
  readonly size: number | null;
  /** Sent with the download too, where the index asks for a name and password. */
  readonly headers: Readonly<Record<string, string>>;
}

const PYPI = "https://pypi.org/simple/";
const JSON_TYPE = "application/vnd.pypi.simple.v1+json";
const TIMEOUT_MS = 60_000;

export function indexUrl(environment: Environment = process.env): string {
  const fromFile = configurationFiles(environment).map(readIndexUrl).find(Boolean);
  const url = environment.PIP_INDEX_URL || fromFile || PYPI;
  return url.endsWith("/") ? url : `${url}/`;
}

/** The files of a project, yanked ones left out. @throws Error that says what the index answered */
export async function listFiles(project: string, index: string, signal: AbortSignal): Promise<IndexFile[]> {
  const { url, headers } = withoutCredentials(new URL(`${project}/`, index));
  const response = await fetch(url, {
    headers: { ...headers, accept: `${JSON_TYPE}, text/html;q=0.2` },
    signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
  });
  if (!response.ok) throw new Error(`the package index answers ${response.status} for ${project}`);
  const base = response.url || url;
  const isJson = response.headers.get("content-type")?.includes("json") === true;
  const entries = isJson ? fromJson(await response.json()) : fromHtml(await response.text());
  return entries.map((entry) => {
    const file = withoutCredentials(new URL(entry.url, base));
    // A password is for its own host only; files often lie elsewhere.
    const isSameHost = new URL(file.url).host === new URL(url).host;
    return { ...entry, url: file.url, headers: isSameHost ? { ...headers, ...file.headers } : file.headers };
  });
}

type Entry = Omit<IndexFile, "headers">;

function fromJson(body: unknown): Entry[] {
  const { files = [] } = body as {
    files?: {
      filename: string;
      url: string;
      size?: number;
      yanked?: unknown;
      hashes?: { sha256?: string };
    }[];
  };
  return files
    .filter(({ yanked }) => !yanked)
    .map(({ filename, url, size, hashes }) => ({
      filename,
      url,
      size: size ?? null,
      sha256: hashes?.sha256 ?? "",
    }));
}

function fromHtml(text: string): Entry[] {
  return [...text.matchAll(/<a\s([^>]*)>([^<]*)<\/a>/gi)].flatMap(([, attributes = "", name = ""]) => {
    const href = /href="([^"]*)"/i.exec(attributes)?.[1]?.replaceAll("&amp;", "&");
    if (!href || /data-yanked/i.test(attributes)) return [];
    const [url = "", fragment = ""] = href.split("#");
    return [
      { filename: name.trim(), url, size: null, sha256: /sha256=([0-9a-f]{64})/.exec(fragment)?.[1] ?? "" },
    ];
  });
}

/** fetch refuses a URL with a name and password in it; a header says the same. */
function withoutCredentials(url: URL): { url: string; headers: Record<string, string> } {
  const { username, password } = url;
  url.username = "";
  url.password = "";
  if (username === "") return { url: url.href, headers: {} };
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { url: url.href, headers: { authorization: `Basic ${Buffer.from(pair).toString("base64")}` } };
}

/** pip's own order, the strongest first. */
function configurationFiles(environment: Environment): string[] {
  if (environment.PIP_CONFIG_FILE) return [environment.PIP_CONFIG_FILE];
  const home = environment.HOME ?? homedir();
  const config = environment.XDG_CONFIG_HOME || join(home, ".config");
  return [
    ...(environment.VIRTUAL_ENV ? [join(environment.VIRTUAL_ENV, "pip.conf")] : []),
    join(config, "pip", "pip.conf"),
    join(home, ".pip", "pip.conf"),
    "/etc/xdg/pip/pip.conf",
    "/etc/pip.conf",
  ];
}

/** `index-url` of [global], [install] or [download]. */
function readIndexUrl(path: string): string | null {
  if (!existsSync(path)) return null;
  let section = "";
  for (const line of readFileSync(path, "utf8").split("\n")) {
    section = /^\s*\[(\w+)\]/.exec(line)?.[1] ?? section;
    const url = /^\s*index[-_]url\s*[=:]\s*(\S+)/.exec(line)?.[1];
    if (url && ["global", "install", "download"].includes(section)) return url;
  }
  return null;
}
