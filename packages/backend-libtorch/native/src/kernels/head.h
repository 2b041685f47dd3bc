// The head: from hidden states to thoughts, tokens and their log-probabilities, without ever holding [tokens, vocabulary].
// Logits, softmax, mixture and the Gaussian term are float32 accurate whatever the dtype of the weights (method.md,
// sections 1, 2 and 12). The TypeScript decompositions of packages/tensor/src/fused say what each function means.
//
// Axes: R rows, V vocabulary, D hidden (of the embedding too), K alternatives.

#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <ATen/core/Tensor.h>

namespace soft_tokens {

/**
 * p = softmax(H W^T / temperature), h = p E -> {mixture [R, D] float32, argmax [R] int32, entropy [R] float32}, and
 * with `top_k` > 0 {ids [R, K] int32, probabilities [R, K]}. `max_elements` bounds [rows, vocabulary] in float32; 0 or
 * less for the default of 2^22. No gradient.
 */
std::vector<at::Tensor> mixture(const at::Tensor& hidden_RD, const at::Tensor& weight_VD, const at::Tensor& embedding_VD,
                                double temperature, int64_t top_k, int64_t max_elements);

/**
 * One token per row by the inverse of the cumulative sum at `uniform_R` (float32 in [0, 1)), or the argmax at
 * temperature 0, where entropy and alternatives are those of temperature 1 -> {ids [R] int32, log-probability [R]
 * (zeros at temperature 0), entropy [R]} and the alternatives as in `mixture`. No gradient.
 */
std::vector<at::Tensor> token_choice(const at::Tensor& hidden_RD, const at::Tensor& weight_VD,
                                     const std::optional<at::Tensor>& uniform_R, double temperature, int64_t top_k,
                                     int64_t max_elements);

/**
 * sum over rows of coefficient * -||thought - p E||^2 / (2 sigma^2) -> {value [], log-probability [R], entropy [R]}; the
 * value is differentiable in hidden, weight and, unless `embedding_gradient` is false, embedding. The gradients are made
 * in the same visit of a chunk as the value; a head tied to its embedding (the same tensor twice) has one buffer.
 */
std::vector<at::Tensor> thought_log_prob(const at::Tensor& hidden_RD, const at::Tensor& weight_VD,
                                         const at::Tensor& embedding_VD, const at::Tensor& thought_RD,
                                         const at::Tensor& coefficient_R, double temperature, double sigma,
                                         bool embedding_gradient, int64_t max_elements);

/** sum over rows of coefficient * log softmax(H W^T / temperature)[id]; otherwise as `thought_log_prob`. */
std::vector<at::Tensor> token_log_prob(const at::Tensor& hidden_RD, const at::Tensor& weight_VD, const at::Tensor& ids_R,
                                       const at::Tensor& coefficient_R, double temperature, int64_t max_elements);

}  // namespace soft_tokens
