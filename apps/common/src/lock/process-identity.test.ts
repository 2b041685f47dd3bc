import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";
import { ownIdentity, whereabouts } from "./process-identity.ts";

const here = { ...ownIdentity(), machine: "1", boot: "this boot", namespace: "this container" };

test("a process is found again by its id and its start", () => {
  expect(whereabouts(ownIdentity())).toBe("running");
  expect(whereabouts({ ...ownIdentity(), started: null })).toBe("running"); // where the platform does not say
});

test("a process that has ended is gone", () => {
  const { pid } = spawnSync(process.execPath, ["--version"]);
  expect(whereabouts({ ...ownIdentity(), pid, started: null })).toBe("gone");
});

test("a killed process whose parent does not ask for its status is gone", async () => {
  const parent = spawn("sh", ["-c", "true & echo $!; exec sleep 60"], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  const [output] = (await once(parent.stdout, "data")) as [Buffer];
  const pid = Number(output);
  await expect.poll(() => whereabouts({ ...ownIdentity(), pid, started: null })).toBe("gone");
  parent.kill("SIGKILL");
});

test.each([
  ["the same id with another start", { started: "0" }, "gone"],
  ["a process from before the machine was restarted", { boot: "an earlier one" }, "gone"],
  ["a process of another machine", { host: "another", boot: "another" }, "elsewhere"],
  ["a process of another machine that does not say its boot", { host: "another", boot: null }, "elsewhere"],
  ["a process of another machine with the same name", { machine: "2", boot: "another" }, "elsewhere"],
  ["a process of another container on this machine", { namespace: "another" }, "elsewhere"],
  ["a process of this machine under an earlier name", { host: "renamed" }, "running"],
] as const)("%s", (_, difference, wanted) => {
  const { started } = here;
  if (started === null && "started" in difference) return;
  expect(whereabouts({ ...here, ...difference }, here)).toBe(wanted);
});
