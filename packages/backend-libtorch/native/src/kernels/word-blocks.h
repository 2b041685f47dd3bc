// Movement of 32-bit words between the layouts of a matrix product.

#pragma once

#include <cstdint>

namespace soft_tokens {

/** [rows, columns] -> [columns, rows], both multiples of 16; strides count words. */
void transpose_words(const uint32_t* from, int64_t stride_from, int64_t rows, int64_t columns, uint32_t* to,
                     int64_t stride_to);

}  // namespace soft_tokens
