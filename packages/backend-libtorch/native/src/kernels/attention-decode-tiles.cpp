// Attention of one new token per row on the tile unit, bfloat16.
//
// A task is rows of one prompt and one kv head. Its columns are (row, head): column r * J + j. The prompt's
// keys meet all columns in one product. A row's own keys meet only its J columns: that product always
// computes 16 columns, and what spills to the right is overwritten by the next row. It reads the cache once,
// which is what it waits for. Scores, softmax and rounding are those of the training path, so that both give
// a token the same probability.
//
// Axes as in attention-paths.h.

#include <ATen/ATen.h>

#include <algorithm>

#include "attention-train.h"

namespace soft_tokens::attention_paths {

using namespace tiles;

namespace {

struct DecodeScratch {
  TileRows key, value, prefix_key, prefix_value;
  Buffer<Bits16> prefix_value_T, query;
  Buffer<uint32_t> query_T, weight_pairs;
  Buffer<float> scores, output_T, output, maximum, reciprocal, mask;
};

class DecodeRun {
 public:
  DecodeRun(const Inputs& inputs, const TileSizes& sizes, const MaskPlan& plan, const Forward& result,
            DecodeScratch& scratch)
      : sizes_(sizes),
        plan_(plan),
        operands_(inputs),
        output_(result.output_BNTH),
        scratch_(scratch) {}

  void operator()(const Task& task) {
    const int64_t J = sizes_.J, width = sizes_.width;
    const int64_t columns = round_up(task.rows * J, kTile), stride = columns + round_up(J, kTile);
    const Panels<const uint32_t> query_T = load_queries(task, stride);

    const KeyRange prefix = plan_.prefix(task.prompt), own = own_range(task);
    Segment segments[2];
    segments[0].count = prefix.end - prefix.begin;
    segments[0].mask = plan_.prefix_mask(task.prompt, prefix.begin);
    segments[1].first = round_up(segments[0].count, kStep);
    segments[1].count = own.end - own.begin;
    segments[1].mask = own_mask(task, own, columns);
    const int64_t prefix_keys = segments[1].first, keys = prefix_keys + round_up(segments[1].count, kStep);

    const Panels<float> scores{scratch_.scores.need(keys * stride), kTile, stride};
    const Panels<uint32_t> pairs{scratch_.weight_pairs.need(keys / 2 * stride), kTile, stride};
    float* maximum = scratch_.maximum.need(columns);
    float* reciprocal = scratch_.reciprocal.need(columns);
    score_prefix(task, prefix, query_T, scores, columns);
    for (int64_t row = 0; row < task.rows && segments[1].count > 0; row++) {
      load(operands_.key, task.row + row, task.kv_head, sizes_.S, scratch_.key);
      const Panels<float> own_scores{scores.data + prefix_keys * stride + row * J, kTile, stride};
      scratch_.key.multiply(own.begin, segments[1].count, {query_T.data + row * J, kTile, stride}, own_scores,
                            round_up(J, kTile), width);
    }
    softmax_pairs(read_only(scores), columns, sizes_.scale, segments, 2, pairs, maximum, reciprocal);

    float* output = sum_prefix(task, prefix, prefix_keys, read_only(pairs), columns);
    for (int64_t row = 0; row < task.rows; row++) {
      float* own_output = output + row * J * width;
      if (segments[1].count > 0) {
        load(operands_.value, task.row + row, task.kv_head, sizes_.S, scratch_.value);
        accumulate_values(pairs.data + prefix_keys / 2 * stride + row * J, stride,
                          scratch_.value.row(own.begin), scratch_.value.stride(), segments[1].count, J, width,
                          own_output, width);
      }
      store_rows({own_output, kTile, width}, J, sizes_.H, 1.0f, reciprocal + row * J,
                 output_.row(task.row + row, task.kv_head * J, 0), output_.head_stride());
    }
  }

 private:
  void load(const RowView<const Bits16>& from, int64_t batch, int64_t head, int64_t count,
            TileRows& to) const {
    to.load(from.row(batch, head, 0), from.row_stride(), count, sizes_.H, sizes_.width);
  }

  /** Transposed queries; the columns of padding are 0. */
  Panels<const uint32_t> load_queries(const Task& task, int64_t stride) {
    const int64_t J = sizes_.J, width = sizes_.width;
    Bits16* query = scratch_.query.need(stride * width);
    for (int64_t row = 0; row < task.rows; row++) {
      const RowView<const Bits16>& from = operands_.query;
      copy_rows(from.row(task.row + row, task.kv_head * J, 0), from.head_stride(), J, sizes_.H,
                query + row * J * width, width, J);
    }
    std::fill_n(query + task.rows * J * width, (stride - task.rows * J) * width, Bits16{0});
    const Panels<uint32_t> query_T{scratch_.query_T.need(width / 2 * stride), kTile, stride};
    transpose_to_panels(as_words(query), width / 2, stride, width / 2, query_T);
    return read_only(query_T);
  }

