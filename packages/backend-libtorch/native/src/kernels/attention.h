// softmax(scale * q k^T + mask) v with grouped query heads and an optional prefix that several rows share.
//
// Axes: B rows, N query heads, K kv heads (N a multiple of K; query head n reads kv head n / (N / K)), T
// query tokens, S key tokens (own or prefix), H head size, P prompts.

#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <ATen/core/Tensor.h>

namespace soft_tokens {

/**
 * query [B, N, T, H], key and value [B, K, S, H] -> [B, N, T, H]; its transpose(1, 2) is contiguous.
 *
 * `mask` is added to the scores: float32, broadcastable to [B, 1, T, S], finite. A prefix [P, K, S', H] comes
 * before the own keys under one softmax, with `prefix_mask_PS` [P, S'] added; row b belongs to the prompt
 * that `rows_per_prompt` (P counts with sum B, zeros allowed) gives it. Differentiable in query, keys and
 * values; the softmax is computed in float32 (float64 for float64 inputs). Strides may be any.
 */
at::Tensor attention(const at::Tensor& query_BNTH, const at::Tensor& key_BKSH, const at::Tensor& value_BKSH,
                     const std::optional<at::Tensor>& mask, const std::optional<at::Tensor>& prefix_key_PKSH,
                     const std::optional<at::Tensor>& prefix_value_PKSH,
                     const std::optional<at::Tensor>& prefix_mask_PS,
                     const std::vector<int64_t>& rows_per_prompt, double scale);

}  // namespace soft_tokens
