// Memory of freed tensors stays with the process.

#pragma once

namespace soft_tokens {

/**
 * Tells glibc not to give memory back to the system while the engine computes. A training step frees and asks for the same
 * gigabytes thousands of times; a page that was given back is cleared and mapped again, which took a seventh of a step of a
 * 135M model (docs/decisions/0905). A no-op with other C libraries, and where the user has set glibc's `MALLOC_...` variables.
 *
 * Call once, before the thread that computes is started: it takes an arena at its first allocation, and only the main one
 * keeps what is freed.
 */
void keep_freed_memory();

}  // namespace soft_tokens
