// Log-probabilities and their gradients on the processor, in one visit of each chunk (method.md section 12): logits are
// computed once, what is kept of a chunk are the kept tokens of its rows.
//
// Axes: R rows, V vocabulary, D hidden.

#include <algorithm>
#include <cmath>
#include <limits>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include "gemm.h"
#include "head-gradients.h"
#include "head-paths.h"
#include "head-softmax.h"

namespace soft_tokens::head::cpu {

namespace {

/** The request, its results so far, and where gradients are gathered. */
class Scoring {
 public:
  explicit Scoring(const ScoreRequest& request)
      : request_(request), rows_(request.hidden_RD.size(0)), vocabulary_(request.weight_VD.size(0)),
        hidden_RD_(request.hidden_RD.contiguous()), coefficient_R_(request.coefficient_R.to(at::kFloat).contiguous()) {
    const auto wide = request.weight_VD.options().dtype(at::kFloat);
    score_.log_prob_R = at::empty({rows_}, wide);
    score_.entropy_R = at::empty({rows_}, wide);
    if (request.needs_hidden) score_.hidden_gradient_RD = at::zeros(hidden_RD_.sizes(), wide);
    const auto sum_for = [&](const at::Tensor& given, const at::Tensor& like) {
      return given.defined() ? given : at::zeros(like.sizes(), wide);
    };
    if (request.needs_weight) score_.weight_gradient_VD = sum_for(request.weight_sum_VD, request.weight_VD);
    if (request.needs_embedding) {
      score_.embedding_gradient_VD = request.is_tied ? score_.weight_gradient_VD
                                                     : sum_for(request.embedding_sum_VD, request.embedding_VD);
    }
  }

  Score thoughts() {
    const int64_t width = request_.embedding_VD.size(1);
    const at::Tensor thought_RD = request_.thought_RD.to(at::kFloat).contiguous();
    const at::Tensor g_RD = at::zeros({rows_, width}, thought_RD.options());
    SparseGradients sparse(hidden_RD_, g_RD, score_.weight_gradient_VD, score_.embedding_gradient_VD, vocabulary_,
                           request_.max_elements);
    const double mass = droppable_mass(request_.weight_VD);
    each_chunk(first_cutoff(mass), [&](ChunkSoftmax& chunk, int64_t begin, int64_t count) {
      keep_probable(chunk, mass);
      if (is_dense(chunk)) return dense_chunk(begin, count);
      score_thoughts(chunk, begin, thought_RD.const_data_ptr<float>() + begin * width,
                     g_RD.mutable_data_ptr<float>() + begin * width, sparse);
    });
    sparse.flush();
    return score_;
  }

  Score tokens() {
    const at::Tensor ids_R = request_.ids_R.to(at::kInt).contiguous();
    SparseGradients sparse(hidden_RD_, {}, score_.weight_gradient_VD, {}, vocabulary_, request_.max_elements);
    TailGradients tail(hidden_RD_, request_.weight_VD, score_.hidden_gradient_RD, score_.weight_gradient_VD,
                       request_.max_elements);
    const double mass = droppable_mass(request_.weight_VD);
    const bool has_tail = TailGradients::is_supported(request_.weight_VD);
    const bool is_float32 = request_.weight_VD.scalar_type() == at::kFloat;
    each_chunk(request_.needs_gradient() ? TailGradients::kLargest : 0,
               [&](ChunkSoftmax& chunk, int64_t begin, int64_t count) {
                 const int32_t* ids = ids_R.const_data_ptr<int32_t>() + begin;
                 log_probs_at(chunk, begin, ids);
                 if (!request_.needs_gradient()) return;
                 std::vector<float> factors(count);
                 for (int64_t row = 0; row < count; row++) {
                   factors[row] =
                       static_cast<float>(coefficient_R_.const_data_ptr<float>()[begin + row] / request_.temperature);
                   if (!std::isfinite(chunk.rows[row].sum)) factors[row] = std::numeric_limits<float>::quiet_NaN();
                 }
                 bool is_sparse = true;
                 for (int64_t row = 0; row < count; row++) {
                   is_sparse = is_sparse && chunk.dropped[row] <= mass * chunk.rows[row].sum;
                 }
                 if (!is_sparse && is_float32) return dense_tokens(chunk, begin, ids, factors.data());
                 if (!is_sparse && !has_tail) return dense_chunk(begin, count);
                 if (is_sparse) {
                   keep_probable(chunk, mass);
                 } else {
                   tail.add(chunk, begin, factors.data());
                   leave_tail(chunk);
                 }
                 sparse_tokens(chunk, begin, ids, factors.data(), sparse);
               });
    sparse.flush();
    tail.flush();
    return score_;
  }

