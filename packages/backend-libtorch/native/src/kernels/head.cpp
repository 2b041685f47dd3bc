#include "head.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/custom_function.h>

#include "gradient-sums.h"
#include "head-paths.h"
#include "ids.h"
#include "options.h"

namespace soft_tokens {

namespace {

/** Sums that took a head's gradients in the forward pass. */
struct AddedGradients : torch::CustomClassHolder {
  explicit AddedGradients(std::shared_ptr<GradientSums> taken_by) : sums(std::move(taken_by)) {}
  std::shared_ptr<GradientSums> sums;
};

/**
 * A value whose gradients are known with it. Leaves the forward pass with them and scales them by what comes back; where some
 * were added to sums at once, nothing may come back but 1.
 */
class KnownGradients : public torch::autograd::Function<KnownGradients> {
 public:
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& /*hidden*/,
                            const at::Tensor& /*weight*/, const at::Tensor& /*embedding*/,
                            const at::Tensor& value, const head::Score& score,
                            const std::shared_ptr<GradientSums>& added) {
    context->save_for_backward({score.hidden_gradient_RD, score.weight_gradient_VD, score.embedding_gradient_VD});
    if (added) context->saved_data["added"] = at::IValue::make_capsule(c10::make_intrusive<AddedGradients>(added));
    return value.clone();
  }

  /** Gradients of hidden, weight and embedding, then nothing for the value, the score and the sums. */
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list upstream) {
    torch::autograd::variable_list gradients(6);
    if (!upstream[0].defined()) return gradients;
    if (context->saved_data.count("added") > 0) {
      TORCH_CHECK(upstream[0].item<double>() == 1,
                  "a log-probability whose gradient is added to a sum must be a plain term of the differentiated value");
      c10::static_intrusive_pointer_cast<AddedGradients>(context->saved_data["added"].toCapsule())->sums->heads_reached++;
    }
    const auto saved = context->get_saved_variables();
    for (size_t at = 0; at < saved.size(); at++) {
      // The engine casts a gradient to its input's dtype: here from float32, once.
      if (saved[at].defined()) gradients[at] = saved[at] * upstream[0];
    }
    return gradients;
  }
};

bool takes_loops(const at::Tensor& hidden_RD, const at::Tensor& weight_VD, const at::Tensor& embedding_VD) {
  return !use_portable_kernels() && head::cpu::is_supported(hidden_RD, weight_VD, embedding_VD);
}

/** What autograd must not see: constants of the computation below. */
at::Tensor constant(const at::Tensor& x) { return x.defined() ? x.detach() : x; }

std::vector<at::Tensor> weighted_sum(head::ScoreRequest request, const at::Tensor& embedding_VD,
                                     bool embedding_gradient) {
  const at::Tensor hidden_RD = request.hidden_RD, weight_VD = request.weight_VD;
  const bool is_recorded = at::GradMode::is_enabled();
  const bool is_thought = embedding_VD.defined();
  // One handle is one input: with it twice, autograd would carry a second gradient of the size of the vocabulary.
  request.is_tied = is_thought && embedding_VD.is_same(weight_VD);
  request.needs_hidden = is_recorded && hidden_RD.requires_grad();
  request.needs_weight = is_recorded && weight_VD.requires_grad();
  request.needs_embedding = is_recorded && is_thought && embedding_gradient && embedding_VD.requires_grad();
  request.hidden_RD = constant(hidden_RD);
  request.weight_VD = constant(weight_VD);
  request.embedding_VD = constant(embedding_VD);
  request.thought_RD = constant(request.thought_RD);
  request.coefficient_R = constant(request.coefficient_R).to(at::kFloat);

  // Gradients that go to sums are added in the visit that makes them.
  if (request.needs_weight) request.weight_sum_VD = gradient_sum_of(weight_VD);
  if (request.needs_embedding) {
    request.embedding_sum_VD = request.is_tied ? request.weight_sum_VD : gradient_sum_of(embedding_VD);
  }
  const bool adds_weight = request.weight_sum_VD.defined(), adds_embedding = request.embedding_sum_VD.defined();

  head::Score score;
  at::Tensor value;
  {
    at::NoGradGuard no_gradient;
    if (hidden_RD.size(0) == 0) {
      const at::Tensor none = at::zeros({0}, hidden_RD.options().dtype(at::kFloat).requires_grad(false));
      return {at::zeros({}, none.options()), none, none.clone()};
    }
    score = takes_loops(hidden_RD, weight_VD, embedding_VD) ? head::cpu::score(request) : head::portable::score(request);
    value = (score.log_prob_R * request.coefficient_R).sum();
  }
  if (request.needs_gradient()) {
    if (request.is_tied || adds_embedding) score.embedding_gradient_VD.reset();  // in the weight's, or in a sum
    if (adds_weight) score.weight_gradient_VD.reset();
    std::shared_ptr<GradientSums> added;
    if (adds_weight || adds_embedding) {
      added = gradient_sums();
      added->heads_added++;
    }
    // Autograd takes no undefined input; without an embedding of its own the weight stands in, and gets no second gradient.
    const bool has_embedding = is_thought && !request.is_tied;
    value = KnownGradients::apply(hidden_RD, weight_VD, has_embedding ? embedding_VD : weight_VD, value, score, added);
  }
  return {value, score.log_prob_R, score.entropy_R};
}

