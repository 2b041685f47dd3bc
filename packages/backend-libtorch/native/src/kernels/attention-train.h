// What the forward and the backward pass on tiles share: rows of keys as they stand, and blocks of query
// columns.
//
// A block is `block` tokens (a multiple of 16) of the J query heads that share a kv head; column j * block +
// t is token t of head j. Columns are padded to a multiple of 32, H to `width`.

#pragma once

#include "attention-plan.h"
#include "tiles.h"

namespace soft_tokens::attention_paths {

/** Rows of a batch take equally long, threads of a busy machine do not. */
constexpr int64_t kTasksPerThread = 6;

/** Sizes of a call, padded to tiles. */
struct TileSizes : Sizes {
  int64_t width, padded_S, padded_Z, block, blocks, columns;
  double scale;
  explicit TileSizes(const Inputs& inputs);
};

/** Keys or values of one head: read in place, only an incomplete last tile is a copy. */
class TileRows {
 public:
  /** Copies everything where H is not a whole number of steps. */
  void load(const Bits16* from, int64_t stride, int64_t count, int64_t H, int64_t width);

  /** c [round_up(count, 16), columns] = rows from `begin` on times b. */
  void multiply(int64_t begin, int64_t count, const tiles::Panels<const uint32_t>& b,
                const tiles::Panels<float>& c, int64_t columns, int64_t width) const;

  /** Row `index` with all its `width` values; rows that follow are `stride` apart. */
  const Bits16* row(int64_t index) const { return data_ + index * stride_; }
  int64_t stride() const { return stride_; }

  /** Transposed: [width, padded], `padded` a multiple of 32, zero after the last row. */
  void transpose(int64_t padded, int64_t width, Bits16* to);

 private:
  const Bits16* data_ = nullptr;
  const Bits16* tail_ = nullptr;
  int64_t stride_ = 0, count_ = 0;
  tiles::Buffer<Bits16> copy_;
  tiles::Buffer<uint32_t> pairs_;
};

/** Rows [columns, width] of a block's queries (or of the gradient that comes in), zero where there is no
 * query. */
void load_block(const RowView<const Bits16>& from, const TileSizes& sizes, int64_t row, int64_t kv_head,
                int64_t block_index, Bits16* to);

/** Stores the columns of x_T [width, columns] as rows, each times `factor` and its own factor. `rows` is
 * scratch. */
void store_block(const tiles::Panels<const float>& x_T, const TileSizes& sizes, int64_t row,
                 int64_t kv_head, int64_t block_index, float factor, const float* factors, float* rows,
                 const RowView<Bits16>& to);

inline uint32_t* as_words(Bits16* x) { return reinterpret_cast<uint32_t*>(x); }
inline const uint32_t* as_words(const Bits16* x) { return reinterpret_cast<const uint32_t*>(x); }
inline uint32_t* as_words(float* x) { return reinterpret_cast<uint32_t*>(x); }
inline const uint32_t* as_words(const float* x) { return reinterpret_cast<const uint32_t*>(x); }

/** bfloat16 inputs of a shape that the tile unit serves. */
bool fits_tiles(const Inputs& inputs);
Forward forward_tiles(const Inputs& inputs);
/** One query token per row, no backward pass: statistics are left undefined. */
Forward decode_tiles(const Inputs& inputs);
Gradients backward_tiles(const Inputs& inputs, const Forward& forward, const at::Tensor& gradient_BNTH);

}  // namespace soft_tokens::attention_paths
