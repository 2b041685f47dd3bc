// Sixteen float32 numbers as one value: a vector of the machine, or several where its vectors are narrower. Only for the
// bodies of functions marked SOFT_TOKENS_VECTORIZED, into which everything here is inlined.

#pragma once

#include <cstdint>

#include "vectorized.h"

// Vectors passed between inlined functions have no calling convention to worry about.
#pragma GCC diagnostic ignored "-Wpsabi"

#define INLINE inline __attribute__((always_inline))

namespace soft_tokens::head {

constexpr int64_t kLanes = 16;

typedef float Lanes __attribute__((vector_size(64), aligned(4)));
typedef uint32_t WordLanes __attribute__((vector_size(64), aligned(4)));

INLINE Lanes load(const float* from) { return *reinterpret_cast<const Lanes*>(from); }
INLINE void store_lanes(float* to, Lanes x) { *reinterpret_cast<Lanes*>(to) = x; }

INLINE Lanes larger(Lanes a, Lanes b) { return a > b ? a : b; }

/** Pairwise, so that the result does not depend on the width of the machine's vectors. */
INLINE float sum_lanes(Lanes x) {
  float part[kLanes];
  store_lanes(part, x);
  for (int64_t half = kLanes / 2; half > 0; half /= 2) {
    for (int64_t lane = 0; lane < half; lane++) part[lane] += part[lane + half];
  }
  return part[0];
}

INLINE float max_lanes(Lanes x) {
  float most = x[0];
  for (int64_t lane = 1; lane < kLanes; lane++) most = x[lane] > most ? x[lane] : most;
  return most;
}

}  // namespace soft_tokens::head
