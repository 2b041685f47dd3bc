#include "adamw.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <cmath>
#include <type_traits>

#include "options.h"
#include "vectorized.h"

namespace soft_tokens {

namespace {

using at::Tensor;

/// The settings as the loop needs them.
struct Factors {
  float beta1, beta2, one_minus_beta1, one_minus_beta2, inverse_root2, epsilon, decay, rate, gradient_scale;
};

/// Sixteen random bits of an element under a key: Murmur3's finaliser over (index, key). Good enough to round without
/// bias; it is no stream that anyone else has to reproduce.
inline uint32_t dither_bits(uint32_t index, uint32_t key0, uint32_t key1) {
  uint32_t h = index * 0x9E3779B9u ^ key0;
  h ^= h >> 16;
  h *= 0x85EBCA6Bu;
  h ^= key1;
  h ^= h >> 13;
  h *= 0xC2B2AE35u;
  h ^= h >> 16;
  return h & 0xFFFF;
}

inline Bits16 round_at_random(float value, uint32_t dither) {
  uint32_t wide;
  std::memcpy(&wide, &value, sizeof(wide));
  return static_cast<Bits16>((wide + dither) >> 16);
}

struct Dither {
  bool is_on;
  uint32_t key0;
  uint32_t key1;
};

inline void store_second(float& target, float value, const Dither&, int64_t) { target = value; }
inline void store_second(Bits16& target, float value, const Dither& dither, int64_t index) {
  const bool is_random = dither.is_on && value < 3.0e38f;
  const uint32_t bits = dither_bits(static_cast<uint32_t>(index), dither.key0, dither.key1);
  target = is_random ? round_at_random(value, bits) : to_bits16(value);
}

/// P parameter, G gradient, M moments. `from` is what the step is taken from: the master copy, or the parameter.
template <class P, class G, class M, class F>
inline void update_range(P* parameter, F* from, const G* gradient, M* first, M* second, int64_t begin, int64_t end,
                         const Factors& f, const Dither& dither) {
  for (int64_t i = begin; i < end; i++) {
    const float g = to_float(gradient[i]) * f.gradient_scale;
    const float m = to_float(first[i]) * f.beta1 + g * f.one_minus_beta1;
    const float v = to_float(second[i]) * f.beta2 + (g * g) * f.one_minus_beta2;
    const float denominator = std::sqrt(v) * f.inverse_root2 + f.epsilon;
    const float value = to_float(from[i]) * f.decay - (m / denominator) * f.rate;
    store(from[i], value);
    if constexpr (!std::is_same_v<P, F>) store(parameter[i], value);
    store(first[i], m);
    store_second(second[i], v, dither, i);
  }
}

#define SOFT_TOKENS_UPDATE(P, F, G, M)                                                                       \
  SOFT_TOKENS_VECTORIZED void update(P* parameter, F* from, const G* gradient, M* first, M* second,          \
                                     int64_t begin, int64_t end, const Factors& f, const Dither& dither) {   \
    update_range(parameter, from, gradient, first, second, begin, end, f, dither);                          \
  }
SOFT_TOKENS_UPDATE(float, float, float, float)
SOFT_TOKENS_UPDATE(Bits16, float, Bits16, float)
SOFT_TOKENS_UPDATE(Bits16, float, Bits16, Bits16)
SOFT_TOKENS_UPDATE(Bits16, float, float, float)
SOFT_TOKENS_UPDATE(Bits16, float, float, Bits16)
#undef SOFT_TOKENS_UPDATE

template <class P, class F, class G, class M>
void update_parallel(Tensor& parameter, Tensor& from, const Tensor& gradient, Tensor& first, Tensor& second,
                     const Factors& factors, const Dither& dither) {
  const auto data = [](const Tensor& x) { return x.data_ptr(); };
  at::parallel_for(0, parameter.numel(), 65536, [&](int64_t begin, int64_t end) {
    update(static_cast<P*>(data(parameter)), static_cast<F*>(data(from)), static_cast<const G*>(data(gradient)),
           static_cast<M*>(data(first)), static_cast<M*>(data(second)), begin, end, factors, dither);
  });
}

/// The same in ATen operations, for any device and mix of dtypes.
void update_portable(Tensor& parameter, Tensor* master, const Tensor& gradient, Tensor& first, Tensor& second,
                     const Factors& f, const Dither& dither) {
  const Tensor g = gradient.to(at::kFloat).mul(f.gradient_scale);
  const Tensor m = first.to(at::kFloat).mul(f.beta1).add(g.mul(f.one_minus_beta1));
  const Tensor v = second.to(at::kFloat).mul(f.beta2).add(g.mul(g).mul(f.one_minus_beta2));
  const Tensor denominator = v.sqrt().mul(f.inverse_root2).add(f.epsilon);
  const Tensor from = master ? *master : parameter.to(at::kFloat);
  const Tensor value = from.mul(f.decay).sub(m.div(denominator).mul(f.rate));
  if (master) master->copy_(value);
  parameter.copy_(value);
  first.copy_(m);
  if (second.scalar_type() == at::kFloat || !dither.is_on) {
    second.copy_(v);
    return;
  }
  Tensor h = at::arange(v.numel(), v.options().dtype(at::kLong)).mul(0x9E3779B9).bitwise_and(0xFFFFFFFF);
  h = h.bitwise_xor(static_cast<int64_t>(dither.key0));
  const auto mix = [](const Tensor& x, int64_t shift) { return x.bitwise_xor(x.bitwise_right_shift(shift)); };
  // Products of two 32-bit numbers wrap around in int64; their low 32 bits are right all the same.
  h = mix(h, 16).mul(0x85EBCA6B).bitwise_and(0xFFFFFFFF).bitwise_xor(static_cast<int64_t>(dither.key1));
  h = mix(mix(h, 13).mul(0xC2B2AE35).bitwise_and(0xFFFFFFFF), 16).bitwise_and(0xFFFF);
  const Tensor bits = v.contiguous().view(at::kInt).add(h.reshape(v.sizes()).to(at::kInt)).bitwise_and(~0xFFFF);
  second.copy_(bits.view(at::kFloat));
}

/// Memory that may be written: the tensor's own, or a copy where someone else sees it too.
Tensor writable(const Tensor& x) {
  const bool is_own = x.storage().use_count() == 1 && x.is_contiguous();
  return is_own ? x.detach() : x.detach().contiguous().clone();
}

}  // namespace

std::vector<Tensor> adamw(const Tensor& parameter, const std::optional<Tensor>& master, const Tensor& gradient,
                          const Tensor& first_moment, const Tensor& second_moment, const HostBytes& rounding_key,
                          double step, double learning_rate, double beta1, double beta2, double epsilon,
                          double weight_decay, double gradient_scale) {
  Tensor p = writable(parameter);
  Tensor m = writable(first_moment);
  Tensor v = writable(second_moment);
  std::optional<Tensor> copy = master ? std::optional<Tensor>(writable(*master)) : std::nullopt;
  const Tensor g = gradient.detach().contiguous();
  const double correction1 = 1 - std::pow(beta1, step);
  const double correction2 = 1 - std::pow(beta2, step);
  const Factors factors{static_cast<float>(beta1),
                        static_cast<float>(beta2),
                        static_cast<float>(1 - beta1),
                        static_cast<float>(1 - beta2),
                        static_cast<float>(1 / std::sqrt(correction2)),
                        static_cast<float>(epsilon),
                        static_cast<float>(1 - learning_rate * weight_decay),
                        static_cast<float>(learning_rate / correction1),
                        static_cast<float>(gradient_scale)};
  const uint32_t* words = rounding_key.as<uint32_t>();
  const bool has_key = rounding_key.count<uint32_t>() == 2;
  const Dither dither{has_key, has_key ? words[0] : 0, has_key ? words[1] : 0};

  const bool is_bf16 = p.scalar_type() == at::kBFloat16;
  const bool is_half_gradient = g.scalar_type() == at::kBFloat16;
  const bool is_half_moments = m.scalar_type() == at::kBFloat16;
  const bool same_moments = m.scalar_type() == v.scalar_type();
  const bool is_plain = !is_bf16 && !copy && !is_half_gradient && !is_half_moments;
  const bool has_own_loop = p.is_cpu() && !use_portable_kernels() && same_moments && (is_plain || (is_bf16 && copy));
  if (!has_own_loop) {
    update_portable(p, copy ? &*copy : nullptr, g, m, v, factors, dither);
  } else if (is_plain) {
    update_parallel<float, float, float, float>(p, p, g, m, v, factors, dither);
  } else if (is_half_gradient && is_half_moments) {
    update_parallel<Bits16, float, Bits16, Bits16>(p, *copy, g, m, v, factors, dither);
  } else if (is_half_gradient) {
    update_parallel<Bits16, float, Bits16, float>(p, *copy, g, m, v, factors, dither);
  } else if (is_half_moments) {
    update_parallel<Bits16, float, float, Bits16>(p, *copy, g, m, v, factors, dither);
  } else {
    update_parallel<Bits16, float, float, float>(p, *copy, g, m, v, factors, dither);
  }
  // Written through pointers, which libtorch does not see: whoever cached something about the memory must know.
  for (const Tensor& x : {p, m, v}) x.unsafeGetTensorImpl()->bump_version();
  std::vector<Tensor> results{p, m, v};
  if (copy) results.push_back(*copy);
  return results;
}

}  // namespace soft_tokens