 private:
  template <typename Visit>
  void each_chunk(float cutoff, const Visit& visit) {
    const int64_t rows_per_chunk = make_plan(rows_, vocabulary_, request_.max_elements).rows_per_chunk;
    for (int64_t begin = 0; begin < rows_; begin += rows_per_chunk) {
      const int64_t count = std::min(rows_per_chunk, rows_ - begin);
      const at::Tensor z_RV = matmul_float32(hidden_RD_.narrow(0, begin, count), request_.weight_VD, false, true);
      ChunkSoftmax chunk = visit_chunk(z_RV, request_.temperature, cutoff);
      for (int64_t row = 0; row < count; row++) {
        score_.entropy_R.mutable_data_ptr<float>()[begin + row] = static_cast<float>(chunk.rows[row].entropy);
      }
      visit(chunk, begin, count);
    }
  }

  /** `thought`, `g`: of the chunk's first row. */
  void score_thoughts(ChunkSoftmax& chunk, int64_t begin, const float* thought, float* g, SparseGradients& sparse) {
    const int64_t width = request_.embedding_VD.size(1), D = hidden_RD_.size(1);
    const auto count = static_cast<int64_t>(chunk.kept.size());
    const double variance = request_.sigma * request_.sigma;
    const float* coefficients = coefficient_R_.const_data_ptr<float>() + begin;
    float* log_probs = score_.log_prob_R.mutable_data_ptr<float>() + begin;
    std::vector<std::vector<float>> logit_gradients(count);
    at::parallel_for(0, count, 1, [&](int64_t from, int64_t to) {
      // g holds the mixture first, then its difference to the thought, then the gradient with respect to the mixture.
      walk_kept(chunk.kept, from, to, vocabulary_, [&](int64_t row, int64_t first, int64_t length) {
        const KeptTokens& kept = chunk.kept[row];
        gather_sum(kept.ids.data() + first, kept.values.data() + first, length, request_.embedding_VD, g + row * width,
                   true);
      });
      for (int64_t row = from; row < to; row++) {
        double squares = 0;
        for (int64_t column = 0; column < width; column++) {
          float& at = g[row * width + column];
          at = thought[row * width + column] - at;
          squares += static_cast<double>(at) * at;
          at *= static_cast<float>(coefficients[row] / variance);
        }
        log_probs[row] = static_cast<float>(-squares / (2 * variance));
      }
      if (!request_.needs_gradient()) return;
      for (int64_t row = from; row < to; row++) logit_gradients[row].resize(chunk.kept[row].ids.size());
      walk_kept(chunk.kept, from, to, vocabulary_, [&](int64_t row, int64_t first, int64_t length) {
        gather_dots(chunk.kept[row].ids.data() + first, length, request_.embedding_VD, g + row * width,
                    logit_gradients[row].data() + first);
      });
      for (int64_t row = from; row < to; row++) {
        // Both terms of dz from the same s: where p is one-hot they cancel exactly (log-prob.ts).
        std::vector<float>& s = logit_gradients[row];
        const std::vector<float>& p = chunk.kept[row].values;
        double expected = 0;
        for (size_t at = 0; at < s.size(); at++) expected += static_cast<double>(p[at]) * s[at];
        for (size_t at = 0; at < s.size(); at++) {
          s[at] = static_cast<float>(p[at] * (s[at] - expected) / request_.temperature);
        }
      }
      add_hidden(chunk, begin, from, to, D, logit_gradients);
    });
    if (!request_.needs_weight && !request_.needs_embedding) return;
    for (int64_t row = 0; row < count; row++) sparse.add(begin + row, chunk.kept[row], logit_gradients[row]);
  }

  void log_probs_at(ChunkSoftmax& chunk, int64_t begin, const int32_t* ids) {
    for (size_t row = 0; row < chunk.rows.size(); row++) {
      const RowSoftmax& softmax = chunk.rows[row];
      const float scaled = (chunk.row(static_cast<int64_t>(row))[ids[row]] - softmax.max) * chunk.scale;
      score_.log_prob_R.mutable_data_ptr<float>()[begin + row] = static_cast<float>(scaled - std::log(softmax.sum));
    }
  }

  /** What TailGradients leaves: probabilities from its threshold up. */
  static void leave_tail(ChunkSoftmax& chunk) {
    for (size_t row = 0; row < chunk.kept.size(); row++) {
      KeptTokens& kept = chunk.kept[row];
      const auto threshold = static_cast<float>(TailGradients::kLargest * chunk.rows[row].sum);
      size_t count = 0;
      for (size_t at = 0; at < kept.ids.size(); at++) {
        if (kept.values[at] < threshold) continue;
        kept.ids[count] = kept.ids[at];
        kept.values[count++] = static_cast<float>(kept.values[at] / chunk.rows[row].sum);
      }
      kept.ids.resize(count);
      kept.values.resize(count);
    }
  }

