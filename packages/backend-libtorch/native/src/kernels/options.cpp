#include "options.h"

#include <atomic>

namespace soft_tokens {

namespace {
std::atomic<bool> portable_kernels{false};
}

bool use_portable_kernels() { return portable_kernels.load(std::memory_order_relaxed); }

void set_portable_kernels(bool enabled) { portable_kernels.store(enabled, std::memory_order_relaxed); }

}  // namespace soft_tokens
