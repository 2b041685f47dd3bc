// The softmax of tiles.h on transposed scores, 16 columns at a time. Included by the file of a tile unit after its lanes.
//
// A column's bits must not depend on how its keys are cut into ranges, or decoding and training would part ways (see
// tile-products.h): one running sum over all keys, and the units' files are compiled without contraction of products and sums, so
// that a key with a mask of 0 and a key without a mask round alike.

/** exp within 2e-6: 2^n times a polynomial on [-1/2, 1/2] (coefficients: Cephes exp2f, Moshier 1989). */
LANES_TARGET inline Lanes exponential(Lanes x) {
  const Lanes y = times(larger(x, spread(-100.0f)), spread(1.44269504088896341f));
  const Lanes n = nearest(y), r = subtract(y, n);
  Lanes p = spread(1.535336188319500e-4f);
  p = fused(p, r, spread(1.339887440266574e-3f));
  p = fused(p, r, spread(9.618437357674640e-3f));
  p = fused(p, r, spread(5.550332471162809e-2f));
  p = fused(p, r, spread(2.402264791363012e-1f));
  p = fused(p, r, spread(6.931472028550421e-1f));
  p = fused(p, r, spread(1.0f));
  return times_power(p, n);
}

enum class Masking { kNone, kPerKey, kMatrix };

/** scale * s + mask for one key and 16 columns; `mask` points at the key's first value of these columns. */
template <Masking kind>
LANES_TARGET inline Lanes masked_score(const float* score, Lanes scale, const float* mask) {
  const Lanes s = load(score);
  if constexpr (kind == Masking::kNone) return times(s, scale);
  if constexpr (kind == Masking::kPerKey) return fused(s, scale, spread(*mask));
  if constexpr (kind == Masking::kMatrix) return fused(s, scale, load(mask));
}

/** The keys of a segment that one kind of mask applies to, seen from one panel of columns. */
struct Range {
  int64_t begin, end;
  Masking masking;
  const float* mask;
  int64_t mask_stride;
};

/** Calls `visit(range)` for the at most three ranges of a segment, which begin at even keys. */
template <typename Visit>
inline __attribute__((always_inline)) void for_each_range(const Segment& segment, int64_t column,
                                                          Visit visit) {
  const ScoreMask& mask = segment.mask;
  if (mask.per_key) {
    visit(Range{0, segment.count, Masking::kPerKey, mask.per_key, 1});
    return;
  }
  if (mask.begin >= mask.end) {
    visit(Range{0, segment.count, Masking::kNone, nullptr, 0});
    return;
  }
  const int64_t begin = mask.begin < 0 ? 0 : std::min(mask.begin / 2 * 2, segment.count);
  const int64_t end = std::max(begin, std::min((mask.end + 1) / 2 * 2, segment.count));
  const float* matrix = mask.matrix + (mask.period > 0 ? column % mask.period : 0);
  visit(Range{0, begin, Masking::kNone, nullptr, 0});
  visit(Range{begin, end, Masking::kMatrix, matrix, mask.stride});
  visit(Range{end, segment.count, Masking::kNone, nullptr, 0});
}

/** Calls the instance of a function template over `Masking` that the range asks for. */
#define FOR_MASKING(range, function, ...)                                          \
  ((range).masking == Masking::kNone     ? function<Masking::kNone>(__VA_ARGS__)   \
   : (range).masking == Masking::kPerKey ? function<Masking::kPerKey>(__VA_ARGS__) \
                                         : function<Masking::kMatrix>(__VA_ARGS__))

template <Masking kind>
LANES_TARGET Lanes highest_score(const Range& range, const float* scores, int64_t stride, Lanes scale,
                                 Lanes highest) {
  for (int64_t key = range.begin; key < range.end; key++) {
    const float* mask = range.mask + key * range.mask_stride;
    highest = larger(highest, masked_score<kind>(scores + key * stride, scale, mask));
  }
  return highest;
}

template <Masking kind>
LANES_TARGET Lanes exponentiate(const Range& range, const float* scores, int64_t stride, Lanes scale,
                                Lanes highest, uint32_t* pairs, int64_t pair_stride, Lanes sum) {
  for (int64_t key = range.begin; key < range.end; key += 2) {
    const float* score = scores + key * stride;
    const float* mask = range.mask + key * range.mask_stride;
    const Lanes even = exponential(subtract(masked_score<kind>(score, scale, mask), highest));
    Lanes odd = zero();
    if (key + 1 < range.end) {
      odd = exponential(
          subtract(masked_score<kind>(score + stride, scale, mask + range.mask_stride), highest));
    }
    sum = add(sum, add(even, odd));
    store_words(pairs + key / 2 * pair_stride, to_pair(to_half(even), to_half(odd)));
  }
  return sum;
}

