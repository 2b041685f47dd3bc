/** Both ends of an engine's process: this program started again with `engine`, talking over its channel. */

import { type ChildProcess, fork } from "node:child_process";
import { createEngine, EngineSettings, type StepMeasurement, type Thought } from "./engine.ts";

type Reply =
  | { readonly type: "ready"; readonly device: string }
  | { readonly type: "measured"; readonly measurement: StepMeasurement }
  | { readonly type: "failed"; readonly message: string };

export interface EngineProcess extends Disposable {
  readonly device: string;
  step(thought: Thought): Promise<StepMeasurement>;
}

/** Starts an engine. @throws Error with the engine's message when it cannot be built */
export async function startEngine(settings: EngineSettings): Promise<EngineProcess> {
  const child = fork(process.argv[1] as string, ["engine"], {
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const ready = await ask(child, settings);
  return {
    device: ready.type === "ready" ? ready.device : "",
    async step(thought) {
      const reply = await ask(child, { thought });
      if (reply.type !== "measured") throw new Error(`engine: unexpected reply ${reply.type}`);
      return reply.measurement;
    },
    // It ends when its parent lets go of it; a signal it would take for Ctrl-C.
    [Symbol.dispose]: () => child.disconnect(),
  };
}

function ask(child: ChildProcess, message: object): Promise<Exclude<Reply, { type: "failed" }>> {
  return new Promise((resolve, reject) => {
    const onExit = (code: number | null) =>
      reject(new Error(`the engine's process ended with status ${code}`));
    child.once("exit", onExit);
    child.once("message", (reply: Reply) => {
      child.off("exit", onExit);
      if (reply.type === "failed") reject(new Error(reply.message));
      else resolve(reply);
    });
    child.send(message);
  });
}

/** The child's side: serves requests until its parent goes. */
export async function serveEngine(): Promise<void> {
  if (!process.send) throw new Error("engine is started by the bench itself, not by hand");
  const send = (reply: Reply) => process.send?.(reply);
  let engine: Awaited<ReturnType<typeof createEngine>> | null = null;
  process.on("message", async (message: { thought?: Thought }) => {
    try {
      if (engine && message.thought)
        send({ type: "measured", measurement: await engine.step(message.thought) });
      else {
        engine = await createEngine(EngineSettings.parse(message));
        send({ type: "ready", device: engine.device });
      }
    } catch (error) {
      send({ type: "failed", message: (error as Error).stack ?? String(error) });
    }
  });
  await new Promise((resolve) => process.once("disconnect", resolve));
  process.exit(0);
}
