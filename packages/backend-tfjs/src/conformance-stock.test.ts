import { describeBackend } from "@soft-tokens/tensor/conformance";
import { createTfjsBackend } from "./create.ts";

describeBackend("tfjs wasm with stock kernels", () => createTfjsBackend({ variant: "wasm", repairs: false }));
