// Ids against what they point into.

#pragma once

#include <ATen/core/Tensor.h>

namespace soft_tokens {

/// On the host every id must be in [0, limit). On a device nothing is looked at: that would be a wait at every step.
void check_ids(const at::Tensor& ids, int64_t limit);

}  // namespace soft_tokens
