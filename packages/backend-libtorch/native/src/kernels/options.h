// Settings that every kernel reads. Process-wide: a kernel sees them at its next call.

#pragma once

#include <string>

namespace soft_tokens {

/** Whether kernels take the path of plain ATen operations also where a faster one exists. Defaults to false. */
bool use_portable_kernels();

/**
 * "own", "portable" (the path that other devices take), or "own" on one tile unit by its name (tiles.h), so that the tests of one
 * machine cover others. False where this machine has no such kernels; then nothing has changed.
 */
bool set_kernels(const std::string& name);

}  // namespace soft_tokens
