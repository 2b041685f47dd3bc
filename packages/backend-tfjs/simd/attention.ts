// biome-ignore-all lint/style/noParameterAssign: addresses advance, as in the machine code that this becomes.

// softmax(scale q k^T + mask) v for one prompt's rows, with the prompt's keys (the prefix) before each row's own.
// The scores of one row and head, [T, Z + S], are all that is ever held.

import { dotGradient } from "./elementwise";
import { multiply } from "./gemm";
import { softmaxRows } from "./softmax";

/**
 * query and out [B, N, T, H]; key and value [B, K, capacity, H], of which the first S are visited; prefix key and value
 * [K, Z, H].
 * mask: float32, added, advancing by maskB, maskT and maskS bytes (0 where broadcast), 0 for none; prefixMask [Z] or 0.
 * scores: T * (Z + S) floats.
 */
export function attend(
  B: i32,
  N: i32,
  T: i32,
  H: i32,
  K: i32,
  S: i32,
  capacity: i32,
  Z: i32,
  query: usize,
  key: usize,
  value: usize,
  prefixKey: usize,
  prefixValue: usize,
  mask: usize,
  maskB: i32,
  maskT: i32,
  maskS: i32,
  prefixMask: usize,
  scale: f32,
  out: usize,
  scores: usize,
  work: usize,
): void {
  const row = H * 4;
  const width = (Z + S) * 4;
  const headsPerKey = N / K;
  for (let b = 0; b < B; b++) {
    for (let n = 0; n < N; n++) {
      const k = n / headsPerKey;
      const own = (b * K + k) * capacity * row;
      const prefix = k * Z * row;
      const q = query + (b * N + n) * T * row;
      const o = out + (b * N + n) * T * row;
      score(
        T,
        H,
        S,
        Z,
        q,
        key + own,
        prefixKey + prefix,
        mask === 0 ? 0 : mask + b * maskB,
        maskT,
        maskS,
        prefixMask,
        scale,
        scores,
        work,
      );
      if (Z > 0) multiply(T, H, Z, scores, width, 4, prefixValue + prefix, row, 4, o, row, false, work);
      if (S > 0) multiply(T, H, S, scores + Z * 4, width, 4, value + own, row, 4, o, row, Z > 0, work);
    }
  }
}

/** The attention weights of one row and head into `scores` [T, Z + S]. */
function score(
  T: i32,
  H: i32,
  S: i32,
  Z: i32,
  query: usize,
  key: usize,
  prefixKey: usize,
  mask: usize,
  maskT: i32,
  maskS: i32,
  prefixMask: usize,
  scale: f32,
  scores: usize,
  work: usize,
): void {
  const row = H * 4;
  const width = (Z + S) * 4;
  if (Z > 0) multiply(T, Z, H, query, row, 4, prefixKey, 4, row, scores, width, false, work);
  if (S > 0) multiply(T, S, H, query, row, 4, key, 4, row, scores + Z * 4, width, false, work);
  for (let t = 0; t < T; t++) {
    const at = scores + t * width;
    scaleAndMask(Z, at, prefixMask, 4, scale);
    scaleAndMask(S, at + Z * 4, mask === 0 ? 0 : mask + t * maskT, maskS, scale);
  }
  softmaxRows(T, Z + S, scores, scores);
}

function scaleAndMask(n: i32, x: usize, mask: usize, maskStep: i32, scale: f32): void {
  const factor = f32x4.splat(scale);
  let i = 0;
  if (mask === 0) {
    for (; i + 4 <= n; i += 4) v128.store(x + i * 4, f32x4.mul(v128.load(x + i * 4), factor));
    for (; i < n; i++) store<f32>(x + i * 4, load<f32>(x + i * 4) * scale);
    return;
  }
  if (maskStep === 4) {
    for (; i + 4 <= n; i += 4) {
      v128.store(x + i * 4, f32x4.add(f32x4.mul(v128.load(x + i * 4), factor), v128.load(mask + i * 4)));
    }
  }
  for (; i < n; i++) store<f32>(x + i * 4, load<f32>(x + i * 4) * scale + load<f32>(mask + i * maskStep));
}

/**
 * Gradients of `attend` by query (written), key and value and the prefix's key and value (added to).
 * scores and weightGradients: T * (Z + S) floats each.
 */
export function attendBackward(
  B: i32,
  N: i32,
  T: i32,
  H: i32,
  K: i32,
  S: i32,
  capacity: i32,
  Z: i32,
  query: usize,
  key: usize,
  value: usize,
  prefixKey: usize,
  prefixValue: usize,
  mask: usize,
  maskB: i32,
  maskT: i32,
  maskS: i32,
  prefixMask: usize,
  scale: f32,
  gradient: usize,
  queryGradient: usize,
  keyGradient: usize,
  valueGradient: usize,
  prefixKeyGradient: usize,
  prefixValueGradient: usize,
  scores: usize,
  weightGradients: usize,
  work: usize,
): void {
  const row = H * 4;
  const width = (Z + S) * 4;
  const headsPerKey = N / K;
  for (let b = 0; b < B; b++) {
    for (let n = 0; n < N; n++) {
      const k = n / headsPerKey;
      const own = (b * K + k) * capacity * row;
      const prefix = k * Z * row;
      const at = (b * N + n) * T * row;
      const q = query + at;
      const d = gradient + at;
      score(
        T,
        H,
        S,
        Z,
        q,
        key + own,
        prefixKey + prefix,
        mask === 0 ? 0 : mask + b * maskB,
        maskT,
        maskS,
        prefixMask,
        scale,
        scores,
        work,
      );
      // dP = dO V^T, dV = P^T dO
      if (Z > 0) {
        multiply(T, Z, H, d, row, 4, prefixValue + prefix, 4, row, weightGradients, width, false, work);
        multiply(Z, H, T, scores, 4, width, d, row, 4, prefixValueGradient + prefix, row, true, work);
      }
      if (S > 0) {
        multiply(T, S, H, d, row, 4, value + own, 4, row, weightGradients + Z * 4, width, false, work);
        multiply(S, H, T, scores + Z * 4, 4, width, d, row, 4, valueGradient + own, row, true, work);
      }
      // dS = scale P (dP - sum(dP P)), dQ = dS K, dK = dS^T Q
      dotGradient(T, Z + S, scores, weightGradients, scale, scores);
      if (Z > 0) {
        multiply(T, H, Z, scores, width, 4, prefixKey + prefix, row, 4, queryGradient + at, row, false, work);
        multiply(Z, H, T, scores, 4, width, q, row, 4, prefixKeyGradient + prefix, row, true, work);
      }
      if (S > 0) {
        multiply(T, H, S, scores + Z * 4, width, 4, key + own, row, 4, queryGradient + at, row, Z > 0, work);
        multiply(S, H, T, scores + Z * 4, 4, width, q, row, 4, keyGradient + own, row, true, work);
      }
    }
  }
}
