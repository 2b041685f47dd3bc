// Gradients by libtorch's autograd. TypeScript knows what a recording begins and ends with; the graph is libtorch's.

#include <ATen/ATen.h>
#include <torch/csrc/autograd/autograd.h>

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

}  // namespace soft_tokens::operations