/** Where `softmax_gradient` works: one panel of columns. */
struct GradientPanel {
  const float *scores, *products;
  int64_t score_stride, product_stride;
  Lanes scale, maximum, reciprocal, delta;
  Bits16 *weights, *gradient;
  int64_t row_stride;
  uint32_t* pairs;
  int64_t pair_stride;
};

template <Masking kind>
LANES_TARGET inline void gradient_row(const GradientPanel& panel, const Range& range, int64_t key,
                                     Half& change) {
  const float* mask = range.mask + key * range.mask_stride;
  const Lanes x = masked_score<kind>(panel.scores + key * panel.score_stride, panel.scale, mask);
  const Lanes weight = times(exponential(subtract(x, panel.maximum)), panel.reciprocal);
  const Lanes product = load(panel.products + key * panel.product_stride);
  change = to_half(times(weight, subtract(product, panel.delta)));
  store_half(panel.weights + key * panel.row_stride, to_half(weight));
  store_half(panel.gradient + key * panel.row_stride, change);
}

template <Masking kind>
LANES_TARGET void gradient_range(const GradientPanel& panel, const Range& range) {
  for (int64_t key = range.begin; key < range.end; key += 2) {
    Half even, odd = zero_half();
    gradient_row<kind>(panel, range, key, even);
    if (key + 1 < range.end) {
      gradient_row<kind>(panel, range, key + 1, odd);
    } else {
      store_half(panel.weights + (key + 1) * panel.row_stride, odd);
      store_half(panel.gradient + (key + 1) * panel.row_stride, odd);
    }
    store_words(panel.pairs + key / 2 * panel.pair_stride, to_pair(even, odd));
  }
}

LANES_TARGET void softmax_pairs(const Panels<const float>& scores, int64_t columns, double scale,
                               const Segment* segments, int64_t segment_count, const Panels<uint32_t>& pairs,
                               float* maximum, float* reciprocal) {
  const Lanes factor = spread(static_cast<float>(scale));
  for (int64_t column = 0; column < columns; column += kTile) {
    Lanes highest = spread(-std::numeric_limits<float>::infinity());
    for (const Segment* segment = segments; segment < segments + segment_count; segment++) {
      const float* score = scores.at(segment->first, column);
      for_each_range(*segment, column, [&](const Range& range) LANES_TARGET {
        highest = FOR_MASKING(range, highest_score, range, score, scores.stride, factor, highest);
      });
    }
    Lanes sum = zero();
    for (const Segment* segment = segments; segment < segments + segment_count; segment++) {
      const float* score = scores.at(segment->first, column);
      uint32_t* pair = pairs.at(segment->first / 2, column);
      for_each_range(*segment, column, [&](const Range& range) LANES_TARGET {
        sum = FOR_MASKING(range, exponentiate, range, score, scores.stride, factor, highest, pair, pairs.stride, sum);
      });
      for (int64_t row = (segment->count + 1) / 2; row < round_up(segment->count, kStep) / 2; row++) {
        store_words(pair + row * pairs.stride, zero_words());
      }
    }
    store(maximum + column, highest);
    store(reciprocal + column, divide(spread(1.0f), sum));
  }
}

LANES_TARGET void softmax_gradient(const Panels<const float>& scores, const Panels<const float>& products,
                                  int64_t columns, double scale, const Segment& segment,
                                  const ColumnStatistics& statistics, Bits16* weights, Bits16* gradient,
                                  const Panels<uint32_t>& gradient_pairs) {
  GradientPanel panel;
  panel.scale = spread(static_cast<float>(scale));
  panel.score_stride = scores.stride;
  panel.product_stride = products.stride;
  panel.row_stride = columns;
  panel.pair_stride = gradient_pairs.stride;
  for (int64_t column = 0; column < columns; column += kTile) {
    panel.scores = scores.at(0, column);
    panel.products = products.at(0, column);
    panel.maximum = load(statistics.maximum + column);
    panel.reciprocal = load(statistics.reciprocal + column);
    panel.delta = load(statistics.delta + column);
    panel.weights = weights + column;
    panel.gradient = gradient + column;
    panel.pairs = gradient_pairs.at(0, column);
    for_each_range(segment, column,
                   [&](const Range& range) LANES_TARGET { FOR_MASKING(range, gradient_range, panel, range); });
    for (int64_t key = round_up(segment.count, 2); key < round_up(segment.count, kStep); key += 2) {
      for (int64_t row = key; row < key + 2; row++) {
        store_half(panel.weights + row * columns, zero_half());
        store_half(panel.gradient + row * columns, zero_half());
      }
      store_words(panel.pairs + key / 2 * panel.pair_stride, zero_words());
    }
  }
}
