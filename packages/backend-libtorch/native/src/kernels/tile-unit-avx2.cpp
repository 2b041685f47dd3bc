// The operations of tiles.h in float32 fused multiply-adds of AVX2.

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
#define LANES_TARGET __attribute__((target("avx2,fma")))

namespace soft_tokens::tiles {

namespace avx2 {
namespace {

#include "lanes-256.h"

/** Eight sums hide the latency of a multiply-add. */
constexpr int kRowsAtOnce = 4, kPanelsAtOnce = 1;

#include "lanes-products.h"
#include "lanes-rows.h"
#include "lanes-softmax.h"

bool is_available() {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

}  // namespace
}  // namespace avx2

SOFT_TOKENS_TILE_UNIT(avx2, nothing, nothing);

}  // namespace soft_tokens::tiles

#else

namespace soft_tokens::tiles {
const TileUnit avx2_unit = missing_unit("avx2");
}  // namespace soft_tokens::tiles

#endif
