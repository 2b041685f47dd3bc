// From a tensor's dtype to the type of the loop that works on it.

#pragma once

#include <ATen/core/Tensor.h>

#include "vectorized.h"

namespace soft_tokens {

/// Calls `run` with a zero of x's element type: float, or a bfloat16 as its bits.
template <class Run>
void for_element_type(const at::Tensor& x, const Run& run) {
  if (x.scalar_type() == at::kFloat) run(float{});
  else run(Bits16{});
}

}  // namespace soft_tokens
