// One step of decoding on the processor: mixtures and token choices. Scores with gradients are in head-score.cpp.
//
// Axes: R rows of a chunk, V vocabulary, D hidden.

#include <algorithm>
#include <cmath>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include "gemm.h"
#include "head-paths.h"
#include "head-softmax.h"
#include "products.h"

namespace soft_tokens::head::cpu {

namespace {

struct Outputs {
  at::Tensor argmax_R, entropy_R, top_ids_RK, top_probabilities_RK;
};

Outputs make_outputs(const at::Tensor& hidden_RD, int64_t top_k) {
  const auto wide = hidden_RD.options().dtype(at::kFloat);
  const int64_t R = hidden_RD.size(0);
  Outputs out{at::empty({R}, wide.dtype(at::kInt)), at::empty({R}, wide), {}, {}};
  if (top_k > 0) {
    out.top_ids_RK = at::empty({R, top_k}, wide.dtype(at::kInt));
    out.top_probabilities_RK = at::empty({R, top_k}, wide);
  }
  return out;
}

void fill(Outputs& out, const ChunkSoftmax& chunk, int64_t begin) {
  for (size_t row = 0; row < chunk.rows.size(); row++) {
    out.argmax_R.mutable_data_ptr<int32_t>()[begin + row] = static_cast<int32_t>(chunk.rows[row].argmax);
    out.entropy_R.mutable_data_ptr<float>()[begin + row] = static_cast<float>(chunk.rows[row].entropy);
  }
}

/** The chunk holds probabilities. */
void fill_top(Outputs& out, const ChunkSoftmax& chunk, int64_t begin, int64_t top_k) {
  const auto top = portable::top_alternatives(chunk.z_RV, top_k);
  out.top_ids_RK.narrow(0, begin, chunk.z_RV.size(0)).copy_(top[0]);
  out.top_probabilities_RK.narrow(0, begin, chunk.z_RV.size(0)).copy_(top[1]);
}

std::vector<at::Tensor> with_top(std::vector<at::Tensor> results, const Outputs& out) {
  if (out.top_ids_RK.defined()) {
    results.push_back(out.top_ids_RK);
    results.push_back(out.top_probabilities_RK);
  }
  return results;
}

}  // namespace

bool is_supported(const at::Tensor& hidden_RD, const at::Tensor& weight_VD, const at::Tensor& embedding_VD) {
  const auto fits = [](const at::Tensor& x) {
    return x.device().is_cpu() && x.layout() == at::kStrided &&
           (x.scalar_type() == at::kFloat || x.scalar_type() == at::kBFloat16);
  };
  return fits(hidden_RD) && fits(weight_VD) && weight_VD.is_contiguous() &&
         hidden_RD.scalar_type() == weight_VD.scalar_type() &&
         (!embedding_VD.defined() || (fits(embedding_VD) && embedding_VD.is_contiguous()));
}

std::vector<at::Tensor> mixture(const at::Tensor& hidden_RD, const at::Tensor& weight_VD, const at::Tensor& embedding_VD,
                                double temperature, int64_t top_k, int64_t max_elements) {
  const int64_t R = hidden_RD.size(0), V = weight_VD.size(0), width = embedding_VD.size(1);
  const Plan plan = make_plan(R, V, max_elements);
  if (plan.tile_width < V) {
    return portable::mixture(hidden_RD, weight_VD, embedding_VD, temperature, top_k, max_elements);
  }
  const double mass = droppable_mass(weight_VD);
  Outputs out = make_outputs(hidden_RD, top_k);
  at::Tensor mixture_RD = at::empty({R, width}, hidden_RD.options().dtype(at::kFloat));
  for (int64_t begin = 0; begin < R; begin += plan.rows_per_chunk) {
    const int64_t rows = std::min(plan.rows_per_chunk, R - begin);
    const at::Tensor z_RV = multiply_few_rows(hidden_RD.narrow(0, begin, rows), weight_VD);
    ChunkSoftmax chunk = visit_chunk(z_RV, temperature, first_cutoff(mass));
    keep_probable(chunk, mass);
    fill(out, chunk, begin);
    const bool dense = is_dense(chunk);
    if (!dense) {
      float* mixed = mixture_RD.mutable_data_ptr<float>() + begin * width;
      std::fill_n(mixed, rows * width, 0.0f);
      at::parallel_for(0, rows, 1, [&](int64_t from, int64_t to) {
        walk_kept(chunk.kept, from, to, V, [&](int64_t row, int64_t first, int64_t count) {
          const KeptTokens& kept = chunk.kept[row];
          gather_sum(kept.ids.data() + first, kept.values.data() + first, count, embedding_VD, mixed + row * width, true);
        });
      });
    }
    if (dense || top_k > 0) to_probabilities(chunk);
    if (dense) mixture_RD.narrow(0, begin, rows).copy_(matmul_float32(chunk.z_RV, embedding_VD, false, false));
    if (top_k > 0) fill_top(out, chunk, begin, top_k);
  }
  return with_top({mixture_RD, out.argmax_R, out.entropy_R}, out);
}

std::vector<at::Tensor> token_choice(const at::Tensor& hidden_RD, const at::Tensor& weight_VD,
                                     const std::optional<at::Tensor>& uniform_R, double temperature, int64_t top_k,
                                     int64_t max_elements) {
  const int64_t R = hidden_RD.size(0), V = weight_VD.size(0);
  const Plan plan = make_plan(R, V, max_elements);
  const int64_t rows_per_chunk = plan.tile_width == V ? plan.rows_per_chunk : 1;
  const bool is_greedy = temperature == 0;
  Outputs out = make_outputs(hidden_RD, top_k);
  at::Tensor ids_R = out.argmax_R, log_prob_R = at::zeros({R}, hidden_RD.options().dtype(at::kFloat));
  at::Tensor draws_R;
  if (!is_greedy) {
    ids_R = at::empty_like(out.argmax_R);
    draws_R = uniform_R->to(at::kFloat).contiguous();
  }
  for (int64_t begin = 0; begin < R; begin += rows_per_chunk) {
    const int64_t rows = std::min(rows_per_chunk, R - begin);
    const at::Tensor z_RV = multiply_few_rows(hidden_RD.narrow(0, begin, rows), weight_VD);
    ChunkSoftmax chunk = visit_chunk(z_RV, is_greedy ? 1 : temperature, 0);
    fill(out, chunk, begin);
    if (!is_greedy) {
      const float* draws = draws_R.const_data_ptr<float>() + begin;
      int32_t* ids = ids_R.mutable_data_ptr<int32_t>() + begin;
      float* log_probs = log_prob_R.mutable_data_ptr<float>() + begin;
      at::parallel_for(0, rows, 1, [&](int64_t from, int64_t to) {
        for (int64_t row = from; row < to; row++) {
          const int64_t id = invert_cumulative(chunk, row, draws[row]);
          const RowSoftmax& softmax = chunk.rows[row];
          ids[row] = static_cast<int32_t>(id);
          log_probs[row] =
              static_cast<float>((chunk.row(row)[id] - softmax.max) * chunk.scale - std::log(softmax.sum));
        }
      });
    }
    if (top_k > 0) {
      to_probabilities(chunk);
      fill_top(out, chunk, begin, top_k);
    }
  }
  return with_top({ids_R, log_prob_R, out.entropy_R}, out);
}

}  // namespace soft_tokens::head::cpu
