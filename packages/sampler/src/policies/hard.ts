/**
 * Hard thoughts: ordinary tokens, x ~ Categorical(softmax(z / tau)), next input E[x] (method.md section 1).
 * The shadow is the thought, so nothing but ids has to be stored. Temperature 0 is greedy and has no density.
 */

import { tokenChoice, tokenLogProb } from "@soft-tokens/tensor";
import type { ThoughtPolicy, ThoughtSettings } from "../contract.ts";
import { SamplerError } from "../errors.ts";

export function hardPolicy(settings: ThoughtSettings): ThoughtPolicy {
  const { temperature } = settings;
  return {
    name: "hard",
    settings,
    storesThoughts: false,
    think(hidden_RD, { backend, head, keys, chunk, topK }) {
      const { ids_R, ...choice } = tokenChoice(backend, {
        hidden_RD,
        weight_VD: head.weight_VD,
        temperature,
        keys,
        ...chunk,
        ...(topK !== undefined && { topK }),
      });
      return { next_RD: backend.takeRows(head.embedding_VD, ids_R), shadow_R: ids_R, ...choice };
    },
    score(hidden_RD, { ids_N }, coefficient_R, { backend, head, chunk }) {
      if (temperature === 0) {
        throw new SamplerError(
          "NO_DENSITY",
          "score: a hard thought at temperature 0 has no log-probability; use a temperature above 0",
        );
      }
      return tokenLogProb(backend, {
        hidden_RD,
        weight_VD: head.weight_VD,
        ids_R: ids_N,
        temperature,
        coefficient_R,
        ...chunk,
      });
    },
  };
}
