// Products of rows with a weight, x W and dy W^T, as a decoder's linear layers need them: not differentiable themselves.
//
// On CPUs with bfloat16 matrix instructions oneDNN works on weights in a blocked layout. A product over plain weights brings
// them into it every time, which costs a fifth of a training step and half of a decoding step; here that is done once per
// weight and change of the weight.

#pragma once

#include <ATen/core/Tensor.h>

namespace soft_tokens {

/// x [M, K], weight [K, N] -> [M, N] in `dtype`: that of x, or float32 for sums that are not rounded.
at::Tensor multiply_weight(const at::Tensor& x_MK, const at::Tensor& weight_KN, at::ScalarType dtype);

/// x [M, D] times the rows of a weight [V, D] -> [M, V] in float32, for a weight that is used at every step of decoding. Few rows
/// read a packed copy of it, whose columns fill the lanes that so few rows leave idle; the bits are those of `matmul_float32`.
at::Tensor multiply_few_rows(const at::Tensor& x_MD, const at::Tensor& weight_VD);

/// op(a) op(b) of two bfloat16 matrices on the CPU, each as it is or transposed, in bfloat16 or float32; rounded once.
at::Tensor multiply_matrices(const at::Tensor& a, const at::Tensor& b, bool transpose_a, bool transpose_b,
                             at::ScalarType dtype);

/// What a gated MLP does before its last product: silu(x gate) * (x up), rounded once.
struct Gated {
  at::Tensor activation_MF;
  /// Only where they are to be kept.
  at::Tensor gate_MF;
  at::Tensor up_MF;
};

/// x [M, D], weights [D, F]; bfloat16 on the tile unit. `fits_gated` first.
Gated multiply_gated(const at::Tensor& x_MD, const at::Tensor& gate_DF, const at::Tensor& up_DF, bool keep_products);
bool fits_gated(const at::Tensor& x_MD, const at::Tensor& gate_DF, const at::Tensor& up_DF);

/// dy [M, N], weight [K, N] -> dy weight^T [M, K].
at::Tensor multiply_weight_transposed(const at::Tensor& dy_MN, const at::Tensor& weight_KN);

/// da a^T + db b^T, rounded once where the tile unit makes both.
at::Tensor multiply_both_transposed(const at::Tensor& da_MN, const at::Tensor& a_KN, const at::Tensor& db_MN,
                                    const at::Tensor& b_KN);

}  // namespace soft_tokens
