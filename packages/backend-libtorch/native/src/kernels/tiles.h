// Matrix products of bfloat16 in tiles, and the data movement around them: for attention, whose blocks are small and of many
// sizes, and for linear layers and the head, whose sums must not depend on the batch. Done by the tile unit of x86 (AMX)
// where there is one, else by the bfloat16 dot product of AVX-512 or by float32 multiply-adds of AVX-512 or AVX2: "tile units" all four.
//
// Every product is C [M, N] (+)= A [M, X] B [X, N] in float32, A as rows of bfloat16, B as "pairs": a word [X
// / 2, N] holds rows 2 i and 2 i + 1 of one column (low and high half), which is how AMX reads it.
// N is a multiple of 16, X of 32; rows of A up to the next multiple of 16 can be read and rows of C written, of which M are
// wanted. Attention works on transposed scores [keys, columns], a column being
// one query of one head: every step of the softmax is then the same instruction on 16 columns, and no sum
// runs across a vector.

#pragma once

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>
#include <string>
#include <vector>

#include "vectorized.h"

namespace soft_tokens::tiles {

struct TileUnit;

constexpr int64_t kTile = 16;
/** What a product sums over comes in multiples of this. */
constexpr int64_t kStep = 32;

inline int64_t round_up(int64_t value, int64_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

/** Whether this machine has a tile unit. AMX counts where oneDNN may use it too (ONEDNN_MAX_CPU_ISA). */
bool available();

/** The units of this machine, the fastest first: "amx", "avx512bf16", "avx512", "avx2". */
std::vector<std::string> unit_names();

/** Takes one unit from now on; "" takes the fastest. False where this machine has none of that name: then nothing has changed. */
bool choose_unit(const std::string& name);

/**
 * Holds the tile registers of this thread, where it has any; nothing else that uses them may run meanwhile. Floats below 1e-38
 * are 0 meanwhile, as in AMX: the weights of hidden keys would otherwise cost a hundred cycles each.
 */
class TileSession {
 public:
  TileSession();
  ~TileSession();
  TileSession(const TileSession&) = delete;
  TileSession& operator=(const TileSession&) = delete;

 private:
  const TileUnit& unit_;
  const unsigned float_control_;
};

/** Memory that only grows, aligned to cache lines; its content is undefined after `need`. */
template <typename T>
class Buffer {
 public:
  T* need(int64_t count) {
    if (count > capacity_) {
      memory_.reset(
          static_cast<T*>(std::aligned_alloc(64, round_up(count * static_cast<int64_t>(sizeof(T)), 64))));
      if (!memory_) throw std::bad_alloc();
      capacity_ = count;
    }
    return memory_.get();
  }

 private:
  struct Free {
    void operator()(T* memory) const { std::free(memory); }
  };
  std::unique_ptr<T, Free> memory_;
  int64_t capacity_ = 0;
};

/**
 * A matrix as panels of 16 columns: row r of panel i starts at `data + i * panel + r * stride` (counting
 * elements). Plain rows are `panel` = 16; panels that are contiguous (`stride` = 16) spare the caches, as
 * rows of a power of two would compete for the same few lines.
 */
template <typename Element>
struct Panels {
  Element* data;
  int64_t panel;
  int64_t stride = kTile;

  Element* at(int64_t row, int64_t column) const { return data + column / kTile * panel + row * stride; }
  Panels from_row(int64_t row) const { return {data + row * stride, panel, stride}; }
};

template <typename Element>
Panels<const Element> read_only(const Panels<Element>& x) {
  return {x.data, x.panel, x.stride};
}

/** `stride_a` counts elements. */
void multiply(const Bits16* a, int64_t stride_a, const Panels<const uint32_t>& b, const Panels<float>& c,
              int64_t M, int64_t N, int64_t X, bool accumulate);

/**
 * The same for any X: in stretches of X, so that 32 columns of B stay in the first-level cache while rows pass. Bits are those of
 * one stretch: the sums go to memory and come back between two of them.
 */
void multiply_deep(const Bits16* a, int64_t stride_a, const Panels<const uint32_t>& b, const Panels<float>& c,
                   int64_t M, int64_t N, int64_t X, bool accumulate);

/** Rows of words to panels of the transposed matrix; both sizes are multiples of 16. */
void transpose_to_panels(const uint32_t* from, int64_t stride_from, int64_t rows, int64_t columns,
                         const Panels<uint32_t>& to);

/** Panels [rows, columns] to the rows of the transposed matrix. */
void transpose_to_rows(const Panels<const uint32_t>& from, int64_t rows, int64_t columns, uint32_t* to,
                       int64_t stride_to);

/** [rows, columns] -> pairs [padded_rows / 2, columns]; missing rows are 0. Columns are a multiple of 16. */
void make_pairs(const Bits16* from, int64_t stride, int64_t rows, int64_t padded_rows, int64_t columns,
                const Panels<uint32_t>& to);

/** Rows of H values to rows of `width` >= H, the rest 0; then zero rows up to `padded_rows`. */
void copy_rows(const Bits16* from, int64_t stride, int64_t rows, int64_t H, Bits16* to, int64_t width,
               int64_t padded_rows);

/** to[row] = from[row] * factor (* factors[row]) in bfloat16, the first H of each row. */
void store_rows(const Panels<const float>& from, int64_t rows, int64_t H, float factor, const float* factors,
                Bits16* to, int64_t stride_to);

/** to[row] = sum over H of a[row] * b[row]. */
void dot_rows(const Bits16* a, int64_t stride_a, const Bits16* b, int64_t stride_b, int64_t rows, int64_t H,
              float* to);

/** What is added to the scores of one segment of keys: nothing, one number per key, or a matrix [keys,
 * columns]. */
struct ScoreMask {
  const float* per_key = nullptr;
  /** Row of the segment's first key. Column c of a block reads `matrix[key * stride + c % period]`. */
  const float* matrix = nullptr;
  int64_t stride = 0;
  int64_t period = 0;
  /** The keys of the segment that the matrix changes. */
  int64_t begin = 0, end = 0;
};

/** A run of keys in a block: its scores start at row `first` and take `count` rows; padding follows up to
 * kStep. */
struct Segment {
  int64_t first = 0, count = 0;
  ScoreMask mask;
};

/**
 * Softmax without its division. In: scores [keys, columns] of both segments. Out: pairs of exp(s - m) in
 * bfloat16 (0 in the padding), m and 1 / sum exp(s - m) per column.
 */
void softmax_pairs(const Panels<const float>& scores, int64_t columns, double scale, const Segment* segments,
                   int64_t segment_count, const Panels<uint32_t>& pairs, float* maximum, float* reciprocal);

/** What the backward pass knows of a block's columns: m, 1 / sum and delta = sum_h gradient * output. */
struct ColumnStatistics {
  const float *maximum, *reciprocal, *delta;
};

/**
 * In: scores and products gradient v^T [keys, columns] of one segment. Out, in bfloat16: the weights w, and
 * w * (product - delta) both as rows [keys, columns] and as pairs; 0 in the padding.
 */
void softmax_gradient(const Panels<const float>& scores, const Panels<const float>& products, int64_t columns,
                      double scale, const Segment& segment, const ColumnStatistics& statistics,
                      Bits16* weights, Bits16* gradient, const Panels<uint32_t>& gradient_pairs);

/**
 * out [heads, width] += weights^T values, the heads' weights being neighbouring columns of `pairs` [keys / 2,
 * stride]. Width is a multiple of 32.
 */
void accumulate_values(const uint32_t* pairs, int64_t stride_pairs, const Bits16* values,
                       int64_t stride_values, int64_t keys, int64_t heads, int64_t width, float* out,
                       int64_t stride_out);

}  // namespace soft_tokens::tiles
