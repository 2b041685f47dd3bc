// The backward pass of attention on the tile unit, bfloat16.
//
// Weights are recomputed per block of queries and chunk of keys, both of which stay in the second-level
// cache:
//   w = exp(s - m) / sum,  dv += w^T g,  x = w * (g v^T - sum_h g o),  dq += scale * x k,  dk += scale * x^T
//   q
// (FlashAttention, Dao et al. 2022, arXiv:2205.14135, appendix B.2). As in the forward pass the score
// matrices are transposed, so w^T and x^T are rows that the tile unit reads as they are. The gradient of a
// prompt's keys is summed in float32 per task, then over its tasks in their order: the result does not depend
// on which thread did what.

#include <ATen/ATen.h>

#include <algorithm>

#include "attention-train.h"

namespace soft_tokens::attention_paths {

using namespace tiles;

namespace {

/** Keys that are taken at once: bounds the scratch, a multiple of 32. */
constexpr int64_t kChunk = 512;

/** Keys and values of one row or prompt and one head, and float32 sums of their gradients, [padded keys,
 * width] each. */
struct KeySide {
  TileRows key, value;
  Buffer<Bits16> key_T;
  int64_t padded = 0;
  Panels<float> key_gradient{}, value_gradient{};
};

struct BackwardScratch {
  KeySide own, prefix;
  Buffer<Bits16> query, incoming, weights, changes;
  Buffer<uint32_t> query_T, incoming_T, query_pairs, incoming_pairs, change_pairs;
  Buffer<float> scores, products, query_gradient_T, rows, statistics, own_gradients;
};

class BackwardRun {
 public:
  BackwardRun(const Inputs& inputs, const Forward& forward, const at::Tensor& gradient_BNTH,
              const TileSizes& sizes, const MaskPlan& plan, const Gradients& result, BackwardScratch& scratch)
      : sizes_(sizes),
        plan_(plan),
        operands_(inputs),
        output_(forward.output_BNTH),
        incoming_(gradient_BNTH),
        query_gradient_(result.query_BNTH),
        key_gradient_(result.key_BKSH),
        value_gradient_(result.value_BKSH),
        statistics_(forward.statistics.data_ptr<float>()),
        scratch_(scratch) {}

  /** `prefix_gradients` [2, padded_Z, width]: the task's part of the gradients of the prompt's keys and
   * values. */
  void operator()(const Task& task, float* prefix_gradients) {
    const int64_t width = sizes_.width;
    if (sizes_.Z > 0) {
      load(operands_.prefix_key, operands_.prefix_value, task.prompt, task.kv_head, sizes_.Z, sizes_.padded_Z,
           prefix_gradients, scratch_.prefix);
    }
    float* own_gradients = scratch_.own_gradients.need(2 * sizes_.padded_S * width);
    for (int64_t row = task.row; row < task.row + task.rows; row++) {
      KeySide& own = scratch_.own;
      load(operands_.key, operands_.value, row, task.kv_head, sizes_.S, sizes_.padded_S, own_gradients, own);
      for (int64_t index = 0; index < sizes_.blocks; index++) run_block(task, row, index);
      store_rows(read_only(own.key_gradient), sizes_.S, sizes_.H, static_cast<float>(sizes_.scale), nullptr,
                 key_gradient_.row(row, task.kv_head, 0), key_gradient_.row_stride());
      store_rows(read_only(own.value_gradient), sizes_.S, sizes_.H, 1.0f, nullptr,
                 value_gradient_.row(row, task.kv_head, 0), value_gradient_.row_stride());
    }
  }

 private:
  void load(const RowView<const Bits16>& key, const RowView<const Bits16>& value, int64_t batch, int64_t head,
            int64_t count, int64_t padded, float* gradients, KeySide& to) const {
    to.key.load(key.row(batch, head, 0), key.row_stride(), count, sizes_.H, sizes_.width);
    to.value.load(value.row(batch, head, 0), value.row_stride(), count, sizes_.H, sizes_.width);
    to.key.transpose(padded, sizes_.width, to.key_T.need(padded * sizes_.width));
    to.padded = padded;
    to.key_gradient = {gradients, padded * kTile};
    to.value_gradient = {gradients + padded * sizes_.width, padded * kTile};
    std::fill_n(gradients, 2 * padded * sizes_.width, 0.0f);
  }

