// Gradients of the head that are gathered over many chunks before they are added to [V, D], which is large: a visit of it
// costs more than a chunk's product.
//
// Axes: R rows, V vocabulary, D hidden.

#pragma once

#include <vector>

#include <ATen/core/Tensor.h>

#include "head-softmax.h"

namespace soft_tokens::head {

/** Gradients at kept tokens: exact float32 sums, in the order of the rows, whatever the number of threads. */
class SparseGradients {
 public:
  /** `g_RD` undefined: nothing goes to the embedding. Sums may be undefined or one buffer. */
  SparseGradients(const at::Tensor& hidden_RD, const at::Tensor& g_RD, const at::Tensor& weight_sum_VD,
                  const at::Tensor& embedding_sum_VD, int64_t vocabulary, int64_t max_elements);

  /** weight_sum[id] += logit_gradient * hidden[row] and embedding_sum[id] += probability * g[row]. */
  void add(int64_t row, const KeptTokens& kept, const std::vector<float>& logit_gradients);
  void flush();

 private:
  const at::Tensor hidden_RD_, g_RD_, weight_sum_VD_, embedding_sum_VD_;
  const int64_t vocabulary_;
  const size_t most_;
  std::vector<int32_t> rows_, ids_;
  std::vector<float> logit_gradients_, probabilities_;
};

/**
 * What hard tokens add besides: -a / tau p at every token below a probability of 2^-12, of which there are thousands. It is
 * rounded to bfloat16 (2^-9 of the small part) and multiplied on the tile units, a few hundred rows at once.
 */
class TailGradients {
 public:
  static constexpr float kLargest = 1.0f / 4096;
  static bool is_supported(const at::Tensor& weight_VD);

  /** Sums may be undefined. */
  TailGradients(const at::Tensor& hidden_RD, const at::Tensor& weight_VD, const at::Tensor& hidden_sum_RD,
                const at::Tensor& weight_sum_VD, int64_t max_elements);

  /** Rows [begin, begin + chunk) with their factors a / tau. */
  void add(ChunkSoftmax& chunk, int64_t begin, const float* factors);
  void flush();

 private:
  struct Place {
    int64_t column, row, count;
  };
  const at::Tensor hidden_RD_, weight_VD_, hidden_sum_RD_, weight_sum_VD_;
  const int64_t capacity_;
  /** dz^T, [V, capacity] bfloat16. */
  at::Tensor gradient_VC_;
  std::vector<Place> places_;
  int64_t filled_ = 0;
};

}  // namespace soft_tokens::head
