import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * Where programs are started that are only asked something (a Python, a compiler): a folder of ours. The current one may be a
 * download, and many programs run or read what is in theirs: Python its modules, version managers their settings.
 */
export function neutralFolder(): string {
  return dirname(fileURLToPath(import.meta.url));
}
