#include "gradient-sums.h"

#include <ATen/ATen.h>
#include <c10/core/StorageImpl.h>

#include "gradient-products.h"

namespace soft_tokens {

namespace {

/// The worker's. On a GPU backward functions run on a thread of libtorch's, find nothing here and return their gradients.
thread_local std::vector<std::shared_ptr<GradientSums>> levels;

}  // namespace

void open_gradient_sums() { levels.push_back(std::make_shared<GradientSums>()); }

void close_gradient_sums() { levels.pop_back(); }

std::shared_ptr<GradientSums> gradient_sums() { return levels.empty() ? nullptr : levels.back(); }

at::Tensor gradient_sum_of(const at::Tensor& leaf) {
  if (levels.empty() || levels.back()->by_leaf.empty() || !leaf.has_storage()) return {};
  const auto& by_leaf = levels.back()->by_leaf;
  const auto found = by_leaf.find(leaf.storage().unsafeGetStorageImpl());
  // A part or another shape of a leaf is not the leaf.
  if (found == by_leaf.end() || found->second.sizes() != leaf.sizes() || !leaf.is_contiguous()) return {};
  return found->second;
}

at::Tensor weight_gradient(const at::Tensor& weight_KN, const at::Tensor& x_MK, const at::Tensor& dy_MN) {
  const at::Tensor sum = gradient_sum_of(weight_KN);
  if (!sum.defined()) return x_MK.t().matmul(dy_MN);
  const at::NoGradGuard no_gradient;
  if (fits_gradient_tiles(x_MK, dy_MN, weight_KN)) {
    add_weight_gradient_tiles(sum, x_MK.contiguous(), dy_MN.contiguous());
  } else if (x_MK.scalar_type() == at::kFloat && dy_MN.scalar_type() == at::kFloat) {
    at::Tensor(sum).addmm_(x_MK.t(), dy_MN);
  } else {
    at::Tensor(sum).add_(x_MK.t().matmul(dy_MN));
  }
  return {};
}

}  // namespace soft_tokens
