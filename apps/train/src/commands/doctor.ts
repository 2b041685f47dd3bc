/** `doctor`: what is there, what is missing, what to run, and a short self-test. Exit status 1 when nothing works. */

import { draw, modelOptions, visibleLine, visibleText, visibleValue } from "@soft-tokens/app-common";
import { z } from "zod";
import { diagnose } from "../doctor/diagnose.ts";
import { renderDiagnosis } from "../doctor/render.ts";

export const DoctorOptions = z.strictObject({
  backend: modelOptions.backend,
  seconds: z.number().nonnegative().default(10).describe("Time for the self-test's matrix products"),
  json: z.boolean().default(false).describe("Everything as JSON on standard output"),
});
export type DoctorOptions = z.infer<typeof DoctorOptions>;

export async function doctor(options: DoctorOptions, { signal }: { signal: AbortSignal }): Promise<void> {
  const isLive = process.stderr.isTTY === true;
  const diagnosis = await diagnose({
    ...options,
    signal,
    onStep: (text) => draw(process.stderr, isLive ? `\r\x1b[2K${visibleLine(text)} ...` : ""),
  });
  if (isLive) draw(process.stderr, "\r\x1b[2K");
  draw(
    process.stdout,
    options.json
      ? `${visibleText(JSON.stringify(diagnosis, null, 2))}\n`
      : renderDiagnosis(visibleValue(diagnosis), {
          isColoured: process.stdout.isTTY === true && !process.env.NO_COLOR,
          columns: process.stdout.columns ?? 100,
        }),
  );
  if (!diagnosis.isUsable) process.exitCode = 1;
}
