/**
 * Pins the losses of the tiny model's first RLOO and supervised steps, so that a refactor shows whether it changed what is
 * computed. Run after a change that is meant to change them, and say why in the commit:
 *
 *   node --conditions=@soft-tokens/source --import tsx packages/trainer/fixtures-scripts/pin-losses.ts
 */

import { writeFileSync } from "node:fs";
import { computePinnedLosses, pinnedFile } from "../src/test-support/pinned-losses.ts";

const losses = await computePinnedLosses();
const document = { madeBy: "packages/trainer/fixtures-scripts/pin-losses.ts", backend: "tfjs-wasm", losses };
writeFileSync(pinnedFile, `${JSON.stringify(document, null, 1)}\n`);
