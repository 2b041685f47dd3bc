// Which devices this libtorch can work on here. CUDA's part of libtorch is loaded only where a driver is, so that the addon
// itself needs nothing but libtorch_cpu.

#pragma once

#include <cstdint>
#include <string>

namespace soft_tokens {

struct Devices {
  int64_t cuda_count = 0;
  bool has_mps = false;
  /// Why there is no CUDA device, for people.
  std::string cuda_reason;
};

/// Loads what can be loaded. The first call may take seconds where a GPU is.
Devices find_devices();

}  // namespace soft_tokens
