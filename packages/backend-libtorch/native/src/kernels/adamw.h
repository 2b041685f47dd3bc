// One AdamW step in place (Loshchilov and Hutter 2019, arXiv 1711.05101), in the order of operations of torch.optim.AdamW.

#pragma once

#include <ATen/core/Tensor.h>

#include <optional>
#include <vector>

#include "../bind.h"

namespace soft_tokens {


/// Gives parameter, first and second moment and, where there is one, the master copy: each the updated tensor for the slot
/// that it came from. `rounding_key` holds two 32-bit words, or none: to the nearest.
std::vector<at::Tensor> adamw(const at::Tensor& parameter, const std::optional<at::Tensor>& master,
                              const at::Tensor& gradient, const at::Tensor& first_moment,
                              const at::Tensor& second_moment, const HostBytes& rounding_key, double step,
                              double learning_rate, double beta1, double beta2, double epsilon,
                              double weight_decay, double gradient_scale);

}  // namespace soft_tokens
