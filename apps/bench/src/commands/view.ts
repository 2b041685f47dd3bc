/** `view`: a folder of results as a page on this machine's loopback address, which follows a run that is going on. */

import { once } from "node:events";
import { existsSync, statSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { addSchemaOptions, UsageError } from "@soft-tokens/app-common";
import { openReportFolder } from "@soft-tokens/evals/report";
import type { Command } from "commander";
import { z } from "zod";
import { createViewServer } from "../view/create-view-server.ts";

export const ViewOptions = z.strictObject({
  port: z.int().min(0).max(65535).default(4173).describe("Port on 127.0.0.1; 0 takes any free one"),
});
export type ViewOptions = z.infer<typeof ViewOptions>;

export function addViewOptions(command: Command): Command {
  return addSchemaOptions(command, ViewOptions).description(
    "Show a folder of results (grid, evaluation, training run, demo) in a browser, also while it fills",
  );
}

/** Serves until it is interrupted. @throws UsageError when the folder or the port cannot be had */
export async function view(
  folder: string,
  { port }: ViewOptions,
  { signal }: { signal: AbortSignal },
): Promise<void> {
  if (!existsSync(folder)) throw new UsageError(`${folder}: no such folder`);
  if (!statSync(folder).isDirectory())
    throw new UsageError(`${folder}: is a file, wanted a folder of results`);
  const report = await openReportFolder(folder);
  const server = createViewServer({ folder, report, title: report.title });
  try {
    server.listen({ host: "127.0.0.1", port });
    await once(server, "listening");
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const why =
      code === "EADDRINUSE"
        ? "something listens there already; name another one, or --port 0 for any free one"
        : code === "EACCES"
          ? "not permitted; name one above 1023"
          : message;
    throw new UsageError(`--port ${port}: ${why}`, { cause });
  }
  const { port: given } = server.address() as AddressInfo;
  process.stderr.write(
    `${report.isEmpty ? "nothing there yet; the page waits for it\n" : ""}http://127.0.0.1:${given}/\nCtrl-C ends it.\n`,
  );
  if (!signal.aborted) await once(signal, "abort");
  server.closeAllConnections();
  server.close();
  await once(server, "close");
}
