#include <algorithm>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include "head-gradients.h"

namespace soft_tokens::head {

SparseGradients::SparseGradients(const at::Tensor& hidden_RD, const at::Tensor& g_RD, const at::Tensor& weight_sum_VD,
                                 const at::Tensor& embedding_sum_VD, int64_t vocabulary, int64_t max_elements)
    : hidden_RD_(hidden_RD), g_RD_(g_RD), weight_sum_VD_(weight_sum_VD), embedding_sum_VD_(embedding_sum_VD),
      vocabulary_(vocabulary), most_(static_cast<size_t>(max_elements > 0 ? max_elements : int64_t{1} << 22)) {}

void SparseGradients::add(int64_t row, const KeptTokens& kept, const std::vector<float>& logit_gradients) {
  rows_.insert(rows_.end(), kept.ids.size(), static_cast<int32_t>(row));
  ids_.insert(ids_.end(), kept.ids.begin(), kept.ids.end());
  logit_gradients_.insert(logit_gradients_.end(), logit_gradients.begin(), logit_gradients.end());
  if (embedding_sum_VD_.defined()) {
    probabilities_.insert(probabilities_.end(), kept.values.begin(), kept.values.end());
  }
  if (ids_.size() >= most_) flush();
}

void SparseGradients::flush() {
  // By token, in the order of the rows: a counting sort. Then each token's row of the sum is one thread's.
  const size_t count = ids_.size();
  std::vector<size_t> begin(vocabulary_ + 1);
  for (const int32_t id : ids_) begin[id + 1]++;
  for (int64_t id = 0; id < vocabulary_; id++) begin[id + 1] += begin[id];
  std::vector<size_t> next(begin.begin(), begin.end() - 1);
  std::vector<int32_t> rows(count);
  std::vector<float> logit_gradients(count), probabilities(probabilities_.size());
  for (size_t at = 0; at < count; at++) {
    const size_t place = next[ids_[at]]++;
    rows[place] = rows_[at];
    logit_gradients[place] = logit_gradients_[at];
    if (!probabilities_.empty()) probabilities[place] = probabilities_[at];
  }
  const auto add_token = [&](int64_t id) {
    const size_t first = begin[id];
    const auto length = static_cast<int64_t>(begin[id + 1] - first);
    if (length == 0) return;
    if (weight_sum_VD_.defined()) {
      gather_sum(rows.data() + first, logit_gradients.data() + first, length, hidden_RD_,
                 weight_sum_VD_.mutable_data_ptr<float>() + id * weight_sum_VD_.size(1), true);
    }
    if (embedding_sum_VD_.defined()) {
      gather_sum(rows.data() + first, probabilities.data() + first, length, g_RD_,
                 embedding_sum_VD_.mutable_data_ptr<float>() + id * embedding_sum_VD_.size(1), true);
    }
  };
  constexpr int64_t shares = 64;  // of about as many pairs each
  at::parallel_for(0, shares, 1, [&](int64_t from, int64_t to) {
    const auto boundary = [&](int64_t share) {
      const size_t pair = count * static_cast<size_t>(share) / shares;
      return std::lower_bound(begin.begin(), begin.end(), pair) - begin.begin();
    };
    const int64_t end = to == shares ? vocabulary_ : boundary(to);
    for (int64_t id = from == 0 ? 0 : boundary(from); id < end; id++) add_token(id);
  });
  rows_.clear();
  ids_.clear();
  logit_gradients_.clear();
  probabilities_.clear();
}

}  // namespace soft_tokens::head
