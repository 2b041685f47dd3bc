// The forward pass of attention on the tile unit, bfloat16: prefill and training.
//
// A task is some rows of one prompt and one kv head; the prompt's keys and values are prepared once for all
// of them. All scores of a block of queries (prefix and own keys) lie in the second-level cache, so one plain
// softmax spans them.

#include "attention-train.h"

#include <ATen/ATen.h>

#include <algorithm>

namespace soft_tokens::attention_paths {

using namespace tiles;

namespace {

struct ForwardScratch {
  TileRows key, value, prefix_key, prefix_value;
  Buffer<Bits16> value_T, prefix_value_T, query;
  Buffer<uint32_t> query_T, weight_pairs;
  Buffer<float> scores, output_T, output, maximum, reciprocal;
};

class ForwardRun {
 public:
  ForwardRun(const Inputs& inputs, const TileSizes& sizes, const MaskPlan& plan, const Forward& result,
             ForwardScratch& scratch)
      : sizes_(sizes),
        plan_(plan),
        operands_(inputs),
        output_(result.output_BNTH),
        statistics_(result.statistics.data_ptr<float>()),
        scratch_(scratch) {}

  void operator()(const Task& task) {
    const int64_t width = sizes_.width;
    if (sizes_.Z > 0) {
      load(operands_.prefix_key, task.prompt, task.kv_head, sizes_.Z, scratch_.prefix_key);
      load(operands_.prefix_value, task.prompt, task.kv_head, sizes_.Z, scratch_.prefix_value);
      scratch_.prefix_value.transpose(sizes_.padded_Z, width,
                                      scratch_.prefix_value_T.need(width * sizes_.padded_Z));
    }
    for (int64_t row = task.row; row < task.row + task.rows; row++) {
      load(operands_.key, row, task.kv_head, sizes_.S, scratch_.key);
      load(operands_.value, row, task.kv_head, sizes_.S, scratch_.value);
      scratch_.value.transpose(sizes_.padded_S, width, scratch_.value_T.need(width * sizes_.padded_S));
      for (int64_t index = 0; index < sizes_.blocks; index++) run_block(task, row, index);
    }
  }

 private:
  void load(const RowView<const Bits16>& from, int64_t batch, int64_t head, int64_t count,
            TileRows& to) const {
    to.load(from.row(batch, head, 0), from.row_stride(), count, sizes_.H, sizes_.width);
  }

  void run_block(const Task& task, int64_t row, int64_t index) {
    const int64_t width = sizes_.width, columns = sizes_.columns;
    Bits16* query = scratch_.query.need(columns * width);
    const Panels<uint32_t> query_T{scratch_.query_T.need(columns * width / 2), width / 2 * kTile};
    load_block(operands_.query, sizes_, row, task.kv_head, index, query);
    transpose_to_panels(as_words(query), width / 2, columns, width / 2, query_T);

    const KeyRange prefix = plan_.prefix(task.prompt), own = plan_.own(row, index);
    Segment segments[2];
    segments[0].count = prefix.end - prefix.begin;
    segments[0].mask = plan_.prefix_mask(task.prompt, prefix.begin);
    segments[1].first = round_up(segments[0].count, kStep);
    segments[1].count = own.end - own.begin;
    segments[1].mask = plan_.own_mask(row, index, own.begin);
    const int64_t own_keys = round_up(segments[1].count, kStep), keys = segments[1].first + own_keys;

    const Panels<float> scores{scratch_.scores.need(keys * columns), keys * kTile};
    const Panels<uint32_t> pairs{scratch_.weight_pairs.need(keys / 2 * columns), keys / 2 * kTile};
    float* maximum = scratch_.maximum.need(columns);
    float* reciprocal = scratch_.reciprocal.need(columns);
    const int64_t prefix_keys = segments[1].first;
    scratch_.prefix_key.multiply(prefix.begin, segments[0].count, read_only(query_T), scores, columns, width);
    scratch_.key.multiply(own.begin, segments[1].count, read_only(query_T), scores.from_row(prefix_keys),
                          columns, width);
    softmax_pairs(read_only(scores), columns, sizes_.scale, segments, 2, pairs, maximum, reciprocal);

    const Panels<float> output_T{scratch_.output_T.need(width * columns), width * kTile};
    if (prefix_keys > 0) {
      multiply(scratch_.prefix_value_T.need(0) + prefix.begin, sizes_.padded_Z, read_only(pairs), output_T,
               width, columns, prefix_keys, false);
    }
    if (own_keys > 0) {
      multiply(scratch_.value_T.need(0) + own.begin, sizes_.padded_S,
               read_only(pairs.from_row(prefix_keys / 2)), output_T, width, columns, own_keys,
               prefix_keys > 0);
    }
    store_block(read_only(output_T), sizes_, row, task.kv_head, index, 1.0f, reciprocal,
                scratch_.output.need(width * columns), output_);
    store_statistics(task, row, index, maximum, reciprocal);
  }

