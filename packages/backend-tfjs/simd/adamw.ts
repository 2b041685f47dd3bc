// biome-ignore-all lint/style/noParameterAssign: addresses advance, as in the machine code that this becomes.

// One AdamW step in place (Loshchilov and Hutter, arXiv:1711.05101, with Adam's bias correction).

/** `rate` = learningRate / (1 - beta1^step), `root` = 1 / (1 - beta2^step), `decay` = 1 - learningRate * weightDecay. */
export function adamW(
  n: i32,
  parameter: usize,
  gradient: usize,
  first: usize,
  second: usize,
  gradientScale: f32,
  beta1: f32,
  beta2: f32,
  oneMinusBeta1: f32,
  oneMinusBeta2: f32,
  rate: f32,
  root: f32,
  epsilon: f32,
  decay: f32,
): void {
  const whole = n & ~3;
  const scale4 = f32x4.splat(gradientScale);
  const beta14 = f32x4.splat(beta1);
  const beta24 = f32x4.splat(beta2);
  const rest14 = f32x4.splat(oneMinusBeta1);
  const rest24 = f32x4.splat(oneMinusBeta2);
  const rate4 = f32x4.splat(rate);
  const root4 = f32x4.splat(root);
  const epsilon4 = f32x4.splat(epsilon);
  const decay4 = f32x4.splat(decay);
  for (let i = 0; i < whole; i += 4) {
    const o = i * 4;
    const g = f32x4.mul(v128.load(gradient + o), scale4);
    const m = f32x4.add(f32x4.mul(v128.load(first + o), beta14), f32x4.mul(g, rest14));
    const v = f32x4.add(f32x4.mul(v128.load(second + o), beta24), f32x4.mul(f32x4.mul(g, g), rest24));
    v128.store(first + o, m);
    v128.store(second + o, v);
    const step = f32x4.div(f32x4.mul(m, rate4), f32x4.add(f32x4.sqrt(f32x4.mul(v, root4)), epsilon4));
    v128.store(parameter + o, f32x4.sub(f32x4.mul(v128.load(parameter + o), decay4), step));
  }
  for (let i = whole; i < n; i++) {
    const o = i * 4;
    const g = load<f32>(gradient + o) * gradientScale;
    const m = load<f32>(first + o) * beta1 + g * oneMinusBeta1;
    const v = load<f32>(second + o) * beta2 + g * g * oneMinusBeta2;
    store<f32>(first + o, m);
    store<f32>(second + o, v);
    const step: f32 = (m * rate) / (sqrt(v * root) + epsilon);
    store<f32>(parameter + o, load<f32>(parameter + o) * decay - step);
  }
}
