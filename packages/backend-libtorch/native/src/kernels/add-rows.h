// The gradient of a gather: rows added to those of a table that they came from.

#pragma once

#include <ATen/core/Tensor.h>

namespace soft_tokens {

/// sum[ids[i]] += rows[i] for sum float32 [N, ...], ids [M] and rows [M, ...] of any float dtype; in the order of i for each
/// row of the table, so that the sum does not depend on the number of threads. Ids lie within the table.
void add_rows(const at::Tensor& sum, const at::Tensor& ids_M, const at::Tensor& rows);

}  // namespace soft_tokens
