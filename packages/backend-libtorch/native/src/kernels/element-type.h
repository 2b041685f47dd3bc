// From a tensor's dtype to the type of the loop that works on it, and to its elements.

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

/// The elements of a bfloat16 tensor as their bits.
inline const Bits16* bits_of(const at::Tensor& x) {
  return reinterpret_cast<const Bits16*>(x.const_data_ptr<at::BFloat16>());
}

/// The elements of an int32 tensor that is no more than memory for words.
inline const uint32_t* words_of(const at::Tensor& x) {
  return reinterpret_cast<const uint32_t*>(x.const_data_ptr<int32_t>());
}
inline uint32_t* writable_words_of(const at::Tensor& x) {
  return reinterpret_cast<uint32_t*>(x.mutable_data_ptr<int32_t>());
}

}  // namespace soft_tokens
