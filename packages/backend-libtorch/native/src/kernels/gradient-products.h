// The two products of a linear layer's backward pass on a tile unit (tiles.h), bfloat16 with float32 sums.
//
// Axes: M rows, K columns of x, N columns of y = x W.

#pragma once

#include <ATen/core/Tensor.h>

#include <utility>
#include <vector>

namespace soft_tokens {

/// Whether this machine has a tile unit and dtypes and shapes fit it.
bool fits_gradient_tiles(const at::Tensor& x_MK, const at::Tensor& dy_MN, const at::Tensor& weight_KN);

/// sum_KN += x_MK^T dy_MN; the sum float32. K and N are multiples of 16; rows of x may be strided, all else is contiguous.
void add_weight_gradient_tiles(const at::Tensor& sum_KN, const at::Tensor& x_MK, const at::Tensor& dy_MN);

/// The sum of dy_MN W_KN^T over pairs (dy, W) of one M and K, rounded once; all contiguous. The weights are read as they are:
/// nothing packed is kept.
at::Tensor multiply_transposed_tiles(const std::vector<std::pair<at::Tensor, at::Tensor>>& pairs);

}  // namespace soft_tokens
