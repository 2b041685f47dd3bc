// The sums over a row's own values of tiles.h, some heads at a time. Included by the file of a tile unit after its
// `accumulate_heads`, whose sums stay in registers, and kHeadsAtOnce: for how many heads the registers suffice.

/** Calls the instance for as many heads as are left, at most `Heads`. */
template <int Heads>
void accumulate_some(int64_t heads, const uint32_t* pairs, int64_t stride_pairs, const Bits16* values,
                     int64_t stride_values, int64_t keys, int64_t width, float* out, int64_t stride_out) {
  if constexpr (Heads > 1) {
    if (heads < Heads) {
      accumulate_some<Heads - 1>(heads, pairs, stride_pairs, values, stride_values, keys, width, out, stride_out);
      return;
    }
  }
  accumulate_heads<Heads>(pairs, stride_pairs, values, stride_values, keys, width, out, stride_out);
}

void accumulate_values(const uint32_t* pairs, int64_t stride_pairs, const Bits16* values, int64_t stride_values,
                       int64_t keys, int64_t heads, int64_t width, float* out, int64_t stride_out) {
  for (int64_t head = 0; head < heads; head += kHeadsAtOnce) {
    accumulate_some<kHeadsAtOnce>(heads - head, pairs + head, stride_pairs, values, stride_values, keys, width,
                                  out + head * stride_out, stride_out);
  }
}
