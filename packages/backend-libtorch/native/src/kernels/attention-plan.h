// What the CPU paths decide before they compute: which keys each block of queries sees, and who does which
// rows.
//
// Axes as in attention-paths.h.

#pragma once

#include <ATen/Parallel.h>

#include <atomic>

#include "attention-paths.h"
#include "tiles.h"

namespace soft_tokens::attention_paths {

struct Sizes {
  int64_t B, N, K, J, T, S, Z, H;
  explicit Sizes(const Inputs& inputs);
};

/** A tensor [batch, heads, rows, H] whose rows are contiguous; holds a copy where they were not. */
template <typename Element>
class RowView {
 public:
  explicit RowView(const at::Tensor& x) {
    if (!x.defined()) return;
    tensor_ = x.stride(3) == 1 || x.size(3) == 1 ? x : x.contiguous();
    data_ = static_cast<Element*>(tensor_.data_ptr());
  }
  Element* row(int64_t batch, int64_t head, int64_t index) const {
    return data_ + batch * tensor_.stride(0) + head * tensor_.stride(1) + index * tensor_.stride(2);
  }
  int64_t row_stride() const { return tensor_.stride(2); }
  int64_t head_stride() const { return tensor_.stride(1); }

 private:
  at::Tensor tensor_;
  Element* data_ = nullptr;
};

/** The operands of a call, as rows. */
template <typename Element>
struct OperandViews {
  explicit OperandViews(const Inputs& inputs)
      : query(inputs.query_BNTH),
        key(inputs.key_BKSH),
        value(inputs.value_BKSH),
        prefix_key(inputs.prefix_key_PKZH),
        prefix_value(inputs.prefix_value_PKZH) {}
  RowView<const Element> query, key, value, prefix_key, prefix_value;
};

/** Keys that some query of a block sees, and those among them that the mask changes for some query. */
struct KeyRange {
  int64_t begin = 0, end = 0, masked_begin = 0, masked_end = 0;
};

/**
 * The masks of a call in the layout of transposed scores, and the keys that can be left out because their
 * weight is 0 whatever the scores are: those whose mask lies 1e8 or more below the highest mask of each query
 * of the block.
 */
class MaskPlan {
 public:
  /** Queries are taken in blocks of `block` tokens: a multiple of 16, or 1 where each row has one. */
  MaskPlan(const Inputs& inputs, int64_t block);

  /** Begins are multiples of 32. */
  KeyRange own(int64_t row, int64_t block_index) const;
  /** Of `own`, from `begin` on. */
  tiles::ScoreMask own_mask(int64_t row, int64_t block_index, int64_t begin) const;
  bool has_own_mask() const { return own_mask_.defined(); }
  /** Whether all rows have one mask. */
  bool is_mask_shared() const { return mask_rows_ == 1; }
  KeyRange prefix(int64_t prompt) const {
    return prefix_ranges_.empty() ? KeyRange() : prefix_ranges_[prompt];
  }
  tiles::ScoreMask prefix_mask(int64_t prompt, int64_t begin) const;

 private:
  void plan_prefix(const Inputs& inputs);
  void plan_own(const at::Tensor& mask, int64_t T, int64_t S);

  int64_t block_, blocks_ = 1, S_ = 0, stride_ = 0, mask_rows_ = 1;
  /** The highest mask that every row finds in its prefix. */
  float prefix_floor_;
  at::Tensor own_mask_, prefix_mask_;
  std::vector<KeyRange> own_ranges_, prefix_ranges_;
};

/** Rows of one prompt and one kv head. */
struct Task {
  int64_t prompt, kv_head, row, rows;
};

/** Cuts the batch so that every thread finds about `per_thread` tasks, of at most `most_rows` rows. */
std::vector<Task> make_tasks(const Inputs& inputs, int64_t per_thread, int64_t most_rows);

/** Threads take the next task when they are done with one; `make_run()` is called once per thread. */
template <typename MakeRun>
void run_tasks(int64_t count, MakeRun make_run) {
  std::atomic<int64_t> next{0};
  const int64_t threads = std::min<int64_t>(at::get_num_threads(), count);
  at::parallel_for(0, threads, 1, [&](int64_t begin, int64_t end) {
    if (begin == end) return;
    auto run = make_run();
    for (int64_t index = next++; index < count; index = next++) run(index);
  });
}

}  // namespace soft_tokens::attention_paths
