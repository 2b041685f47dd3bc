/** Clocks that hold for backends that compute later: a read of one number waits for everything before it. */

import type { Backend, Tensor } from "@soft-tokens/tensor";

/** Waits until the backend has computed everything that it was given. */
export async function finish(backend: Backend): Promise<void> {
  using one = backend.ones([1]);
  await backend.read(one);
}

/** Seconds of one call, averaged over as many as take `leastSeconds` together, after one that is not counted. */
export async function secondsPerCall(
  backend: Backend,
  call: () => Tensor,
  leastSeconds: number,
): Promise<number> {
  const run = async (count: number) => {
    const start = performance.now();
    for (let i = 0; i < count; i++) call().dispose();
    await finish(backend);
    return (performance.now() - start) / 1000;
  };
  await run(1);
  let count = 1;
  for (;;) {
    const seconds = await run(count);
    if (seconds >= leastSeconds) return seconds / count;
    count = Math.ceil(count * Math.min(10, Math.max(1.5, (1.2 * leastSeconds) / Math.max(seconds, 1e-6))));
  }
}
