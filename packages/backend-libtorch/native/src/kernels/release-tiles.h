// Gives back what libtorch's block products hold of a thread's tile registers.

#pragma once

#include <ATen/native/CPUBlas.h>

namespace soft_tokens {

/// At the end of a thread's work with `at::native::cpublas::brgemm`.
struct ReleaseTiles {
  ~ReleaseTiles() { at::native::cpublas::brgemm_release(true); }
};

}  // namespace soft_tokens
