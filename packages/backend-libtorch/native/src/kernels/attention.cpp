// Chooses the path, and is the one autograd function around all of them. What is kept for the backward pass
// is the inputs, the output and two numbers per score row.

#include "attention.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include <numeric>
#include <utility>

#include "attention-paths.h"
#include "attention-train.h"
#include "options.h"

namespace soft_tokens {

namespace {

using attention_paths::Forward;
using attention_paths::Gradients;
using attention_paths::Inputs;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/** An absent tensor becomes an undefined one. */
Inputs make_inputs(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value,
                   const std::optional<at::Tensor>& mask, const std::optional<at::Tensor>& prefix_key,
                   const std::optional<at::Tensor>& prefix_value,
                   const std::optional<at::Tensor>& prefix_mask, const std::vector<int64_t>& rows_per_prompt,
                   double scale) {
  const auto or_undefined = [](const std::optional<at::Tensor>& x) { return x.value_or(at::Tensor()); };
  return {query,
          key,
          value,
          or_undefined(mask),
          or_undefined(prefix_key),
          or_undefined(prefix_value),
          or_undefined(prefix_mask),
          rows_per_prompt,
          scale};
}

bool has_cpu_path(const Inputs& inputs) { return inputs.query_BNTH.is_cpu() && !use_portable_kernels(); }

/** Without `statistics` no backward pass can follow. */
Forward run_forward(const Inputs& inputs, bool statistics) {
  if (!has_cpu_path(inputs)) return attention_paths::forward_portable(inputs);
  const at::ScalarType type = inputs.query_BNTH.scalar_type();
  const bool decodes = inputs.query_BNTH.size(2) == 1 && !statistics;
  if (attention_paths::fits_tiles(inputs)) {
    return decodes ? attention_paths::decode_tiles(inputs) : attention_paths::forward_tiles(inputs);
  }
  // Measured in float32: the library's batched products overtake our loops between one row and four.
  const bool loops_are_faster =
      type == at::kBFloat16 || (type == at::kFloat && inputs.query_BNTH.size(0) <= 2);
  if (decodes && loops_are_faster) return attention_paths::decode_cpu(inputs);
  return attention_paths::forward_portable(inputs);
}

Gradients run_backward(const Inputs& inputs, const Forward& forward, const at::Tensor& gradient_BNTH) {
  if (has_cpu_path(inputs) && attention_paths::fits_tiles(inputs)) {
    return attention_paths::backward_tiles(inputs, forward, gradient_BNTH);
  }
  return attention_paths::backward_portable(inputs, forward, gradient_BNTH);
}

class AttentionFunction : public torch::autograd::Function<AttentionFunction> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& query, const at::Tensor& key,
                            const at::Tensor& value, const std::optional<at::Tensor>& prefix_key,
                            const std::optional<at::Tensor>& prefix_value,
                            const std::optional<at::Tensor>& mask,
                            const std::optional<at::Tensor>& prefix_mask,
                            const std::vector<int64_t>& rows_per_prompt, double scale) {
    const Inputs inputs =
        make_inputs(query, key, value, mask, prefix_key, prefix_value, prefix_mask, rows_per_prompt, scale);
    const Forward result = run_forward(inputs, true);
    context->save_for_backward({query, key, value, inputs.mask, inputs.prefix_key_PKZH,
                                inputs.prefix_value_PKZH, inputs.prefix_mask_PZ, result.output_BNTH,
                                result.statistics});
    context->saved_data["rows_per_prompt"] = rows_per_prompt;
    context->saved_data["scale"] = scale;
    return result.output_BNTH;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const variable_list saved = context->get_saved_variables();
    const Inputs inputs{saved[0],
                        saved[1],
                        saved[2],
                        saved[3],
                        saved[4],
                        saved[5],
                        saved[6],
                        context->saved_data["rows_per_prompt"].toIntVector(),
                        context->saved_data["scale"].toDouble()};
    const at::NoGradGuard no_gradient;
    Gradients result = run_backward(inputs, {saved[7], saved[8]}, gradients[0]);
    return {result.query_BNTH,
            result.key_BKSH,
            result.value_BKSH,
            result.prefix_key_PKZH,
            result.prefix_value_PKZH,
            {},
            {},
            {},
            {}};
  }
};