  void run_block(const Task& task, int64_t row, int64_t index) {
    const int64_t width = sizes_.width, columns = sizes_.columns, block = columns * width;
    load_rows(operands_.query, task, row, index, scratch_.query, scratch_.query_T, scratch_.query_pairs);
    load_rows(incoming_, task, row, index, scratch_.incoming, scratch_.incoming_T, scratch_.incoming_pairs);
    load_statistics(task, row, index);
    const Panels<float> query_gradient_T{scratch_.query_gradient_T.need(block), width * kTile};
    std::fill_n(query_gradient_T.data, block, 0.0f);

    const KeyRange prefix = plan_.prefix(task.prompt), own = plan_.own(row, index);
    for (int64_t begin = prefix.begin; begin < prefix.end; begin += kChunk) {
      const int64_t count = std::min(kChunk, prefix.end - begin);
      run_keys(scratch_.prefix, begin, {0, count, plan_.prefix_mask(task.prompt, begin)}, query_gradient_T);
    }
    for (int64_t begin = own.begin; begin < own.end; begin += kChunk) {
      const int64_t count = std::min(kChunk, own.end - begin);
      run_keys(scratch_.own, begin, {0, count, plan_.own_mask(row, index, begin)}, query_gradient_T);
    }
    store_block(read_only(query_gradient_T), sizes_, row, task.kv_head, index,
                static_cast<float>(sizes_.scale), nullptr, scratch_.rows.need(block), query_gradient_);
  }

  void load_rows(const RowView<const Bits16>& from, const Task& task, int64_t row, int64_t index,
                 Buffer<Bits16>& rows, Buffer<uint32_t>& transposed, Buffer<uint32_t>& pairs) const {
    const int64_t width = sizes_.width, columns = sizes_.columns;
    Bits16* block = rows.need(columns * width);
    load_block(from, sizes_, row, task.kv_head, index, block);
    transpose_to_panels(as_words(block), width / 2, columns, width / 2,
                        {transposed.need(columns * width / 2), width / 2 * kTile});
    make_pairs(block, width, columns, columns, width, {pairs.need(columns * width / 2), columns / 2 * kTile});
  }

  void load_statistics(const Task& task, int64_t row, int64_t index) {
    const int64_t columns = sizes_.columns, block = sizes_.block, token = index * block;
    const int64_t tokens = std::min(block, sizes_.T - token);
    float* maximum = scratch_.statistics.need(3 * columns);
    std::fill_n(maximum, 3 * columns, 0.0f);
    for (int64_t j = 0; j < sizes_.J; j++) {
      const int64_t head = task.kv_head * sizes_.J + j;
      const float* from = statistics_ + (row * sizes_.N + head) * sizes_.T + token;
      std::copy_n(from, tokens, maximum + j * block);
      std::copy_n(from + sizes_.B * sizes_.N * sizes_.T, tokens, maximum + columns + j * block);
      dot_rows(incoming_.row(row, head, token), incoming_.row_stride(), output_.row(row, head, token),
               output_.row_stride(), tokens, sizes_.H, maximum + 2 * columns + j * block);
    }
  }

  /** The block's queries against the segment's keys, which start at `begin`. */
  void run_keys(KeySide& side, int64_t begin, const Segment& segment, const Panels<float>& query_gradient_T) {
    const int64_t width = sizes_.width, columns = sizes_.columns;
    const int64_t rows = round_up(segment.count, kTile), keys = round_up(segment.count, kStep);
    const auto transposed = [&](Buffer<uint32_t>& words) {
      return Panels<const uint32_t>{words.need(0), width / 2 * kTile};
    };
    const auto pairs = [&](Buffer<uint32_t>& words) {
      return Panels<const uint32_t>{words.need(0), columns / 2 * kTile};
    };
    const Panels<float> scores{scratch_.scores.need(keys * columns), keys * kTile};
    const Panels<float> products{scratch_.products.need(keys * columns), keys * kTile};
    side.key.multiply(begin, segment.count, transposed(scratch_.query_T), scores, columns, width);
    side.value.multiply(begin, segment.count, transposed(scratch_.incoming_T), products, columns, width);

    Bits16* weights = scratch_.weights.need(keys * columns);
    Bits16* changes = scratch_.changes.need(keys * columns);
    const Panels<uint32_t> change_pairs{scratch_.change_pairs.need(keys / 2 * columns), keys / 2 * kTile};
    const float* maximum = scratch_.statistics.need(0);
    softmax_gradient(read_only(scores), read_only(products), columns, sizes_.scale, segment,
                     {maximum, maximum + columns, maximum + 2 * columns}, weights, changes, change_pairs);
    multiply(weights, columns, pairs(scratch_.incoming_pairs), side.value_gradient.from_row(begin), rows,
             width, columns, true);
    multiply(changes, columns, pairs(scratch_.query_pairs), side.key_gradient.from_row(begin), rows, width,
             columns, true);
    multiply(side.key_T.need(0) + begin, side.padded, read_only(change_pairs), query_gradient_T, width,
             columns, keys, true);
  }