  void store_statistics(const Task& task, int64_t row, int64_t index, const float* maximum,
                        const float* reciprocal) {
    const int64_t token = index * sizes_.block, tokens = std::min(sizes_.block, sizes_.T - token);
    for (int64_t j = 0; j < sizes_.J; j++) {
      const int64_t head = task.kv_head * sizes_.J + j;
      float* to = statistics_ + (row * sizes_.N + head) * sizes_.T + token;
      std::copy_n(maximum + j * sizes_.block, tokens, to);
      std::copy_n(reciprocal + j * sizes_.block, tokens, to + sizes_.B * sizes_.N * sizes_.T);
    }
  }

  const TileSizes& sizes_;
  const MaskPlan& plan_;
  OperandViews<Bits16> operands_;
  RowView<Bits16> output_;
  float* statistics_;
  ForwardScratch& scratch_;
};

}  // namespace

TileSizes::TileSizes(const Inputs& inputs) : Sizes(inputs) {
  constexpr int64_t kColumns = 128;
  scale = inputs.scale;
  width = round_up(H, kStep);
  padded_S = round_up(S, kStep);
  padded_Z = round_up(Z, kStep);
  block = std::max(kTile, std::min(round_up(T, kTile), kColumns / J / kTile * kTile));
  blocks = (T + block - 1) / block;
  columns = round_up(J * block, kStep);
}

void TileRows::load(const Bits16* from, int64_t stride, int64_t count, int64_t H, int64_t width) {
  const int64_t whole = count / kTile * kTile;
  count_ = count;
  if (H == width) {
    data_ = from;
    stride_ = stride;
    Bits16* tail = copy_.need(kTile * width);
    if (whole < count) copy_rows(from + whole * stride, stride, count - whole, H, tail, width, kTile);
    tail_ = tail;
    return;
  }
  Bits16* copy = copy_.need(round_up(count, kTile) * width);
  copy_rows(from, stride, count, H, copy, width, round_up(count, kTile));
  data_ = copy;
  stride_ = width;
  tail_ = copy + whole * width;
}

void TileRows::multiply(int64_t begin, int64_t count, const Panels<const uint32_t>& b, const Panels<float>& c,
                        int64_t columns, int64_t width) const {
  if (count == 0) return;
  const int64_t end = begin + round_up(count, kTile), whole = std::min(end, count_ / kTile * kTile);
  if (whole > begin) {
    tiles::multiply(data_ + begin * stride_, stride_, b, c, whole - begin, columns, width, false);
  }
  if (end > whole) {
    tiles::multiply(tail_, width, b, c.from_row(whole - begin), kTile, columns, width, false);
  }
}

void TileRows::transpose(int64_t padded, int64_t width, Bits16* to) {
  const Panels<uint32_t> pairs{pairs_.need(padded / 2 * width), padded / 2 * kTile};
  make_pairs(data_, stride_, count_, padded, width, pairs);
  transpose_to_rows(read_only(pairs), padded / 2, width, as_words(to), padded / 2);
}

void load_block(const RowView<const Bits16>& from, const TileSizes& sizes, int64_t row, int64_t kv_head,
                int64_t block_index, Bits16* to) {
  const int64_t token = block_index * sizes.block, tokens = std::min(sizes.block, sizes.T - token);
  for (int64_t j = 0; j < sizes.J; j++, to += sizes.block * sizes.width) {
    copy_rows(from.row(row, kv_head * sizes.J + j, token), from.row_stride(), tokens, sizes.H, to,
              sizes.width, sizes.block);
  }
  std::fill_n(to, (sizes.columns - sizes.J * sizes.block) * sizes.width, Bits16{0});
}

void store_block(const Panels<const float>& x_T, const TileSizes& sizes, int64_t row, int64_t kv_head,
                 int64_t block_index, float factor, const float* factors, float* rows,
                 const RowView<Bits16>& to) {
  const int64_t token = block_index * sizes.block, tokens = std::min(sizes.block, sizes.T - token),
                width = sizes.width;
  transpose_to_rows({as_words(x_T.data), x_T.panel, x_T.stride}, width, sizes.columns, as_words(rows), width);
  for (int64_t j = 0; j < sizes.J; j++) {
    const int64_t column = j * sizes.block;
    store_rows({rows + column * width, kTile, width}, tokens, sizes.H, factor,
               factors ? factors + column : nullptr, to.row(row, kv_head * sizes.J + j, token),
               to.row_stride());
  }
}

bool fits_tiles(const Inputs& inputs) {
  return inputs.query_BNTH.is_cpu() && inputs.query_BNTH.scalar_type() == at::kBFloat16 && available();
}

Forward forward_tiles(const Inputs& inputs) {
  const TileSizes sizes(inputs);
  const MaskPlan plan(inputs, sizes.block);
  const Forward result{
      empty_token_major(inputs.query_BNTH),
      at::empty({2, sizes.B, sizes.N, sizes.T}, inputs.query_BNTH.options().dtype(at::kFloat))};
  const std::vector<Task> tasks = make_tasks(inputs, kTasksPerThread, sizes.B);
  run_tasks(static_cast<int64_t>(tasks.size()), [&] {
    thread_local ForwardScratch scratch;
    return [&, session = std::make_unique<TileSession>(),
            run = ForwardRun(inputs, sizes, plan, result, scratch)](int64_t index) mutable {
      run(tasks[index]);
    };
  });
  return result;
}

}  // namespace soft_tokens::attention_paths