  /** The keys that some row sees. */
  KeyRange own_range(const Task& task) const {
    KeyRange all = plan_.own(task.row, 0);
    for (int64_t row = task.row + 1; row < task.row + task.rows; row++) {
      const KeyRange range = plan_.own(row, 0);
      all.begin = std::min(all.begin, range.begin);
      all.end = std::max(all.end, range.end);
      all.masked_begin = std::min(all.masked_begin, range.masked_begin);
      all.masked_end = std::max(all.masked_end, range.masked_end);
    }
    return all;
  }

  /** Whether every row sees the range's keys and no others. */
  bool see_alike(const Task& task, const KeyRange& range) const {
    if (plan_.is_mask_shared()) return true;
    for (int64_t row = task.row; row < task.row + task.rows; row++) {
      const KeyRange own = plan_.own(row, 0);
      if (own.begin != range.begin || own.end != range.end) return false;
    }
    return true;
  }

  /** The mask as a matrix [keys, columns], where the range needs one. */
  ScoreMask own_mask(const Task& task, const KeyRange& range, int64_t columns) {
    ScoreMask result;
    if (!plan_.has_own_mask() || (range.masked_begin >= range.masked_end && see_alike(task, range))) return result;
    const int64_t count = range.end - range.begin;
    float* matrix = scratch_.mask.need(count * columns);
    std::fill_n(matrix, count * columns, 0.0f);
    for (int64_t row = 0; row < task.rows; row++) {
      const ScoreMask own = plan_.own_mask(task.row + row, 0, range.begin);
      for (int64_t key = 0; key < count; key++) {
        std::fill_n(matrix + key * columns + row * sizes_.J, sizes_.J, own.matrix[key * own.stride]);
      }
    }
    result.matrix = matrix;
    result.stride = columns;
    result.period = columns;
    result.end = count;
    return result;
  }

  void score_prefix(const Task& task, const KeyRange& prefix, const Panels<const uint32_t>& query_T,
                    const Panels<float>& scores, int64_t columns) {
    if (prefix.begin == prefix.end) return;
    load(operands_.prefix_key, task.prompt, task.kv_head, sizes_.Z, scratch_.prefix_key);
    scratch_.prefix_key.multiply(prefix.begin, prefix.end - prefix.begin, query_T, scores, columns,
                                 sizes_.width);
  }

  /** Rows [columns, width] of the weighted sums of the prompt's values; 0 without a prompt. */
  float* sum_prefix(const Task& task, const KeyRange& prefix, int64_t keys,
                    const Panels<const uint32_t>& pairs, int64_t columns) {
    const int64_t width = sizes_.width;
    float* output = scratch_.output.need(columns * width);
    if (keys == 0) {
      std::fill_n(output, columns * width, 0.0f);
      return output;
    }
    load(operands_.prefix_value, task.prompt, task.kv_head, sizes_.Z, scratch_.prefix_value);
    Bits16* value_T = scratch_.prefix_value_T.need(width * sizes_.padded_Z);
    scratch_.prefix_value.transpose(sizes_.padded_Z, width, value_T);
    const Panels<float> output_T{scratch_.output_T.need(width * columns), width * kTile};
    multiply(value_T + prefix.begin, sizes_.padded_Z, pairs, output_T, width, columns, keys, false);
    transpose_to_rows({as_words(output_T.data), output_T.panel}, width, columns, as_words(output), width);
    return output;
  }

  const TileSizes& sizes_;
  const MaskPlan& plan_;
  OperandViews<Bits16> operands_;
  RowView<Bits16> output_;
  DecodeScratch& scratch_;
};

}  // namespace

Forward decode_tiles(const Inputs& inputs) {
  constexpr int64_t kColumns = 128, kDecodeTasksPerThread = 3;
  const TileSizes sizes(inputs);
  const MaskPlan plan(inputs, 1);
  const Forward result{empty_token_major(inputs.query_BNTH), {}};
  const std::vector<Task> tasks =
      make_tasks(inputs, kDecodeTasksPerThread, std::max<int64_t>(1, kColumns / sizes.J));
  run_tasks(static_cast<int64_t>(tasks.size()), [&] {
    thread_local DecodeScratch scratch;
    return
        [&, session = std::make_unique<TileSession>(),
         run = DecodeRun(inputs, sizes, plan, result, scratch)](int64_t index) mutable { run(tasks[index]); };
  });
  return result;
}

}  // namespace soft_tokens::attention_paths
