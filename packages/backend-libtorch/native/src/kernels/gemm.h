// Matrix products whose result is float32 accurate whatever the dtype of the operands: bfloat16 x bfloat16 is exact in
// float32 and is accumulated there, never rounded on the way (method.md section 1: precision is part of the method).
//
// Axes: M rows, N columns, K summed.

#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

namespace soft_tokens {

/**
 * a b -> float32 [M, N] for matrices of bfloat16 or float32, each stored as it is or transposed. A float32 operand beside a
 * bfloat16 one keeps its 24 bits. No gradient.
 */
at::Tensor matmul_float32(const at::Tensor& a, const at::Tensor& b, bool transpose_a, bool transpose_b);

/** Whether this machine multiplies bfloat16 matrices in tiles (tiles.h). */
bool has_bfloat16_tiles();

/** a_MK b_NK^T -> float32 [M, N] where b is the large operand: b is read once, in place. Contiguous; K a multiple of 32. */
at::Tensor matmul_tiles(const at::Tensor& a_MK, const at::Tensor& b_NK);

/** Adds a_MK b_KN to sum_MN, which is float32 and large: it is read and written once. Rows of `a` may be strided; M and N are multiples of
 * 16, K of 32. */
void add_matmul_tiles(const at::Tensor& sum_MN, const at::Tensor& a_MK, const at::Tensor& b_KN);

}  // namespace soft_tokens
