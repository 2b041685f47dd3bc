// Sums over gathered rows of a matrix: what a sparse row does instead of a product.

#include "head-lanes.h"
#include "head-rows.h"

namespace soft_tokens::head {

namespace {

/** Rows of a gather fetched ahead. */
constexpr int64_t kAhead = 4;

/**
 * 32 columns in two vectors, in whatever order is cheap to read: a word of two bfloat16 numbers is its even column after a
 * shift and its odd one after a mask.
 */
struct Columns {
  Lanes first, second;
};
INLINE Columns load_columns(const float* from) { return {load(from), load(from + kLanes)}; }
INLINE Columns load_columns(const Bits16* from) {
  const WordLanes words = *reinterpret_cast<const WordLanes*>(from);
  return {(Lanes)(words << 16), (Lanes)(words & 0xFFFF0000u)};
}

/** Float32 columns brought into the order in which columns of T are read, and back. */
INLINE Columns ordered_as(const float*, const float* from) { return load_columns(from); }
INLINE Columns ordered_as(const Bits16*, const float* from) {
  Columns columns;
  for (int64_t lane = 0; lane < kLanes; lane++) {
    columns.first[lane] = from[2 * lane];
    columns.second[lane] = from[2 * lane + 1];
  }
  return columns;
}
INLINE void store_ordered(const float*, Columns columns, float* to) {
  store_lanes(to, columns.first);
  store_lanes(to + kLanes, columns.second);
}
INLINE void store_ordered(const Bits16*, Columns columns, float* to) {
  for (int64_t lane = 0; lane < kLanes; lane++) {
    to[2 * lane] = columns.first[lane];
    to[2 * lane + 1] = columns.second[lane];
  }
}

template <typename T>
INLINE void fetch(const T* row, int64_t width) {
  const auto* bytes = reinterpret_cast<const char*>(row);
  for (int64_t at = 0; at < width * static_cast<int64_t>(sizeof(T)); at += 64) __builtin_prefetch(bytes + at);
}

/** The sums stay in registers while the rows go by. */
template <int Pairs, typename T>
INLINE void sum_columns(const int32_t* ids, const float* factors, int64_t count, const T* rows, int64_t width,
                        float* out, bool accumulate) {
  Columns sums[Pairs];
  for (int v = 0; v < Pairs; v++) sums[v] = Columns{};
  for (int64_t j = 0; j < count; j++) {
    if (j + kAhead < count) fetch(rows + ids[j + kAhead] * width, Pairs * 2 * kLanes);
    const T* row = rows + ids[j] * width;
    for (int v = 0; v < Pairs; v++) {
      const Columns columns = load_columns(row + v * 2 * kLanes);
      sums[v].first += columns.first * factors[j];
      sums[v].second += columns.second * factors[j];
    }
  }
  for (int v = 0; v < Pairs; v++) {
    if (accumulate) {
      const Columns before = ordered_as(rows, out + v * 2 * kLanes);
      sums[v].first += before.first;
      sums[v].second += before.second;
    }
    store_ordered(rows, sums[v], out + v * 2 * kLanes);
  }
}

template <typename T>
INLINE void gather_sum_of(const int32_t* ids, const float* factors, int64_t count, const T* rows, int64_t width,
                          float* out, bool accumulate) {
  int64_t column = 0;
  for (; column + 6 * 2 * kLanes <= width; column += 6 * 2 * kLanes) {
    sum_columns<6>(ids, factors, count, rows + column, width, out + column, accumulate);
  }
  for (; column + 2 * kLanes <= width; column += 2 * kLanes) {
    sum_columns<1>(ids, factors, count, rows + column, width, out + column, accumulate);
  }
  for (; column < width; column++) {
    float sum = 0;
    for (int64_t j = 0; j < count; j++) sum += to_float(rows[ids[j] * width + column]) * factors[j];
    out[column] = accumulate ? out[column] + sum : sum;
  }
}

template <typename T>
INLINE void gather_dots_of(const int32_t* ids, int64_t count, const T* rows, int64_t width, const float* g, float* out) {
  const int64_t whole = width / (2 * kLanes) * (2 * kLanes);
  std::vector<float> ordered(whole);
  for (int64_t column = 0; column < whole; column += 2 * kLanes) {
    const Columns columns = ordered_as(rows, g + column);
    store_lanes(ordered.data() + column, columns.first);
    store_lanes(ordered.data() + column + kLanes, columns.second);
  }
  for (int64_t j = 0; j < count; j++) {
    if (j + kAhead < count) fetch(rows + ids[j + kAhead] * width, width);
    const T* row = rows + ids[j] * width;
    Lanes first = {}, second = {};
    for (int64_t column = 0; column < whole; column += 2 * kLanes) {
      const Columns columns = load_columns(row + column);
      first += columns.first * load(ordered.data() + column);
      second += columns.second * load(ordered.data() + column + kLanes);
    }
    float sum = sum_lanes(first + second);
    for (int64_t column = whole; column < width; column++) sum += to_float(row[column]) * g[column];
    out[j] = sum;
  }
}

}  // namespace

SOFT_TOKENS_VECTORIZED
void gather_sum(const int32_t* ids, const float* factors, int64_t count, const float* rows, int64_t width, float* out,
                bool accumulate) {
  gather_sum_of(ids, factors, count, rows, width, out, accumulate);
}

SOFT_TOKENS_VECTORIZED
void gather_sum(const int32_t* ids, const float* factors, int64_t count, const Bits16* rows, int64_t width, float* out,
                bool accumulate) {
  gather_sum_of(ids, factors, count, rows, width, out, accumulate);
}

SOFT_TOKENS_VECTORIZED
void gather_dots(const int32_t* ids, int64_t count, const float* rows, int64_t width, const float* g, float* out) {
  gather_dots_of(ids, count, rows, width, g, out);
}

SOFT_TOKENS_VECTORIZED
void gather_dots(const int32_t* ids, int64_t count, const Bits16* rows, int64_t width, const float* g, float* out) {
  gather_dots_of(ids, count, rows, width, g, out);
}

}  // namespace soft_tokens::head
