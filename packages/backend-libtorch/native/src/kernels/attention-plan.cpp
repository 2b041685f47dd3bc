#include "attention-plan.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <limits>

namespace soft_tokens::attention_paths {

namespace {

using tiles::kStep;
using tiles::kTile;
using tiles::round_up;
using tiles::ScoreMask;

constexpr float kInfinity = std::numeric_limits<float>::infinity();
/** Scores stay far below: a key whose mask is this much lower than another's has weight 0 in float32. */
constexpr float kHidden = 1e8f;

/** The keys seen by the `tokens` <= stride queries in the columns of mask [S, stride]. */
KeyRange find_range(const float* mask, int64_t stride, int64_t S, int64_t tokens, float floor) {
  std::vector<float> highest(tokens, floor);
  for (int64_t key = 0; key < S; key++) {
    for (int64_t token = 0; token < tokens; token++) {
      highest[token] = std::max(highest[token], mask[key * stride + token]);
    }
  }
  const auto is_seen = [&](int64_t key) {
    int seen = 0;
    for (int64_t token = 0; token < tokens; token++)
      seen |= mask[key * stride + token] > highest[token] - kHidden;
    return seen != 0;
  };
  const auto is_masked = [&](int64_t key) {
    int masked = 0;
    for (int64_t token = 0; token < tokens; token++) masked |= mask[key * stride + token] != 0.0f;
    return masked != 0;
  };
  KeyRange range;
  range.end = S;
  while (range.end > 0 && !is_seen(range.end - 1)) range.end--;
  while (range.begin < range.end && !is_seen(range.begin)) range.begin++;
  range.begin = range.begin / kStep * kStep;
  range.masked_begin = range.begin;
  range.masked_end = range.end;
  while (range.masked_begin < range.masked_end && !is_masked(range.masked_begin)) range.masked_begin++;
  while (range.masked_end > range.masked_begin && !is_masked(range.masked_end - 1)) range.masked_end--;
  return range;
}

}  // namespace

Sizes::Sizes(const Inputs& inputs)
    : B(inputs.query_BNTH.size(0)),
      N(inputs.query_BNTH.size(1)),
      K(inputs.key_BKSH.size(1)),
      J(N / K),
      T(inputs.query_BNTH.size(2)),
      S(inputs.key_BKSH.size(2)),
      Z(inputs.has_prefix() ? inputs.prefix_key_PKZH.size(2) : 0),
      H(inputs.query_BNTH.size(3)) {}

MaskPlan::MaskPlan(const Inputs& inputs, int64_t block) : block_(block), prefix_floor_(-kInfinity) {
  const Sizes sizes(inputs);
  S_ = sizes.S;
  blocks_ = std::max<int64_t>(1, (sizes.T + block - 1) / block);
  if (sizes.Z > 0) plan_prefix(inputs);
  if (inputs.mask.defined()) {
    plan_own(inputs.mask, sizes.T, sizes.S);
  } else {
    KeyRange all;
    all.end = sizes.S;
    own_ranges_.assign(blocks_, all);
  }
}

void MaskPlan::plan_prefix(const Inputs& inputs) {
  const int64_t P = inputs.prefix_key_PKZH.size(0), Z = inputs.prefix_key_PKZH.size(2);
  KeyRange all;
  all.end = Z;
  prefix_ranges_.assign(P, all);
  prefix_floor_ = 0;
  if (!inputs.prefix_mask_PZ.defined()) return;
  prefix_mask_ = inputs.prefix_mask_PZ.to(at::kFloat).contiguous();
  for (int64_t prompt = 0; prompt < P; prompt++) {
    const float* mask = prefix_mask_.data_ptr<float>() + prompt * Z;
    prefix_ranges_[prompt] = find_range(mask, 1, Z, 1, -kInfinity);
    if (inputs.rows_per_prompt[prompt] > 0)
      prefix_floor_ = std::min(prefix_floor_, *std::max_element(mask, mask + Z));
  }
}

void MaskPlan::plan_own(const at::Tensor& mask, int64_t T, int64_t S) {
  stride_ = round_up(T, block_);
  mask_rows_ = mask.dim() == 4 ? mask.size(0) : 1;
  const at::Tensor transposed = mask.to(at::kFloat).expand({mask_rows_, 1, T, S}).squeeze(1).transpose(1, 2);
  if (stride_ == T) {
    own_mask_ = transposed.contiguous();  // of one token a row: the mask itself
  } else {
    own_mask_ = at::zeros({mask_rows_, S, stride_}, at::kFloat);
    own_mask_.narrow(2, 0, T).copy_(transposed);
  }
  for (int64_t row = 0; row < mask_rows_; row++) {
    const float* own = own_mask_.data_ptr<float>() + row * S * stride_;
    for (int64_t token = 0; token < blocks_ * block_; token += block_) {
      own_ranges_.push_back(find_range(own + token, stride_, S,
                                       std::max<int64_t>(0, std::min(block_, T - token)), prefix_floor_));
    }
  }
}

KeyRange MaskPlan::own(int64_t row, int64_t block_index) const {
  return own_ranges_[(mask_rows_ > 1 ? row : 0) * blocks_ + block_index];
}

ScoreMask MaskPlan::own_mask(int64_t row, int64_t block_index, int64_t begin) const {
  ScoreMask result;
  if (!own_mask_.defined()) return result;
  const KeyRange range = own(row, block_index);
  const int64_t first_row = (mask_rows_ > 1 ? row : 0) * S_ + begin;
  result.matrix = own_mask_.data_ptr<float>() + first_row * stride_ + block_index * block_;
  result.stride = stride_;
  result.period = block_;
  result.begin = range.masked_begin - begin;
  result.end = range.masked_end - begin;
  return result;
}

ScoreMask MaskPlan::prefix_mask(int64_t prompt, int64_t begin) const {
  ScoreMask result;
  const KeyRange range = prefix(prompt);
  if (prefix_mask_.defined() && range.masked_begin < range.masked_end) {
    result.per_key = prefix_mask_.data_ptr<float>() + prompt * prefix_mask_.size(1) + begin;
  }
  return result;
}

std::vector<Task> make_tasks(const Inputs& inputs, int64_t per_thread, int64_t most_rows) {
  const Sizes sizes(inputs);
  const int64_t wanted = at::get_num_threads() * per_thread;
  const int64_t even = (sizes.B * sizes.K + wanted - 1) / wanted;
  const int64_t limit = std::max(std::min(even, most_rows), int64_t{1});
  std::vector<Task> tasks;
  int64_t row = 0;
  for (size_t prompt = 0; prompt < inputs.rows_per_prompt.size(); prompt++) {
    const int64_t rows = inputs.rows_per_prompt[prompt];
    const int64_t pieces = (rows + limit - 1) / limit;
    for (int64_t kv_head = 0; kv_head < sizes.K; kv_head++) {
      for (int64_t piece = 0; piece < pieces; piece++) {
        const int64_t begin = rows * piece / pieces, end = rows * (piece + 1) / pieces;
        tasks.push_back({static_cast<int64_t>(prompt), kv_head, row + begin, end - begin});
      }
    }
    row += rows;
  }
  return tasks;
}

}  // namespace soft_tokens::attention_paths
