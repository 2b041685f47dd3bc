// Settings that every kernel reads. Process-wide: a kernel sees them at its next call.

#pragma once

namespace soft_tokens {

/** Whether kernels take the path of plain ATen operations also where a faster one exists. Defaults to false. */
bool use_portable_kernels();

/** Lets the tests of one machine cover the path that another device takes. */
void set_portable_kernels(bool enabled);

}  // namespace soft_tokens
