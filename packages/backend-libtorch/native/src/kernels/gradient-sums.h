// Where gradients of leaves go while several micro-batches are summed: straight into float32 sums, by the kernel that makes them.
// A gradient that is made first and added later is written, rounded, cast, read and added, for every parameter and every
// micro-batch, and all of them are held at once (docs/decisions/0906-gradients-are-added-where-they-are-made.md).
//
// A backward function that knows nothing of this returns its gradient as usual; what came back is added when
// the differentiation ends.

#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <unordered_map>
#include <vector>

namespace soft_tokens {

/// The sums of one differentiation.
struct GradientSums {
  /// By the leaf's memory.
  std::unordered_map<c10::StorageImpl*, at::Tensor> by_leaf;
  /// Heads that added their weight's gradient in the forward pass, and those of them that the backward pass came to.
  int heads_added = 0, heads_reached = 0;
};

/// (worker) Of one differentiation, without leaves as yet. They nest; the innermost counts, also where it has no leaves.
void open_gradient_sums();
void close_gradient_sums();

/// (worker) The innermost; null where none is open.
std::shared_ptr<GradientSums> gradient_sums();

/// (worker) Undefined where gradients of this tensor are returned as usual.
at::Tensor gradient_sum_of(const at::Tensor& leaf);

/// dW of y = x W: x_MK^T dy_MN, added to the leaf's sum where there is one and undefined then.
at::Tensor weight_gradient(const at::Tensor& weight_KN, const at::Tensor& x_MK, const at::Tensor& dy_MN);

}  // namespace soft_tokens
