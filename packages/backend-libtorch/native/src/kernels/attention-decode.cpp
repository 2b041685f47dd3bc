// Attention of one new token per row on any CPU, float32 or bfloat16: plain loops that the compiler
// vectorises.
//
// A task is one row and one kv head; its J query heads share every key and value that is read. Everything is
// summed in float32.
//
// Axes as in attention-paths.h.

#include <ATen/ATen.h>

#include <algorithm>
#include <type_traits>

#include "attention-plan.h"
#include "vectorized.h"

namespace soft_tokens::attention_paths {

namespace {

#define ALWAYS_INLINE inline __attribute__((always_inline))

/** Keys or values of one segment: row i starts at `data + i * stride`. */
template <typename Element>
struct Rows {
  const Element* data;
  int64_t stride, count;

  const Element* row(int64_t index) const { return data + index * stride; }
};

constexpr int64_t kLanes = 16;
/** Values that are summed at once. */
constexpr int64_t kKeys = 4;

/** Sums in lanes, as the compiler may not reorder a sum of floats by itself. */
template <typename Element>
ALWAYS_INLINE float dot(const float* a, const Element* b, int64_t H) {
  float lanes[kLanes] = {};
  int64_t h = 0;
  for (; h + kLanes <= H; h += kLanes) {
    for (int64_t lane = 0; lane < kLanes; lane++) lanes[lane] += a[h + lane] * to_float(b[h + lane]);
  }
  for (int64_t lane = 0; h < H; h++, lane++) lanes[lane] += a[h] * to_float(b[h]);
  for (int64_t half = kLanes / 2; half > 0; half /= 2) {
    for (int64_t lane = 0; lane < half; lane++) lanes[lane] += lanes[lane + half];
  }
  return lanes[0];
}

/** scores [heads, stride] = scale * query keys^T + mask */
template <typename Element>
ALWAYS_INLINE void score_rows(const float* query, int64_t heads, int64_t H, const Rows<Element>& keys,
                              float scale, const float* mask, int64_t mask_stride, float* scores,
                              int64_t stride) {
  for (int64_t key = 0; key < keys.count; key++) {
    const float added = mask ? mask[key * mask_stride] : 0.0f;
    for (int64_t head = 0; head < heads; head++) {
      scores[head * stride + key] = dot(query + head * H, keys.row(key), H) * scale + added;
    }
  }
}

/** out [heads, H] += weights [heads, stride] values */
template <typename Element>
ALWAYS_INLINE void sum_rows(const float* weights, int64_t stride, int64_t heads, int64_t H,
                            const Rows<Element>& values, float* out) {
  int64_t key = 0;
  for (; key + kKeys <= values.count; key += kKeys) {
    const Element *a = values.row(key), *b = values.row(key + 1), *c = values.row(key + 2),
                  *d = values.row(key + 3);
    for (int64_t head = 0; head < heads; head++) {
      const float* weight = weights + head * stride + key;
      const float weight_a = weight[0], weight_b = weight[1], weight_c = weight[2], weight_d = weight[3];
      float* sum = out + head * H;
      for (int64_t h = 0; h < H; h++) {
        sum[h] += weight_a * to_float(a[h]) + weight_b * to_float(b[h]) + weight_c * to_float(c[h]) +
                  weight_d * to_float(d[h]);
      }
    }
  }
  for (; key < values.count; key++) {
    for (int64_t head = 0; head < heads; head++) {
      const float weight = weights[head * stride + key];
      for (int64_t h = 0; h < H; h++) out[head * H + h] += weight * to_float(values.row(key)[h]);
    }
  }
}

/** scores -> exp(scores - maximum); gives the sum. */
ALWAYS_INLINE float exponentiate(float* scores, int64_t count) {
  float highest = scores[0], lanes[kLanes] = {}, sum = 0.0f;
  for (int64_t key = 0; key < count; key++) highest = scores[key] > highest ? scores[key] : highest;
  for (int64_t key = 0; key < count; key++) scores[key] = fast_exp(scores[key] - highest);
  int64_t key = 0;
  for (; key + kLanes <= count; key += kLanes) {
    for (int64_t lane = 0; lane < kLanes; lane++) lanes[lane] += scores[key + lane];
  }
  for (; key < count; key++) sum += scores[key];
  for (int64_t lane = 0; lane < kLanes; lane++) sum += lanes[lane];
  return sum;
}

SOFT_TOKENS_VECTORIZED void score(const float* query, int64_t heads, int64_t H, const Rows<float>& keys,
                                  float scale, const float* mask, int64_t mask_stride, float* scores,
                                  int64_t stride) {
  score_rows(query, heads, H, keys, scale, mask, mask_stride, scores, stride);
}
SOFT_TOKENS_VECTORIZED void score_half(const float* query, int64_t heads, int64_t H, const Rows<Bits16>& keys,
                                       float scale, const float* mask, int64_t mask_stride, float* scores,
                                       int64_t stride) {
  score_rows(query, heads, H, keys, scale, mask, mask_stride, scores, stride);
}
SOFT_TOKENS_VECTORIZED void sum_values(const float* weights, int64_t stride, int64_t heads, int64_t H,
                                       const Rows<float>& values, float* out) {
  sum_rows(weights, stride, heads, H, values, out);
}
SOFT_TOKENS_VECTORIZED void sum_values_half(const float* weights, int64_t stride, int64_t heads, int64_t H,
                                            const Rows<Bits16>& values, float* out) {
  sum_rows(weights, stride, heads, H, values, out);
}
SOFT_TOKENS_VECTORIZED float softmax(float* scores, int64_t count) { return exponentiate(scores, count); }

template <typename Element>
class DecodeRun {
 public:
  DecodeRun(const Inputs& inputs, const MaskPlan& plan, const Forward& result)
      : sizes_(inputs),
        scale_(static_cast<float>(inputs.scale)),
        plan_(plan),
        operands_(inputs),
        output_(result.output_BNTH) {}