  const TileSizes& sizes_;
  const MaskPlan& plan_;
  OperandViews<Bits16> operands_;
  RowView<const Bits16> output_, incoming_;
  RowView<Bits16> query_gradient_, key_gradient_, value_gradient_;
  const float* statistics_;
  BackwardScratch& scratch_;
};

/** Sums the parts [tasks, 2, padded_Z, width] of each prompt and head. */
void reduce_prefix(const TileSizes& sizes, const std::vector<Task>& tasks, float* parts,
                   const Gradients& result) {
  const RowView<Bits16> key(result.prefix_key_PKZH), value(result.prefix_value_PKZH);
  const int64_t half = sizes.padded_Z * sizes.width, count = static_cast<int64_t>(tasks.size());
  std::vector<int64_t> firsts;
  for (int64_t index = 0; index < count; index++) {
    const bool continues = index > 0 && tasks[index - 1].prompt == tasks[index].prompt &&
                           tasks[index - 1].kv_head == tasks[index].kv_head;
    if (!continues) firsts.push_back(index);
  }
  firsts.push_back(count);
  at::parallel_for(0, static_cast<int64_t>(firsts.size()) - 1, 1, [&](int64_t begin, int64_t end) {
    for (int64_t group = begin; group < end; group++) {
      const Task& task = tasks[firsts[group]];
      float* sum = parts + firsts[group] * 2 * half;
      for (int64_t index = firsts[group] + 1; index < firsts[group + 1]; index++) {
        const float* part = parts + index * 2 * half;
        for (int64_t i = 0; i < 2 * half; i++) sum[i] += part[i];
      }
      const int64_t panel = sizes.padded_Z * kTile;
      store_rows({sum, panel}, sizes.Z, sizes.H, static_cast<float>(sizes.scale), nullptr,
                 key.row(task.prompt, task.kv_head, 0), key.row_stride());
      store_rows({sum + half, panel}, sizes.Z, sizes.H, 1.0f, nullptr,
                 value.row(task.prompt, task.kv_head, 0), value.row_stride());
    }
  });
}

}  // namespace

Gradients backward_tiles(const Inputs& inputs, const Forward& forward, const at::Tensor& gradient_BNTH) {
  const TileSizes sizes(inputs);
  const MaskPlan plan(inputs, sizes.block);
  Gradients result{empty_token_major(inputs.query_BNTH),
                   empty_token_major(inputs.key_BKSH),
                   empty_token_major(inputs.value_BKSH),
                   {},
                   {}};
  if (inputs.has_prefix()) {
    result.prefix_key_PKZH = empty_token_major(inputs.prefix_key_PKZH).zero_();  // a prompt may have no rows
    result.prefix_value_PKZH = empty_token_major(inputs.prefix_value_PKZH).zero_();
  }
  const std::vector<Task> tasks = make_tasks(inputs, kTasksPerThread, sizes.B);
  const int64_t count = static_cast<int64_t>(tasks.size()), part = 2 * sizes.padded_Z * sizes.width;
  const at::Tensor parts = at::empty({count * part}, at::kFloat);
  run_tasks(count, [&] {
    thread_local BackwardScratch scratch;
    return [&, session = std::make_unique<TileSession>(),
            run = BackwardRun(inputs, forward, gradient_BNTH, sizes, plan, result, scratch)](
               int64_t index) mutable { run(tasks[index], parts.data_ptr<float>() + index * part); };
  });
  if (sizes.Z > 0) reduce_prefix(sizes, tasks, parts.data_ptr<float>(), result);
  return result;
}

}  // namespace soft_tokens::attention_paths
