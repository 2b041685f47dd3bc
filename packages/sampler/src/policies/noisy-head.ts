/**
 * The paper's ablation of where the noise goes (method.md section 8): on the final hidden state, or on the logits, all of them or
 * the k largest, in place of the embedding. The next input is softmax(z~ / tau) E of the noisy logits z~, the shadow their argmax:
 * what was fed is what is read.
 *
 * For inference only. A thought of this kind is scored at the place of its noise, so a trainer would have to store what stands
 * there, [T, D] or [T, V] beside what is fed, which rollouts do not hold. So `score` refuses, and a step has no log pi.
 *
 * Unit of the noise [open; the paper's is not known]: the root mean square of what it is added to, row by row, as rms(E) is that of the
 * embedding; for logits around their mean, since a softmax does not see the mean.
 *
 * Axes: R rows, V vocabulary, W a tile of it, D hidden.
 */

import type { Backend, Tensor } from "@soft-tokens/tensor";
import { mixture } from "@soft-tokens/tensor";
import type { ThinkContext, ThoughtPolicy, ThoughtSettings, ThoughtStep } from "../contract.ts";
import { SamplerError } from "../errors.ts";

/** "embedding" is the method's own; the number of `logits-top` is how many of the largest logits are noisy. */
export type NoisePlace = "embedding" | "hidden" | "logits" | `logits-top${number}`;

/** Those that the paper tried. */
export const NOISE_PLACES: readonly NoisePlace[] = [
  "embedding",
  "hidden",
  "logits",
  "logits-top5",
  "logits-top50",
];

/** Whether a text names a place: `logits-top` may have any number from 1. */
export function isNoisePlace(text: string): text is NoisePlace {
  return /^(embedding|hidden|logits|logits-top[1-9]\d{0,6})$/u.test(text);
}

/** `noiseScale` is in units of the place; `sigma` differs from row to row and is NaN. */
export function noisyHeadPolicy(
  name: string,
  place: Exclude<NoisePlace, "embedding">,
  { temperature, noiseScale }: Omit<ThoughtSettings, "sigma">,
): ThoughtPolicy {
  return {
    name,
    settings: { temperature, noiseScale, sigma: Number.NaN },
    storesThoughts: true,
    think: (hidden_RD, context) =>
      place === "hidden"
        ? thinkFromHidden(hidden_RD, context, temperature, noiseScale)
        : thinkFromLogits(hidden_RD, context, temperature, noiseScale, noisyLogits(place)),
    score() {
      throw new SamplerError(
        "NO_DENSITY",
        `score: ${name} thoughts with noise on the ${place} are for inference only; train with noise on the embedding`,
      );
    },
  };
}

/** How many of the largest logits are noisy. */
function noisyLogits(place: NoisePlace): number {
  return place === "logits" ? Number.POSITIVE_INFINITY : Number(place.replace("logits-top", ""));
}

function thinkFromHidden(
  hidden_RD: Tensor,
  { backend: ops, head, keys, chunk, topK }: ThinkContext,
  temperature: number,
  noiseScale: number,
): ThoughtStep {
  return ops.tidy(() => {
    const hidden32_RD = ops.cast(hidden_RD, "float32");
    const noise_RD = ops.randomNormal(hidden_RD.shape, { key: keys });
    const unit_R1 = ops.sqrt(ops.mean(ops.square(hidden32_RD), { axis: -1, keepDims: true }));
    const { mixture_RD, argmax_R, ...step } = mixture(ops, {
      hidden_RD: ops.add(hidden32_RD, ops.multiply(noise_RD, ops.affine(unit_R1, { scale: noiseScale }))),
      weight_VD: head.weight_VD,
      embedding_VD: head.embedding_VD,
      temperature,
      ...(topK !== undefined && { topK }),
      ...chunk,
    });
    return { next_RD: mixture_RD, shadow_R: argmax_R, logProb_R: null, ...step };
  });
}

/** 16 MiB of float32, as the head operations hold at most where nothing is said. */
const DEFAULT_MAX_ELEMENTS = 2 ** 22;

