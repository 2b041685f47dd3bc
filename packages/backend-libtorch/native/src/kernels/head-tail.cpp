#include <algorithm>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include "gemm.h"
#include "gradient-products.h"
#include "head-gradients.h"
#include "word-blocks.h"

namespace soft_tokens::head {

namespace {

/** Rows come in steps of a tile's words: 16 pairs. */
constexpr int64_t kStep = 32;
constexpr int64_t kSide = 16;

int64_t capacity_for(int64_t rows, int64_t vocabulary, int64_t max_elements) {
  // bfloat16 numbers in four times the memory of a chunk's logits, so that [V, D] is visited eight times less.
  const int64_t elements = max_elements > 0 ? max_elements : int64_t{1} << 22;
  const int64_t wanted = std::min(rows + kStep - 1, std::max(kStep, 8 * (elements / std::max<int64_t>(1, vocabulary))));
  return std::max(kStep, wanted / kStep * kStep);
}

}  // namespace

bool TailGradients::is_supported(const at::Tensor& weight_VD) {
  return weight_VD.scalar_type() == at::kBFloat16 && weight_VD.size(0) % kSide == 0 && weight_VD.size(1) % kSide == 0 &&
         has_bfloat16_tiles();
}

TailGradients::TailGradients(const at::Tensor& hidden_RD, const at::Tensor& weight_VD, const at::Tensor& hidden_sum_RD,
                             const at::Tensor& weight_sum_VD, int64_t max_elements)
    : hidden_RD_(hidden_RD), weight_VD_(weight_VD), hidden_sum_RD_(hidden_sum_RD), weight_sum_VD_(weight_sum_VD),
      capacity_(capacity_for(hidden_RD.size(0), weight_VD.size(0), max_elements)) {}

void TailGradients::add(ChunkSoftmax& chunk, int64_t begin, const float* factors) {
  const int64_t V = chunk.vocabulary(), all = chunk.z_RV.size(0);
  if (!gradient_VC_.defined()) gradient_VC_ = at::empty({V, capacity_}, weight_VD_.options());
  for (int64_t first = 0; first < all; first += kStep) {
    const int64_t rows = std::min(kStep, all - first);
    if (filled_ + kStep > capacity_) flush();
    std::vector<TailRow> tails(kStep);
    for (int64_t row = 0; row < rows; row++) {
      const RowSoftmax& softmax = chunk.rows[first + row];
      tails[row] = {chunk.row(first + row), softmax.max, static_cast<float>(-factors[first + row] / softmax.sum),
                    static_cast<float>(kLargest * softmax.sum)};
    }
    // Rows that are missing repeat the first one with factor 0.
    for (int64_t row = rows; row < kStep; row++) tails[row] = {chunk.row(first), chunk.rows[first].max, 0, 0};
    auto* words = reinterpret_cast<uint32_t*>(gradient_VC_.mutable_data_ptr<at::BFloat16>());
    constexpr int64_t stretch = 256;
    at::parallel_for(0, (V + stretch - 1) / stretch, 1, [&](int64_t from, int64_t to) {
      std::vector<uint32_t> pairs(kSide * stretch);
      for (int64_t v = from * stretch; v < std::min(V, to * stretch); v += stretch) {
        const int64_t length = std::min(stretch, V - v);
        for (int64_t pair = 0; pair < kSide; pair++) {
          pair_tails(tails[2 * pair], tails[2 * pair + 1], v, length, chunk.scale, pairs.data() + pair * stretch);
        }
        transpose_words(pairs.data(), stretch, kSide, length, words + v * (capacity_ / 2) + filled_ / 2, capacity_ / 2);
      }
    });
    places_.push_back({filled_, begin + first, rows});
    filled_ += kStep;
  }
}

void TailGradients::flush() {
  if (filled_ == 0) return;
  const at::Tensor gradient_VC = gradient_VC_.narrow(1, 0, filled_);
  if (hidden_sum_RD_.defined()) {
    const at::Tensor hidden_CD = at::zeros({filled_, hidden_RD_.size(1)}, hidden_sum_RD_.options());
    // Some thousand tokens at a time: the product packs both operands.
    constexpr int64_t stretch = 8192;
    for (int64_t v = 0; v < weight_VD_.size(0); v += stretch) {
      const int64_t length = std::min(stretch, weight_VD_.size(0) - v);
      add_weight_gradient_tiles(hidden_CD, gradient_VC.narrow(0, v, length), weight_VD_.narrow(0, v, length));
    }
    for (const Place& place : places_) {
      hidden_sum_RD_.narrow(0, place.row, place.count).add_(hidden_CD.narrow(0, place.column, place.count));
    }
  }
  if (weight_sum_VD_.defined()) {
    at::Tensor hidden_CD = at::zeros({filled_, hidden_RD_.size(1)}, hidden_RD_.options());
    for (const Place& place : places_) {
      hidden_CD.narrow(0, place.column, place.count).copy_(hidden_RD_.narrow(0, place.row, place.count));
    }
    add_matmul_tiles(weight_sum_VD_, gradient_VC, hidden_CD);
  }
  places_.clear();
  filled_ = 0;
}

}  // namespace soft_tokens::head