  /** dz = factor * (onehot(id) - p) at kept tokens. */
  void sparse_tokens(ChunkSoftmax& chunk, int64_t begin, const int32_t* ids, const float* factors,
                     SparseGradients& sparse) {
    const auto count = static_cast<int64_t>(chunk.kept.size());
    std::vector<std::vector<float>> logit_gradients(count);
    at::parallel_for(0, count, 1, [&](int64_t from, int64_t to) {
      for (int64_t row = from; row < to; row++) {
        KeptTokens& kept = chunk.kept[row];
        const auto at_id = std::find(kept.ids.begin(), kept.ids.end(), ids[row]) - kept.ids.begin();
        if (at_id == static_cast<int64_t>(kept.ids.size())) {
          kept.ids.push_back(ids[row]);
          kept.values.push_back(0);
        }
        std::vector<float>& dz = logit_gradients[row];
        dz.resize(kept.ids.size());
        for (size_t at = 0; at < dz.size(); at++) dz[at] = -factors[row] * kept.values[at];
        dz[at_id] = factors[row] * (1.0f - kept.values[at_id]);
      }
      add_hidden(chunk, begin, from, to, hidden_RD_.size(1), logit_gradients);
    });
    if (!request_.needs_weight) return;
    for (int64_t row = 0; row < count; row++) sparse.add(begin + row, chunk.kept[row], logit_gradients[row]);
  }

  /** dH += dz W */
  void add_hidden(const ChunkSoftmax& chunk, int64_t begin, int64_t from, int64_t to, int64_t D,
                  const std::vector<std::vector<float>>& logit_gradients) {
    if (!request_.needs_hidden) return;
    float* gradient = score_.hidden_gradient_RD.mutable_data_ptr<float>() + begin * D;
    walk_kept(chunk.kept, from, to, vocabulary_, [&](int64_t row, int64_t first, int64_t length) {
      gather_sum(chunk.kept[row].ids.data() + first, logit_gradients[row].data() + first, length, request_.weight_VD,
                 gradient + row * D, true);
    });
  }

  void dense_tokens(ChunkSoftmax& chunk, int64_t begin, const int32_t* ids, const float* factors) {
    const auto count = static_cast<int64_t>(chunk.rows.size());
    to_probabilities(chunk);
    at::parallel_for(0, count, 1, [&](int64_t from, int64_t to) {
      for (int64_t row = from; row < to; row++) {
        float* p = chunk.row(row);
        const float at_id = 1.0f - p[ids[row]];
        for (int64_t v = 0; v < vocabulary_; v++) p[v] *= -factors[row];
        p[ids[row]] = factors[row] * at_id;
      }
    });
    if (request_.needs_hidden) {
      score_.hidden_gradient_RD.narrow(0, begin, count).copy_(at::mm(chunk.z_RV, request_.weight_VD));
    }
    if (request_.needs_weight) {
      score_.weight_gradient_VD.addmm_(chunk.z_RV.t(), hidden_RD_.narrow(0, begin, count));
    }
  }

  /** Plain ATen operations for a chunk whose probability is spread over too many tokens to walk. */
  void dense_chunk(int64_t begin, int64_t count) {
    const auto part = [&](const at::Tensor& x) { return x.defined() ? x.narrow(0, begin, count) : x; };
    ScoreRequest request = request_;
    request.hidden_RD = part(hidden_RD_);
    request.coefficient_R = part(coefficient_R_);
    request.thought_RD = part(request_.thought_RD);
    request.ids_R = part(request_.ids_R);
    request.weight_sum_VD = score_.weight_gradient_VD;
    request.embedding_sum_VD = score_.embedding_gradient_VD;
    const Score of_chunk = portable::score(request);
    part(score_.log_prob_R).copy_(of_chunk.log_prob_R);
    part(score_.entropy_R).copy_(of_chunk.entropy_R);
    if (request_.needs_hidden) part(score_.hidden_gradient_RD).copy_(of_chunk.hidden_gradient_RD);
  }

  const ScoreRequest& request_;
  const int64_t rows_, vocabulary_;
  const at::Tensor hidden_RD_, coefficient_R_;
  Score score_;
};

}  // namespace

Score score(const ScoreRequest& request) {
  const int64_t V = request.weight_VD.size(0);
  if (make_plan(request.hidden_RD.size(0), V, request.max_elements).tile_width < V) return portable::score(request);
  Scoring scoring(request);
  return request.thought_RD.defined() ? scoring.thoughts() : scoring.tokens();
}

}  // namespace soft_tokens::head::cpu
