#include "word-blocks.h"

#if defined(__x86_64__)
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"  // false alarms inside gcc 12's own intrinsics
#pragma GCC diagnostic ignored "-Wuninitialized"
#endif
#include <immintrin.h>
#endif

namespace soft_tokens {

namespace {

constexpr int64_t kSide = 16;

void transpose_plain(const uint32_t* from, int64_t stride_from, uint32_t* to, int64_t stride_to) {
  for (int64_t row = 0; row < kSide; row++) {
    for (int64_t column = 0; column < kSide; column++) to[column * stride_to + row] = from[row * stride_from + column];
  }
}

#if defined(__x86_64__)
/** In registers: words, pairs, then quarters of the vectors change places. */
__attribute__((target("avx512f"))) void transpose_vectors(const uint32_t* from, int64_t stride_from, uint32_t* to,
                                                          int64_t stride_to) {
  __m512i x[16], y[16];
  for (int i = 0; i < 16; i++) x[i] = _mm512_loadu_si512(from + i * stride_from);
  for (int i = 0; i < 16; i += 2) {
    y[i] = _mm512_unpacklo_epi32(x[i], x[i + 1]);
    y[i + 1] = _mm512_unpackhi_epi32(x[i], x[i + 1]);
  }
  for (int i = 0; i < 16; i += 4) {
    x[i] = _mm512_unpacklo_epi64(y[i], y[i + 2]);
    x[i + 1] = _mm512_unpackhi_epi64(y[i], y[i + 2]);
    x[i + 2] = _mm512_unpacklo_epi64(y[i + 1], y[i + 3]);
    x[i + 3] = _mm512_unpackhi_epi64(y[i + 1], y[i + 3]);
  }
  // x[4 g + c] holds columns c, c + 4, c + 8 and c + 12 of rows 4 g to 4 g + 3.
  for (int c = 0; c < 4; c++) {
    const __m512i low01 = _mm512_shuffle_i32x4(x[c], x[4 + c], 0x88);
    const __m512i high01 = _mm512_shuffle_i32x4(x[c], x[4 + c], 0xdd);
    const __m512i low23 = _mm512_shuffle_i32x4(x[8 + c], x[12 + c], 0x88);
    const __m512i high23 = _mm512_shuffle_i32x4(x[8 + c], x[12 + c], 0xdd);
    _mm512_storeu_si512(to + c * stride_to, _mm512_shuffle_i32x4(low01, low23, 0x88));
    _mm512_storeu_si512(to + (c + 4) * stride_to, _mm512_shuffle_i32x4(high01, high23, 0x88));
    _mm512_storeu_si512(to + (c + 8) * stride_to, _mm512_shuffle_i32x4(low01, low23, 0xdd));
    _mm512_storeu_si512(to + (c + 12) * stride_to, _mm512_shuffle_i32x4(high01, high23, 0xdd));
  }
}

/** Eight by eight: words, pairs, then halves of the vectors change places. */
__attribute__((target("avx2"))) void transpose_eight(const uint32_t* from, int64_t stride_from, uint32_t* to,
                                                     int64_t stride_to) {
  __m256i x[8], y[8];
  for (int i = 0; i < 8; i++) x[i] = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from + i * stride_from));
  for (int i = 0; i < 8; i += 2) {
    y[i] = _mm256_unpacklo_epi32(x[i], x[i + 1]);
    y[i + 1] = _mm256_unpackhi_epi32(x[i], x[i + 1]);
  }
  for (int i = 0; i < 8; i += 4) {
    x[i] = _mm256_unpacklo_epi64(y[i], y[i + 2]);
    x[i + 1] = _mm256_unpackhi_epi64(y[i], y[i + 2]);
    x[i + 2] = _mm256_unpacklo_epi64(y[i + 1], y[i + 3]);
    x[i + 3] = _mm256_unpackhi_epi64(y[i + 1], y[i + 3]);
  }
  // x[4 g + c] holds columns c and c + 4 of rows 4 g to 4 g + 3.
  for (int c = 0; c < 4; c++) {
    const __m256i low = _mm256_permute2x128_si256(x[c], x[4 + c], 0x20);
    const __m256i high = _mm256_permute2x128_si256(x[c], x[4 + c], 0x31);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + c * stride_to), low);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + (c + 4) * stride_to), high);
  }
}

__attribute__((target("avx2"))) void transpose_quarters(const uint32_t* from, int64_t stride_from, uint32_t* to,
                                                        int64_t stride_to) {
  for (int64_t row = 0; row < kSide; row += 8) {
    for (int64_t column = 0; column < kSide; column += 8) {
      transpose_eight(from + row * stride_from + column, stride_from, to + column * stride_to + row, stride_to);
    }
  }
}

const auto transpose = __builtin_cpu_supports("avx512f") ? transpose_vectors
                       : __builtin_cpu_supports("avx2")  ? transpose_quarters
                                                         : transpose_plain;
#else
const auto transpose = transpose_plain;
#endif

}  // namespace

void transpose_words(const uint32_t* from, int64_t stride_from, int64_t rows, int64_t columns, uint32_t* to,
                     int64_t stride_to) {
  for (int64_t row = 0; row < rows; row += kSide) {
    for (int64_t column = 0; column < columns; column += kSide) {
      transpose(from + row * stride_from + column, stride_from, to + column * stride_to + row, stride_to);
    }
  }
}

}  // namespace soft_tokens
