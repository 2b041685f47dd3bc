import { describeBackend } from "@soft-tokens/tensor/conformance";
import { createTfjsBackend } from "./create.ts";

describeBackend("tfjs cpu", () => createTfjsBackend({ variant: "cpu" }));
