// What the loops of our own kernels share: bfloat16 as bits, and the mark that lets the compiler make one version per
// instruction set. Loops are plain C++; they are written so that gcc and clang vectorise them.

#pragma once

#include <cstdint>
#include <cstring>

// By feature level and not by processor: a clone for arch=skylake-avx512 runs on that one model only, newer ones would take
// the default. gcc knows the levels since version 12.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && defined(__linux__) && __GNUC__ >= 12
#define SOFT_TOKENS_VECTORIZED __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#elif defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && defined(__linux__)
#define SOFT_TOKENS_VECTORIZED __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define SOFT_TOKENS_VECTORIZED
#endif

namespace soft_tokens {

/// A bfloat16 as its bits: c10::BFloat16 has the same layout.
using Bits16 = uint16_t;

inline float to_float(Bits16 bits) {
  const uint32_t wide = static_cast<uint32_t>(bits) << 16;
  float value;
  std::memcpy(&value, &wide, sizeof(value));
  return value;
}
inline float to_float(float value) { return value; }

/// Round to nearest, ties to even; NaN stays NaN.
inline Bits16 to_bits16(float value) {
  uint32_t wide;
  std::memcpy(&wide, &value, sizeof(wide));
  const uint32_t rounded = (wide + 0x7FFF + ((wide >> 16) & 1)) >> 16;
  const bool is_nan = (wide & 0x7FFFFFFF) > 0x7F800000;
  return static_cast<Bits16>(is_nan ? 0x7FC0 : rounded);
}

inline void store(Bits16& target, float value) { target = to_bits16(value); }
inline void store(float& target, float value) { target = value; }

/// exp(x) within 2 ulp for x in [-87, 88], 0 below, by 2^n times a polynomial (coefficients: Cephes, Moshier 1989).
inline float fast_exp(float x) {
  const float clamped = x < -87.33f ? -87.33f : (x > 88.37f ? 88.37f : x);
  const float shifted = clamped * 1.44269504088896341f + 12582912.0f;  // 1.5 * 2^23: rounds to an integer
  uint32_t bits;
  std::memcpy(&bits, &shifted, sizeof(bits));
  const float n = shifted - 12582912.0f;
  const float r = (clamped - n * 0.693359375f) + n * 2.12194440e-4f;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1.0f;
  const uint32_t scale_bits = (bits + 127u) << 23;
  float scale;
  std::memcpy(&scale, &scale_bits, sizeof(scale));
  return x < -87.33f ? 0.0f : p * scale;
}

inline float sigmoid_of(float x) { return 1.0f / (1.0f + fast_exp(-x)); }

}  // namespace soft_tokens
