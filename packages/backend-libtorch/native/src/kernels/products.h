// Products of rows with a weight, x W and dy W^T, as a decoder's linear layers need them: not differentiable themselves.
//
// On CPUs with bfloat16 matrix instructions oneDNN works on weights in a blocked layout. A product over plain weights brings
// them into it every time, which costs a fifth of a training step and half of a decoding step; here that is done once per
// weight and change of the weight.

#pragma once

#include <ATen/core/Tensor.h>

namespace soft_tokens {

/// x [M, K], weight [K, N] -> [M, N].
at::Tensor multiply_weight(const at::Tensor& x_MK, const at::Tensor& weight_KN);

/// dy [M, N], weight [K, N] -> dy weight^T [M, K].
at::Tensor multiply_weight_transposed(const at::Tensor& dy_MN, const at::Tensor& weight_KN);

}  // namespace soft_tokens
