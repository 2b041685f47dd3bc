/** Layouts as Python's packages and CUDA's toolkit make them, of empty files. */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findCudaHeaders } from "./cuda-headers.ts";

const MAIN = ["cuda.h", "cuda_runtime.h", "cuda_runtime_api.h"];
const CRT = "crt/host_defines.h";

describe("CUDA's headers", () => {
  let packages: string;
  let lib: string;
  beforeEach(() => {
    packages = mkdtempSync(join(tmpdir(), "cuda-headers-"));
    lib = join(packages, "torch", "lib");
  });
  afterEach(() => rmSync(packages, { recursive: true }));

  const put = (folder: string, names: readonly string[]) => {
    for (const name of names) {
      const path = join(packages, folder, name);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, "");
    }
    return join(packages, folder);
  };
  const find = (environment = {}) => findCudaHeaders(lib, environment, join(packages, "no-toolkit"));

  it("are those beside libtorch, all in one folder", () => {
    const include = put("nvidia/cuda_runtime/include", [...MAIN, CRT]);
    expect(find()).toEqual({ folders: [include] });
  });

  it("are completed by triton's copy of what CUDA 13 keeps apart", () => {
    const include = put("nvidia/cu13/include", MAIN);
    expect(find()).toMatchObject({ reason: expect.stringContaining(CRT) });
    const triton = put("triton/backends/nvidia/include", [...MAIN, CRT]);
    expect(find()).toEqual({ folders: [include, triton] });
  });

  it("are a toolkit's where one is named", () => {
    put("nvidia/cu13/include", [...MAIN, CRT]);
    const toolkit = put("toolkit/include", [...MAIN, CRT]);
    expect(find({ CUDA_HOME: dirname(toolkit) })).toEqual({ folders: [toolkit] });
  });

  it("are missing with a reason", () => {
    expect(find()).toMatchObject({ reason: expect.stringContaining("cuda_runtime_api.h") });
  });
});
