// The operations of tiles.h in float32 fused multiply-adds of AVX-512.

#include "tile-unit.h"

#include <algorithm>
#include <cstring>
#include <limits>

#if defined(__x86_64__) && defined(__GNUC__)
#if !defined(__clang__)
// False alarms inside the intrinsics of gcc 12, and no calling convention matters between inlined functions.
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wpsabi"
#endif
#include <immintrin.h>
#define LANES_TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,fma")))

namespace soft_tokens::tiles {

namespace avx512 {
namespace {

#include "lanes-512.h"

/** Eight sums hide the latency of a multiply-add. */
constexpr int kRowsAtOnce = 4, kPanelsAtOnce = 2;

#include "lanes-products.h"
#include "lanes-rows.h"
#include "lanes-softmax.h"

bool is_available() {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
}

}  // namespace
}  // namespace avx512

SOFT_TOKENS_TILE_UNIT(avx512, nothing, nothing);

}  // namespace soft_tokens::tiles

#else

namespace soft_tokens::tiles {
const TileUnit avx512_unit = missing_unit("avx512");
}  // namespace soft_tokens::tiles

#endif
