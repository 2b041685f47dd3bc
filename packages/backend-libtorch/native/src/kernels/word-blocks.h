// Movement of 32-bit words and pairs of bfloat16 between the layouts of a matrix product.

#pragma once

#include <cstdint>

#include "vectorized.h"

namespace soft_tokens {

/** [rows, columns] -> [columns, rows], both multiples of 16; strides count words. */
void transpose_words(const uint32_t* from, int64_t stride_from, int64_t rows, int64_t columns, uint32_t* to,
                     int64_t stride_to);

/** Rows of bfloat16 as pairs: word [i, column] holds rows 2 i (low half) and 2 i + 1. `rows` is even. */
void make_pairs(const Bits16* from, int64_t stride_from, int64_t rows, int64_t columns, uint32_t* to, int64_t stride_to);

}  // namespace soft_tokens
