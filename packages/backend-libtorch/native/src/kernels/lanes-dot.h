// Rows of bfloat16 times rows by the dot product of AVX-512-bf16. Included by the file of a tile unit after its lanes.

LANES_TARGET void dot_rows(const Bits16* a, int64_t stride_a, const Bits16* b, int64_t stride_b, int64_t rows,
                           int64_t H, float* to) {
  for (int64_t row = 0; row < rows; row++) {
    Lanes sums = zero();
    for (int64_t h = 0; h < H; h += kStep) {
      const __mmask32 valid = H - h >= kStep ? 0xffffffffu : (1u << (H - h)) - 1;
      const __m512i left = _mm512_maskz_loadu_epi16(valid, a + row * stride_a + h);
      const __m512i right = _mm512_maskz_loadu_epi16(valid, b + row * stride_b + h);
      sums = _mm512_dpbf16_ps(sums, (__m512bh)left, (__m512bh)right);
    }
    to[row] = sum(sums);
  }
}
