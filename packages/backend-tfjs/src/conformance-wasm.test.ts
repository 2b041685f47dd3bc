import { describeBackend } from "@soft-tokens/tensor/conformance";
import { createTfjsBackend } from "./create.ts";

describeBackend("tfjs wasm", () => createTfjsBackend({ variant: "wasm" }));