std::vector<at::Tensor> no_rows(const at::Tensor& hidden_RD, std::vector<at::Tensor> results, int64_t top_k) {
  if (top_k > 0) {
    results.push_back(at::zeros({0, top_k}, hidden_RD.options().dtype(at::kInt)));
    results.push_back(at::zeros({0, top_k}, hidden_RD.options().dtype(at::kFloat)));
  }
  return results;
}

}  // namespace

std::vector<at::Tensor> mixture(const at::Tensor& hidden_RD, const at::Tensor& weight_VD, const at::Tensor& embedding_VD,
                                double temperature, int64_t top_k, int64_t max_elements) {
  at::NoGradGuard no_gradient;
  const int64_t alternatives = std::min(top_k, weight_VD.size(0));
  if (hidden_RD.size(0) == 0) {
    const auto wide = hidden_RD.options().dtype(at::kFloat);
    return no_rows(hidden_RD,
                   {at::zeros({0, embedding_VD.size(1)}, wide), at::zeros({0}, wide.dtype(at::kInt)), at::zeros({0}, wide)},
                   alternatives);
  }
  const auto path = takes_loops(hidden_RD, weight_VD, embedding_VD) ? head::cpu::mixture : head::portable::mixture;
  return path(hidden_RD, weight_VD, embedding_VD, temperature, alternatives, max_elements);
}

std::vector<at::Tensor> token_choice(const at::Tensor& hidden_RD, const at::Tensor& weight_VD,
                                     const std::optional<at::Tensor>& uniform_R, double temperature, int64_t top_k,
                                     int64_t max_elements) {
  at::NoGradGuard no_gradient;
  const int64_t alternatives = std::min(top_k, weight_VD.size(0));
  TORCH_CHECK(temperature == 0 || uniform_R.has_value(), "tokenChoice: a temperature above 0 needs uniform numbers");
  if (hidden_RD.size(0) == 0) {
    const auto wide = hidden_RD.options().dtype(at::kFloat);
    return no_rows(hidden_RD, {at::zeros({0}, wide.dtype(at::kInt)), at::zeros({0}, wide), at::zeros({0}, wide)},
                   alternatives);
  }
  const auto path = takes_loops(hidden_RD, weight_VD, {}) ? head::cpu::token_choice : head::portable::token_choice;
  return path(hidden_RD, weight_VD, uniform_R, temperature, alternatives, max_elements);
}

std::vector<at::Tensor> thought_log_prob(const at::Tensor& hidden_RD, const at::Tensor& weight_VD,
                                         const at::Tensor& embedding_VD, const at::Tensor& thought_RD,
                                         const at::Tensor& coefficient_R, double temperature, double sigma,
                                         bool embedding_gradient, int64_t max_elements) {
  head::ScoreRequest request;
  request.hidden_RD = hidden_RD;
  request.weight_VD = weight_VD;
  request.thought_RD = thought_RD;
  request.coefficient_R = coefficient_R;
  request.temperature = temperature;
  request.sigma = sigma;
  request.max_elements = max_elements;
  return weighted_sum(request, embedding_VD, embedding_gradient);
}

std::vector<at::Tensor> token_log_prob(const at::Tensor& hidden_RD, const at::Tensor& weight_VD, const at::Tensor& ids_R,
                                       const at::Tensor& coefficient_R, double temperature, int64_t max_elements) {
  check_ids(ids_R, weight_VD.size(0));
  head::ScoreRequest request;
  request.hidden_RD = hidden_RD;
  request.weight_VD = weight_VD;
  request.ids_R = ids_R;
  request.coefficient_R = coefficient_R;
  request.temperature = temperature;
  request.max_elements = max_elements;
  return weighted_sum(request, {}, false);
}

}  // namespace soft_tokens
