// Rows times a weight on a tile unit (tiles.h), bfloat16, with sums that do not depend on the batch: element (m, n) is
// accumulated over k in one order, whatever the number of rows around it. A decode step of 64 rows and a teacher-forced pass
// over ten thousand tokens give a token the same bits, so sampler and trainer agree on log pi exactly where the tokens agree.
//
// Axes: M rows, N columns, K summed.

#pragma once

#include <ATen/core/Tensor.h>

#include <tuple>

namespace soft_tokens {

/// Whether this machine has a tile unit and the shape fits it.
bool fits_tile_product(const at::Tensor& weight_KN);

/// The weight as tile units read it: columns in panels of 16, pairs of rows in one word.
at::Tensor pack_for_tiles(const at::Tensor& weight_KN);

/// The same of the transposed weight, whose rows become the columns; their number is a multiple of 16.
at::Tensor pack_rows_for_tiles(const at::Tensor& weight_NK);

/// x [M, K] contiguous, packed weight of N columns -> [M, N]; float32 sums, as they are or rounded once.
at::Tensor multiply_tiles(const at::Tensor& x_MK, const at::Tensor& packed, int64_t N, at::ScalarType dtype);

/// silu(x gate) * (x up) from float32 sums, rounded once; with `keep_products` the two products in bfloat16 as well.
std::tuple<at::Tensor, at::Tensor, at::Tensor> multiply_gated_tiles(const at::Tensor& x_MK, const at::Tensor& packed_gate,
                                                                    const at::Tensor& packed_up, int64_t N,
                                                                    bool keep_products);

}  // namespace soft_tokens