/** Rows in chunks of whole vocabularies: noise belongs to a row, and its unit is known once all its logits are. */
function thinkFromLogits(
  hidden_RD: Tensor,
  context: ThinkContext,
  temperature: number,
  noiseScale: number,
  noisy: number,
): ThoughtStep {
  const { backend: ops, head, keys, chunk } = context;
  const [R = 0, D = 0] = hidden_RD.shape;
  const [V = 0] = head.weight_VD.shape;
  const rows = Math.max(1, Math.floor((chunk?.maxElements ?? DEFAULT_MAX_ELEMENTS) / V));
  return ops.tidy(() => {
    const chunks: ThoughtStep[] = [];
    for (let begin = 0; begin < R; begin += rows) {
      const count = Math.min(rows, R - begin);
      const part_RD = ops.cast(ops.slice(hidden_RD, [begin, 0], [count, D]), "float32");
      const own = { ...context, keys: keys.slice(begin, begin + count) };
      chunks.push(ops.tidy(() => chunkFromLogits(part_RD, own, temperature, noiseScale, noisy)));
    }
    const joined = (read: (step: ThoughtStep) => Tensor | undefined) => {
      const parts = chunks.flatMap((step) => read(step) ?? []);
      return parts.length < 2 ? parts[0] : ops.concat(parts, 0);
    };
    const [topIds_RK, topProbabilities_RK] = [
      joined((step) => step.topIds_RK),
      joined((step) => step.topProbabilities_RK),
    ];
    return {
      next_RD: joined((step) => step.next_RD) ?? ops.zeros([0, head.embedding_VD.shape[1] as number]),
      shadow_R: joined((step) => step.shadow_R) ?? ops.zeros([0], "int32"),
      logProb_R: null,
      entropy_R: joined((step) => step.entropy_R) ?? ops.zeros([0]),
      ...(topIds_RK && topProbabilities_RK && { topIds_RK, topProbabilities_RK }),
    };
  });
}

function chunkFromLogits(
  hidden_RD: Tensor,
  { backend: ops, head, keys, topK = 0 }: ThinkContext,
  temperature: number,
  noiseScale: number,
  noisy: number,
): ThoughtStep {
  const tiles = vocabularyTiles(head.weight_VD);
  const tile32 = (table_VD: Tensor, { begin, length }: Tile) =>
    ops.cast(ops.slice(table_VD, [begin, 0], [length, -1]), "float32");
  const quiet_RV = joinTiles(
    ops,
    tiles.map((tile) =>
      ops.tidy(() => ops.matmul(hidden_RD, tile32(head.weight_VD, tile), { transposeB: true })),
    ),
  );
  const noisy_RV = ops.tidy(() => addNoise(ops, quiet_RV, keys, noiseScale, noisy));
  // Shifted before the division by tau, as in the head operations: at 1e-4 the quotient would lose every digit.
  const shifted_RV = ops.subtract(noisy_RV, ops.max(noisy_RV, { axis: -1, keepDims: true }));
  const scaled_RV = ops.affine(shifted_RV, { scale: 1 / temperature });
  const exponential_RV = ops.exp(scaled_RV);
  const sum_R1 = ops.sum(exponential_RV, { axis: -1, keepDims: true });
  const p_RV = ops.divide(exponential_RV, sum_R1);
  const mean_R = ops.sum(ops.multiply(p_RV, scaled_RV), { axis: -1 });
  const [R = 0, V = 0] = p_RV.shape;
  const next_RD = tiles
    .map((tile) =>
      ops.tidy(() =>
        ops.matmul(ops.slice(p_RV, [0, tile.begin], [R, tile.length]), tile32(head.embedding_VD, tile)),
      ),
    )
    .reduce((total, part) => ops.add(total, part));
  const top = topK > 0 ? ops.topK(p_RV, Math.min(topK, V)) : null;
  return {
    next_RD,
    shadow_R: ops.argMax(noisy_RV),
    logProb_R: null,
    entropy_R: ops.subtract(ops.reshape(ops.log(sum_R1), [-1]), mean_R),
    ...(top && { topIds_RK: top.indices, topProbabilities_RK: top.values }),
  };
}

/** z + scale * std(z) * N(0, 1), on all or on the `noisy` largest (on those that tie with the smallest of them too). */
function addNoise(
  ops: Backend,
  logits_RV: Tensor,
  keys: ThinkContext["keys"],
  noiseScale: number,
  noisy: number,
): Tensor {
  const centred_RV = ops.subtract(logits_RV, ops.mean(logits_RV, { axis: -1, keepDims: true }));
  const unit_R1 = ops.sqrt(ops.mean(ops.square(centred_RV), { axis: -1, keepDims: true }));
  const noise_RV = ops.randomNormal(logits_RV.shape, { key: keys });
  const all_RV = ops.add(logits_RV, ops.multiply(noise_RV, ops.affine(unit_R1, { scale: noiseScale })));
  const [R = 0, V = 0] = logits_RV.shape;
  if (noisy >= V) return all_RV;
  const least_R1 = ops.slice(ops.topK(logits_RV, noisy).values, [0, noisy - 1], [R, 1]);
  return ops.where(ops.greaterEqual(logits_RV, least_R1), all_RV, logits_RV);
}

interface Tile {
  readonly begin: number;
  readonly length: number;
}

/** Of at most 16 MiB in float32, so that weights of another dtype are never cast whole. */
function vocabularyTiles({ shape: [V = 0, D = 1] }: Tensor): Tile[] {
  const width = Math.max(1, Math.floor(DEFAULT_MAX_ELEMENTS / D));
  return Array.from({ length: Math.ceil(V / width) }, (_, index) => ({
    begin: index * width,
    length: Math.min(width, V - index * width),
  }));
}

function joinTiles(ops: Backend, tiles: readonly Tensor[]): Tensor {
  return tiles.length === 1 ? (tiles[0] as Tensor) : ops.concat(tiles, -1);
}