  void operator()(const Task& task) {
    for (int64_t row = task.row; row < task.row + task.rows; row++) run_row(task.prompt, row, task.kv_head);
  }

 private:
  static Rows<Element> rows_of(const RowView<const Element>& view, int64_t batch, int64_t head,
                               const KeyRange& range) {
    if (range.begin == range.end) return {nullptr, 0, 0};
    return {view.row(batch, head, range.begin), view.row_stride(), range.end - range.begin};
  }

  void run_row(int64_t prompt, int64_t row, int64_t kv_head) {
    const int64_t J = sizes_.J, H = sizes_.H;
    const KeyRange prefix = plan_.prefix(prompt), own = plan_.own(row, 0);
    const int64_t prefix_keys = prefix.end - prefix.begin, keys = prefix_keys + own.end - own.begin;
    scores_.resize(J * keys);
    query_values_.resize(J * H);
    output_values_.assign(J * H, 0.0f);
    for (int64_t head = 0; head < J; head++) {
      const Element* query = operands_.query.row(row, kv_head * J + head, 0);
      for (int64_t h = 0; h < H; h++) query_values_[head * H + h] = to_float(query[h]);
    }
    const tiles::ScoreMask mask = plan_.own_mask(row, 0, own.begin);
    score_keys(rows_of(operands_.prefix_key, prompt, kv_head, prefix),
               plan_.prefix_mask(prompt, prefix.begin).per_key, 1, scores_.data(), keys);
    score_keys(rows_of(operands_.key, row, kv_head, own), mask.begin < mask.end ? mask.matrix : nullptr,
               mask.stride, scores_.data() + prefix_keys, keys);
    std::vector<float> sums(J);
    for (int64_t head = 0; head < J; head++) sums[head] = softmax(scores_.data() + head * keys, keys);
    sum(rows_of(operands_.prefix_value, prompt, kv_head, prefix), scores_.data(), keys);
    sum(rows_of(operands_.value, row, kv_head, own), scores_.data() + prefix_keys, keys);
    for (int64_t head = 0; head < J; head++) {
      Element* output = output_.row(row, kv_head * J + head, 0);
      for (int64_t h = 0; h < H; h++) store(output[h], output_values_[head * H + h] / sums[head]);
    }
  }

  void score_keys(const Rows<Element>& keys, const float* mask, int64_t mask_stride, float* scores,
                  int64_t stride) {
    if constexpr (std::is_same_v<Element, float>) {
      score(query_values_.data(), sizes_.J, sizes_.H, keys, scale_, mask, mask_stride, scores, stride);
    } else {
      score_half(query_values_.data(), sizes_.J, sizes_.H, keys, scale_, mask, mask_stride, scores, stride);
    }
  }

  void sum(const Rows<Element>& values, const float* weights, int64_t stride) {
    if constexpr (std::is_same_v<Element, float>) {
      sum_values(weights, stride, sizes_.J, sizes_.H, values, output_values_.data());
    } else {
      sum_values_half(weights, stride, sizes_.J, sizes_.H, values, output_values_.data());
    }
  }

  Sizes sizes_;
  float scale_;
  const MaskPlan& plan_;
  OperandViews<Element> operands_;
  RowView<Element> output_;
  std::vector<float> scores_, query_values_, output_values_;
};

template <typename Element>
Forward decode(const Inputs& inputs) {
  constexpr int64_t kTasksPerThread = 4;
  const MaskPlan plan(inputs, 1);
  const Forward result{empty_token_major(inputs.query_BNTH), {}};
  const std::vector<Task> tasks = make_tasks(inputs, kTasksPerThread, inputs.query_BNTH.size(0));
  run_tasks(static_cast<int64_t>(tasks.size()), [&] {
    return [&, run = DecodeRun<Element>(inputs, plan, result)](int64_t index) mutable { run(tasks[index]); };
  });
  return result;
}

}  // namespace

Forward decode_cpu(const Inputs& inputs) {
  return inputs.query_BNTH.scalar_type() == at::kFloat ? decode<float>(inputs) : decode<Bits16>(inputs);
}

}  // namespace soft_tokens::attention_paths
