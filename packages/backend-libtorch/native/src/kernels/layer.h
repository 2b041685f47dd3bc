// Fused operations of a decoder layer beside attention: RMS norm, rotary embedding, gated MLP. Differentiable.

#pragma once

#include <ATen/core/Tensor.h>

namespace soft_tokens {

/// x / sqrt(mean(x^2) + epsilon) * weight over the last axis, float32 inside; rounded to the weight's dtype before the product, as
/// Llama does (Zhang and Sennrich 2019, arXiv 1910.07467). x [..., D], weight [D]; the result has the weight's dtype.
at::Tensor rms_norm(const at::Tensor& x, const at::Tensor& weight_D, double epsilon);

/// x * cos + rotateHalf(x) * sin with rotateHalf(x) = [-x2, x1] (Su et al. 2021, arXiv 2104.09864, in Hugging Face's half-split
/// layout). x [B, N, T, H]; cos and sin float32, broadcastable to [B, 1, T, H].
at::Tensor rotary(const at::Tensor& x_BNTH, const at::Tensor& cos, const at::Tensor& sin);

/// (silu(x gate) * (x up)) down (Shazeer 2020, arXiv 2002.05202). x [R, D], gate and up [D, F], down [F, D]. The backward
/// keeps x and the two products; the activation is computed again. The result has `dtype`: x's, or float32.
at::Tensor gated_mlp(const at::Tensor& x_RD, const at::Tensor& gate_DF, const at::Tensor& up_DF,
                     const at::Tensor& down_FD, at::ScalarType dtype);

}  // namespace soft_tokens
