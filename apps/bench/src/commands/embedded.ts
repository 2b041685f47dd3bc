import { z } from "zod";
export const EmbeddedOptions = z.strictObject({});
export async function embedded(
  _o: z.infer<typeof EmbeddedOptions>,
  _s: { signal: AbortSignal },
): Promise<void> {}
