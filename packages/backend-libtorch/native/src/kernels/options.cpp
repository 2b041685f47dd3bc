#include "options.h"

#include <atomic>

#include "tiles.h"

namespace soft_tokens {

namespace {
std::atomic<bool> portable_kernels{false};
}

bool use_portable_kernels() { return portable_kernels.load(std::memory_order_relaxed); }

bool set_kernels(const std::string& name) {
  const bool is_portable = name == "portable";
  if (!tiles::choose_unit(is_portable || name == "own" ? "" : name)) return false;
  portable_kernels.store(is_portable, std::memory_order_relaxed);
  return true;
}

}  // namespace soft_tokens
