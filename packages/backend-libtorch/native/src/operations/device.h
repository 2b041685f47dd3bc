// The device on which the engine of this thread works; operations without operands ask for it.

#pragma once

#include <c10/core/Device.h>

namespace soft_tokens {

/// (worker) The CPU until set.
c10::Device worker_device();
void set_worker_device(c10::Device device);


}  // namespace soft_tokens
