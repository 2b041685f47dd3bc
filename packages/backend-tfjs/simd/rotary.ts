// biome-ignore-all lint/style/noParameterAssign: addresses advance, as in the machine code that this becomes.

// Rotary embedding, half-split form: y = x * cos + rotateHalf(x) * sin, rotateHalf([a, b]) = [-b, a].

/**
 * x [B, N, T, H]; cos and sin advance by `tableB` and `tableT` bytes (0 where broadcast).
 * `inverse` !== 0 applies the transposed map, which is the gradient.
 */
export function rotate(
  B: i32,
  N: i32,
  T: i32,
  H: i32,
  x: usize,
  cos: usize,
  sin: usize,
  tableB: i32,
  tableT: i32,
  inverse: bool,
  out: usize,
): void {
  const half = H >> 1;
  const far = half * 4;
  for (let b = 0; b < B; b++) {
    for (let n = 0; n < N; n++) {
      for (let t = 0; t < T; t++) {
        const c = cos + b * tableB + t * tableT;
        const s = sin + b * tableB + t * tableT;
        let i = 0;
        for (; i + 4 <= half; i += 4) {
          const o = i * 4;
          const low = v128.load(x + o);
          const high = v128.load(x + o + far);
          const lowSin = v128.load(s + o);
          const highSin = v128.load(s + o + far);
          const y0 = f32x4.mul(low, v128.load(c + o));
          const y1 = f32x4.mul(high, v128.load(c + o + far));
          if (inverse) {
            v128.store(out + o, f32x4.add(y0, f32x4.mul(high, highSin)));
            v128.store(out + o + far, f32x4.sub(y1, f32x4.mul(low, lowSin)));
          } else {
            v128.store(out + o, f32x4.sub(y0, f32x4.mul(high, lowSin)));
            v128.store(out + o + far, f32x4.add(y1, f32x4.mul(low, highSin)));
          }
        }
        for (; i < half; i++) {
          const o = i * 4;
          const low = load<f32>(x + o);
          const high = load<f32>(x + o + far);
          const y0 = low * load<f32>(c + o);
          const y1 = high * load<f32>(c + o + far);
          store<f32>(out + o, inverse ? y0 + high * load<f32>(s + o + far) : y0 - high * load<f32>(s + o));
          store<f32>(
            out + o + far,
            inverse ? y1 - low * load<f32>(s + o) : y1 + low * load<f32>(s + o + far),
          );
        }
        x += H * 4;
        out += H * 4;
      }
    }
  }
}
