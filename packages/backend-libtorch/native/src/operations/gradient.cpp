// Gradients by libtorch's autograd. TypeScript knows what a recording begins and ends with; the graph is libtorch's.

#include <ATen/ATen.h>
#include <torch/csrc/autograd/autograd.h>

#include "../kernels/gradient-sums.h"
#include "device.h"
#include "operations.h"

namespace soft_tokens::operations {

std::vector<Tensor> set_recording(bool is_on) {
  at::GradMode::set_enabled(is_on);
  return {};
}

Tensor leaf(const Tensor& x) { return x.detach().set_requires_grad(true); }

Tensor stop_gradient(const Tensor& x) { return x.detach(); }

std::vector<Tensor> gradients(const std::vector<Tensor>& outputs, const std::vector<Tensor>& upstream,
                              const std::vector<Tensor>& leaves, bool keeps_graph) {
  // An output that is not recorded leads to no leaf.
  std::vector<Tensor> recorded;
  std::vector<Tensor> towards;
  for (size_t i = 0; i < outputs.size(); i++) {
    if (!outputs[i].defined() || !outputs[i].requires_grad() || !upstream[i].defined()) continue;
    recorded.push_back(outputs[i]);
    towards.push_back(upstream[i].to(outputs[i].scalar_type()).expand_as(outputs[i]));
  }
  if (recorded.empty()) return std::vector<Tensor>(leaves.size());
  return torch::autograd::grad(recorded, leaves, towards, /*retain_graph=*/keeps_graph,
                               /*create_graph=*/false, /*allow_unused=*/true);
}

Tensor add_gradients(const std::optional<Tensor>& a, const std::optional<Tensor>& b) {
  if (!a) return b ? at::alias(*b) : Tensor();
  return b ? a->add(*b) : at::alias(*a);
}

Tensor gradient_or_zeros(const std::optional<Tensor>& gradient, const Integers& shape, at::ScalarType dtype) {
  if (!gradient) return at::zeros(shape, at::device(worker_device()).dtype(dtype));
  return gradient->detach();
}

std::vector<Tensor> open_gradient_sums() {
  soft_tokens::open_gradient_sums();
  return {};
}

std::vector<Tensor> set_gradient_sums(const std::vector<Tensor>& leaves, const std::vector<Tensor>& sums) {
  std::vector<Tensor> own;
  own.reserve(sums.size());
  for (const Tensor& sum : sums) own.push_back(sum.storage().use_count() == 1 ? sum.detach() : sum.detach().clone());
  for (size_t i = 0; i < sums.size(); i++) {
    gradient_sums()->by_leaf[leaves[i].storage().unsafeGetStorageImpl()] = own[i];
  }
  return own;
}

std::vector<Tensor> add_to_gradient_sums(const std::vector<Tensor>& sums, const std::vector<Tensor>& parts) {
  const auto open = gradient_sums();
  TORCH_CHECK(open->heads_added == open->heads_reached, "the gradient of a log-probability was added to a sum, but the ",
              "differentiated value does not contain it");
  for (size_t i = 0; i < sums.size(); i++) {
    if (parts[i].defined()) Tensor(sums[i]).add_(parts[i]);
  }
  return sums;
}

std::vector<Tensor> close_gradient_sums() {
  soft_tokens::close_gradient_sums();
  return {};
}

}  // namespace soft_tokens::operations