bool needs_gradient(const Inputs& inputs) {
  const auto requires_grad = [](const at::Tensor& x) { return x.defined() && x.requires_grad(); };
  return at::GradMode::is_enabled() &&
         (requires_grad(inputs.query_BNTH) || requires_grad(inputs.key_BKSH) ||
          requires_grad(inputs.value_BKSH) || requires_grad(inputs.prefix_key_PKZH) ||
          requires_grad(inputs.prefix_value_PKZH));
}

void check(const Inputs& inputs) {
  const at::IntArrayRef query = inputs.query_BNTH.sizes(), key = inputs.key_BKSH.sizes();
  TORCH_CHECK(query.size() == 4 && key.size() == 4 && key[0] == query[0] && key[3] == query[3] &&
                  key[1] > 0 && query[1] % key[1] == 0,
              "attention: query ", query, " wants key [B, K, S, H] with N a multiple of K, got ", key);
  TORCH_CHECK(inputs.value_BKSH.sizes() == key, "attention: value ", inputs.value_BKSH.sizes(), " wants ",
              key);
  const at::ScalarType type = inputs.query_BNTH.scalar_type();
  TORCH_CHECK(inputs.key_BKSH.scalar_type() == type && inputs.value_BKSH.scalar_type() == type,
              "attention: query, key and value want one dtype, got ", type, ", ",
              inputs.key_BKSH.scalar_type(), " and ", inputs.value_BKSH.scalar_type());
  const std::vector<int64_t>& counts = inputs.rows_per_prompt;
  if (!inputs.has_prefix()) return;
  const at::IntArrayRef prefix = inputs.prefix_key_PKZH.sizes();
  TORCH_CHECK(prefix.size() == 4 && prefix[1] == key[1] && prefix[3] == key[3] &&
                  inputs.prefix_value_PKZH.defined() && inputs.prefix_value_PKZH.sizes() == prefix,
              "attention: prefix key ", prefix, " wants [P, ", key[1], ", S, ", key[3],
              "] and a value like it");
  TORCH_CHECK(inputs.prefix_key_PKZH.scalar_type() == type && inputs.prefix_value_PKZH.scalar_type() == type,
              "attention: prefix wants dtype ", type);
  TORCH_CHECK(static_cast<int64_t>(counts.size()) == prefix[0] &&
                  std::accumulate(counts.begin(), counts.end(), int64_t{0}) == query[0],
              "attention: rows per prompt ", counts, " wants ", prefix[0], " counts with sum ", query[0]);
}

}  // namespace

at::Tensor attention(const at::Tensor& query_BNTH, const at::Tensor& key_BKSH, const at::Tensor& value_BKSH,
                     const std::optional<at::Tensor>& mask, const std::optional<at::Tensor>& prefix_key_PKSH,
                     const std::optional<at::Tensor>& prefix_value_PKSH,
                     const std::optional<at::Tensor>& prefix_mask_PS,
                     const std::vector<int64_t>& rows_per_prompt, double scale) {
  Inputs inputs = make_inputs(query_BNTH, key_BKSH, value_BKSH, mask, prefix_key_PKSH, prefix_value_PKSH,
                              prefix_mask_PS, rows_per_prompt, scale);
  check(inputs);
  if (!inputs.has_prefix()) inputs.rows_per_prompt = {query_BNTH.size(0)};
  if (!needs_gradient(inputs)) {
    const at::NoGradGuard no_gradient;
    return run_forward(inputs, false).output_BNTH;
  }
  return AttentionFunction::apply(query_BNTH, key_BKSH, value_BKSH, prefix_key_PKSH, prefix_value_PKSH, mask,
                                  prefix_mask_PS, inputs.rows_per_prompt, scale);
}

}  // namespace soft_tokens
