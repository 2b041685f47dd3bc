/** The operations of the language head: float32 whatever the weights are, nothing of size [rows, vocabulary] kept. */

import { assertShape, type DType, type FusedOps, type LogProbResult, type Tensor } from "@soft-tokens/tensor";
import { assertChunk, assertDtype, assertKeyPerRow, assertPositive } from "@soft-tokens/tensor/checks";
import type { Handle } from "../engine/handle.ts";
import type { Runtime } from "../engine/runtime.ts";
import { keyWords } from "./creation.ts";
import { checkIds } from "./ids.ts";

export type HeadOps = Pick<FusedOps, "mixture" | "tokenChoice" | "thoughtLogProb" | "tokenLogProb">;

const FLOAT: readonly DType[] = ["float32", "bfloat16"];

/** Default of `HeadChunk.maxElements`. */
const MAX_ELEMENTS = 2 ** 22;

export function headOps(runtime: Runtime): HeadOps {
  const { operations } = runtime;

  function float(x: Tensor, operation: string): Handle {
    const handle = runtime.use(x, operation);
    assertDtype(handle, FLOAT, operation);
    return handle;
  }

  /** Hidden states [R, D] and weights [V, D]. */
  function head(operation: string, hidden_RD: Tensor, weight_VD: Tensor) {
    const hidden = float(hidden_RD, operation);
    const weight = float(weight_VD, operation);
    const { R = 0, D = 0 } = assertShape(hidden, ["R", "D"], `${operation}: hidden`);
    const { V = 0 } = assertShape(weight, ["V", D], `${operation}: weight`);
    return { hidden, weight, R, V };
  }

  /** Handles for the k most probable tokens; none for k = 0. */
  function alternatives(R: number, k: number) {
    if (k === 0) return { top: {}, slots: [] };
    const topIds_RK = runtime.result([R, k], "int32");
    const topProbabilities_RK = runtime.result([R, k], "float32");
    return { top: { topIds_RK, topProbabilities_RK }, slots: [topIds_RK.slot, topProbabilities_RK.slot] };
  }

  function logProbResult(R: number, from: readonly Handle[]): LogProbResult & { slots: number[] } {
    const value = runtime.result([], "float32", { from });
    const logProb_R = runtime.result([R], "float32");
    const entropy_R = runtime.result([R], "float32");
    return { value, logProb_R, entropy_R, slots: [value.slot, logProb_R.slot, entropy_R.slot] };
  }

  return {
    mixture(options) {
      const { hidden, weight, R, V } = head("mixture", options.hidden_RD, options.weight_VD);
      const embedding = float(options.embedding_VD, "mixture");
      const { E = 0 } = assertShape(embedding, [V, "E"], "mixture: embedding");
      assertPositive(options.temperature, "temperature", "mixture");
      const maxElements = assertChunk(options.maxElements ?? MAX_ELEMENTS, "mixture");
      const mixture_RD = runtime.result([R, E], "float32");
      const argmax_R = runtime.result([R], "int32");
      const entropy_R = runtime.result([R], "float32");
      const k = Math.min(options.topK ?? 0, V);
      const { top, slots } = alternatives(R, k);
      operations.mixture(
        [mixture_RD.slot, argmax_R.slot, entropy_R.slot, ...slots],
        hidden.slot,
        weight.slot,
        embedding.slot,
        options.temperature,
        k,
        maxElements,
      );
      return { mixture_RD, argmax_R, entropy_R, ...top };
    },
    tokenChoice(options) {
      const { hidden, weight, R, V } = head("tokenChoice", options.hidden_RD, options.weight_VD);
      const { temperature, keys } = options;
      const isGreedy = temperature === 0;
      if (!isGreedy) {
        assertPositive(temperature, "temperature", "tokenChoice");
        assertKeyPerRow(keys, [R], "tokenChoice");
      }
      const maxElements = assertChunk(options.maxElements ?? MAX_ELEMENTS, "tokenChoice");
      const ids_R = runtime.result([R], "int32");
      const logProb = runtime.newSlot();
      const entropy_R = runtime.result([R], "float32");
      const k = Math.min(options.topK ?? 0, V);
      const { top, slots } = alternatives(R, k);
      let uniform: number | null = null;
      if (!isGreedy) {
        uniform = runtime.newSlot();
        operations.randomUniform(uniform, keyWords({ key: keys }, [R], "tokenChoice"), [R]);
      }
      operations.tokenChoice(
        [ids_R.slot, logProb, entropy_R.slot, ...slots],
        hidden.slot,
        weight.slot,
        uniform,
        temperature,
        k,
        maxElements,
      );
      let logProb_R: Handle | null = null;
      if (uniform !== null) {
        runtime.freeSlot(uniform);
        logProb_R = runtime.result([R], "float32");
        operations.same(logProb_R.slot, logProb);
      }
      runtime.freeSlot(logProb);
      return { ids_R, logProb_R, entropy_R, ...top };
    },
    thoughtLogProb(options) {
      const { hidden, weight, R, V } = head("thoughtLogProb", options.hidden_RD, options.weight_VD);
      const embedding = float(options.embedding_VD, "thoughtLogProb");
      const thought = float(options.thought_RD, "thoughtLogProb");
      const coefficient = float(options.coefficient_R, "thoughtLogProb");
      const { E = 0 } = assertShape(embedding, [V, "E"], "thoughtLogProb: embedding");
      assertShape(thought, [R, E], "thoughtLogProb: thought");
      assertShape(coefficient, [R], "thoughtLogProb: coefficient");
      assertPositive(options.temperature, "temperature", "thoughtLogProb");
      assertPositive(options.sigma, "sigma", "thoughtLogProb");
      const { slots, ...result } = logProbResult(R, [hidden, weight, embedding]);
      operations.thoughtLogProb(
        slots,
        hidden.slot,
        weight.slot,
        embedding.slot,
        thought.slot,
        coefficient.slot,
        options.temperature,
        options.sigma,
        options.embeddingGradient ?? true,
        assertChunk(options.maxElements ?? MAX_ELEMENTS, "thoughtLogProb"),
      );
      return result;
    },
    tokenLogProb(options) {
      const { hidden, weight, R, V } = head("tokenLogProb", options.hidden_RD, options.weight_VD);
      const ids = runtime.use(options.ids_R, "tokenLogProb");
      const coefficient = float(options.coefficient_R, "tokenLogProb");
      assertDtype(ids, ["int32"], "tokenLogProb");
      assertShape(ids, [R], "tokenLogProb: ids");
      checkIds(runtime, ids, V, "tokenLogProb");
      assertShape(coefficient, [R], "tokenLogProb: coefficient");
      assertPositive(options.temperature, "temperature", "tokenLogProb");
      const { slots, ...result } = logProbResult(R, [hidden, weight]);
      operations.tokenLogProb(
        slots,
        hidden.slot,
        weight.slot,
        ids.slot,
        coefficient.slot,
        options.temperature,
        assertChunk(options.maxElements ?? MAX_ELEMENTS, "tokenLogProb"),
      );
      return result;
    },
  };
}
