// The door to the tile units: which one this machine takes, and what they share.

#include "tiles.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "tile-unit.h"
#include "word-blocks.h"

namespace soft_tokens::tiles {

namespace {

/** The fastest first. */
constexpr std::array<const TileUnit*, 4> kUnits{&amx_unit, &avx512bf16_unit, &avx512_unit, &avx2_unit};

const TileUnit* best_unit() {
  const auto* best = std::find_if(kUnits.begin(), kUnits.end(), [](const TileUnit* unit) { return unit->is_available(); });
  return best == kUnits.end() ? nullptr : *best;
}

std::atomic<const TileUnit*> chosen_unit{nullptr};

const TileUnit* current_unit() {
  static const TileUnit* const best = best_unit();
  const TileUnit* chosen = chosen_unit.load(std::memory_order_relaxed);
  return chosen ? chosen : best;
}

#if defined(__x86_64__)
unsigned float_control() { return _mm_getcsr(); }
void set_float_control(unsigned value) { _mm_setcsr(value); }
#else
unsigned float_control() { return 0; }
void set_float_control(unsigned) {}
#endif

}  // namespace

std::vector<std::string> unit_names() {
  std::vector<std::string> names;
  for (const TileUnit* unit : kUnits) {
    if (unit->is_available()) names.emplace_back(unit->name);
  }
  return names;
}

bool choose_unit(const std::string& name) {
  const auto* named = std::find_if(kUnits.begin(), kUnits.end(), [&](const TileUnit* unit) { return unit->name == name; });
  const TileUnit* chosen = named == kUnits.end() ? nullptr : *named;
  if (!name.empty() && !(chosen && chosen->is_available())) return false;
  chosen_unit = chosen;
  return true;
}

bool available() { return current_unit() != nullptr; }

TileSession::TileSession() : unit_(*current_unit()), float_control_(float_control()) {
  constexpr unsigned kFlushToZero = 0x8000, kDenormalsAreZero = 0x0040;
  set_float_control(float_control_ | kFlushToZero | kDenormalsAreZero);
  unit_.begin();
}

TileSession::~TileSession() {
  unit_.end();
  set_float_control(float_control_);
}

void multiply(const Bits16* a, int64_t stride_a, const Panels<const uint32_t>& b, const Panels<float>& c,
              int64_t M, int64_t N, int64_t X, bool accumulate) {
  current_unit()->multiply(a, stride_a, b, c, M, N, X, accumulate);
}

void multiply_deep(const Bits16* a, int64_t stride_a, const Panels<const uint32_t>& b, const Panels<float>& c,
                   int64_t M, int64_t N, int64_t X, bool accumulate) {
  constexpr int64_t deepest = 640;
  const int64_t stretches = (X + deepest - 1) / deepest, depth = round_up((X + stretches - 1) / stretches, kStep);
  for (int64_t at = 0; at < X; at += depth) {
    multiply(a + at, stride_a, b.from_row(at / 2), c, M, N, std::min(depth, X - at), accumulate || at > 0);
  }
}

void transpose_to_panels(const uint32_t* from, int64_t stride_from, int64_t rows, int64_t columns,
                         const Panels<uint32_t>& to) {
  for (int64_t row = 0; row < rows; row += kTile) {
    for (int64_t column = 0; column < columns; column += kTile) {
      transpose_words(from + row * stride_from + column, stride_from, kTile, kTile, to.at(column, row), to.stride);
    }
  }
}

void transpose_to_rows(const Panels<const uint32_t>& from, int64_t rows, int64_t columns, uint32_t* to,
                       int64_t stride_to) {
  for (int64_t column = 0; column < columns; column += kTile) {
    for (int64_t row = 0; row < rows; row += kTile) {
      transpose_words(from.at(row, column), from.stride, kTile, kTile, to + column * stride_to + row, stride_to);
    }
  }
}

void make_pairs(const Bits16* from, int64_t stride, int64_t rows, int64_t padded_rows, int64_t columns,
                const Panels<uint32_t>& to) {
  current_unit()->make_pairs(from, stride, rows, padded_rows, columns, to);
}

void copy_rows(const Bits16* from, int64_t stride, int64_t rows, int64_t H, Bits16* to, int64_t width,
               int64_t padded_rows) {
  for (int64_t row = 0; row < rows; row++, to += width) {
    std::memcpy(to, from + row * stride, H * sizeof(Bits16));
    std::memset(to + H, 0, (width - H) * sizeof(Bits16));
  }
  std::memset(to, 0, (padded_rows - rows) * width * sizeof(Bits16));
}

void store_rows(const Panels<const float>& from, int64_t rows, int64_t H, float factor, const float* factors,
                Bits16* to, int64_t stride_to) {
  current_unit()->store_rows(from, rows, H, factor, factors, to, stride_to);
}

void dot_rows(const Bits16* a, int64_t stride_a, const Bits16* b, int64_t stride_b, int64_t rows, int64_t H,
              float* to) {
  current_unit()->dot_rows(a, stride_a, b, stride_b, rows, H, to);
}

void softmax_pairs(const Panels<const float>& scores, int64_t columns, double scale, const Segment* segments,
                   int64_t segment_count, const Panels<uint32_t>& pairs, float* maximum, float* reciprocal) {
  current_unit()->softmax_pairs(scores, columns, scale, segments, segment_count, pairs, maximum, reciprocal);
}

void softmax_gradient(const Panels<const float>& scores, const Panels<const float>& products, int64_t columns,
                      double scale, const Segment& segment, const ColumnStatistics& statistics,
                      Bits16* weights, Bits16* gradient, const Panels<uint32_t>& gradient_pairs) {
  current_unit()->softmax_gradient(scores, products, columns, scale, segment, statistics, weights, gradient,
                                   gradient_pairs);
}

void accumulate_values(const uint32_t* pairs, int64_t stride_pairs, const Bits16* values,
                       int64_t stride_values, int64_t keys, int64_t heads, int64_t width, float* out,
                       int64_t stride_out) {
  current_unit()->accumulate_values(pairs, stride_pairs, values, stride_values, keys, heads, width, out, stride_out);
}

}  // namespace soft_tokens::tiles
