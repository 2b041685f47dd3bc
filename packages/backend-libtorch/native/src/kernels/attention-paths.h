// The ways to compute attention, behind one autograd function (attention.cpp). Not included elsewhere.
//
// Axes as in attention.h; J = N / K query heads per kv head, Z keys of the prefix.

#pragma once

#include "attention.h"

namespace soft_tokens::attention_paths {

/** What a call got. Without a prefix its tensors are undefined and there is one prompt of B rows. */
struct Inputs {
  at::Tensor query_BNTH, key_BKSH, value_BKSH, mask;
  at::Tensor prefix_key_PKZH, prefix_value_PKZH, prefix_mask_PZ;
  std::vector<int64_t> rows_per_prompt;
  double scale = 1;

  bool has_prefix() const { return prefix_key_PKZH.defined(); }
};

/**
 * `statistics` [2, B, N, T] are each score row's maximum m and the reciprocal of sum exp(s - m), from which
 * the backward pass recomputes the weights. Two numbers, as the log-sum-exp of a row that sees nothing (all
 * scores near -1e9) would lose log(count) to rounding.
 */
struct Forward {
  at::Tensor output_BNTH, statistics;
};

struct Gradients {
  at::Tensor query_BNTH, key_BKSH, value_BKSH, prefix_key_PKZH, prefix_value_PKZH;
};

/** [B, N, T, H] whose transpose(1, 2) is contiguous: the model reshapes that to [B * T, N * H] next. */
at::Tensor empty_token_major(const at::Tensor& like_BNTH);

/** One query token per row on any CPU, float32 or bfloat16, no backward pass: statistics are left undefined.
 */
Forward decode_cpu(const Inputs& inputs);

/** Operations of ATen only: any device, any floating dtype. */
Forward forward_portable(const Inputs& inputs);
Gradients backward_portable(const Inputs& inputs, const Forward& forward, const at::Tensor& gradient_BNTH);

}  // namespace soft_tokens::attention_paths
