// Memory of tensors on the CPU.

#pragma once

namespace soft_tokens {

/**
 * Makes libtorch take the memory of CPU tensors from blocks that are kept when a tensor is freed. A training step frees and asks
 * for the same gigabytes thousands of times; what goes back to the system in between is cleared and mapped again, which took
 * a seventh of a step of a 135M model (docs/decisions/0905).
 *
 * What is held, in use and kept, never exceeds the most that was ever in use by more than 256 MiB. Other systems than Linux
 * keep libtorch's own allocator. Idempotent.
 */
void keep_tensor_memory();

}  // namespace soft_tokens
