// What the paths of the head have in common: the portable one of plain ATen operations, which runs on every device, and
// the one of our own loops for processors. head.cpp chooses.

#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <ATen/core/Tensor.h>

namespace soft_tokens::head {

/** How [rows, vocabulary] is divided: rows first, down to 16, then the vocabulary; as planHead of head-tiles.ts. */
struct Plan {
  int64_t rows_per_chunk;
  int64_t tile_width;
};
Plan make_plan(int64_t rows, int64_t vocabulary, int64_t max_elements);

/** What a log-probability is asked for: its terms, and which gradients of the weighted sum. */
struct ScoreRequest {
  at::Tensor hidden_RD, weight_VD, coefficient_R;
  /** Undefined for tokens. */
  at::Tensor embedding_VD, thought_RD;
  /** Undefined for thoughts. */
  at::Tensor ids_R;
  double temperature = 1, sigma = 1;
  int64_t max_elements = 0;
  bool needs_hidden = false, needs_weight = false, needs_embedding = false;
  /** The embedding's gradient is added to the weight's. */
  bool is_tied = false;

  /** Where defined, gradients are added to these and not to new ones. */
  at::Tensor weight_sum_VD, embedding_sum_VD;

  bool needs_gradient() const { return needs_hidden || needs_weight || needs_embedding; }
};

/** Gradients are float32, undefined where not needed. */
struct Score {
  at::Tensor log_prob_R, entropy_R;
  at::Tensor hidden_gradient_RD, weight_gradient_VD, embedding_gradient_VD;
};

namespace portable {
std::vector<at::Tensor> mixture(const at::Tensor& hidden_RD, const at::Tensor& weight_VD, const at::Tensor& embedding_VD,
                                double temperature, int64_t top_k, int64_t max_elements);
std::vector<at::Tensor> token_choice(const at::Tensor& hidden_RD, const at::Tensor& weight_VD,
                                     const std::optional<at::Tensor>& uniform_R, double temperature, int64_t top_k,
                                     int64_t max_elements);
Score score(const ScoreRequest& request);
/** The `top_k` largest of each row, the lowest index first among equals: {ids int32, values}. */
std::vector<at::Tensor> top_alternatives(const at::Tensor& probability_RV, int64_t top_k);
}  // namespace portable

namespace cpu {
/** Whether the loops take these operands: float32 or bfloat16, contiguous, on the processor. */
bool is_supported(const at::Tensor& hidden_RD, const at::Tensor& weight_VD, const at::Tensor& embedding_VD);
std::vector<at::Tensor> mixture(const at::Tensor& hidden_RD, const at::Tensor& weight_VD, const at::Tensor& embedding_VD,
                                double temperature, int64_t top_k, int64_t max_elements);
std::vector<at::Tensor> token_choice(const at::Tensor& hidden_RD, const at::Tensor& weight_VD,
                                     const std::optional<at::Tensor>& uniform_R, double temperature, int64_t top_k,
                                     int64_t max_elements);
Score score(const ScoreRequest& request);
}  // namespace cpu

}  // namespace soft_tokens::head
