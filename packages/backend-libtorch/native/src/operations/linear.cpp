// Matrix products. Rows times a weight have a function of their own, so that both passes can use packed weights.

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include "../kernels/gradient-sums.h"
#include "../kernels/products.h"
#include "operations.h"

namespace soft_tokens::operations {

namespace {

/// y = x W with dx = dy W^T and dW = x^T dy.
class Linear : public torch::autograd::Function<Linear> {
 public:
  static Tensor forward(torch::autograd::AutogradContext* context, const Tensor& x, const Tensor& weight,
                        at::ScalarType dtype) {
    context->save_for_backward({x, weight});
    return multiply_weight(x, weight, dtype);
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list upstream) {
    const auto saved = context->get_saved_variables();
    const Tensor dy = upstream[0].to(saved[0].scalar_type()).contiguous();
    return {context->needs_input_grad(0) ? multiply_weight_transposed(dy, saved[1]) : Tensor(),
            context->needs_input_grad(1) ? weight_gradient(saved[1], saved[0], dy) : Tensor(), Tensor()};
  }
};

/// Products of this kind only: other dtypes and shapes are ATen's business.
bool is_linear(const Tensor& a, const Tensor& b) {
  return a.dim() == 2 && b.dim() == 2 && a.scalar_type() == at::kBFloat16 && b.is_contiguous();
}

}  // namespace

Tensor matmul(const Tensor& a, const Tensor& b, bool transpose_a, bool transpose_b, at::ScalarType dtype) {
  if (!transpose_a && !transpose_b && is_linear(a, b)) {
    const bool is_recorded = at::GradMode::is_enabled() && (a.requires_grad() || b.requires_grad());
    return is_recorded ? Linear::apply(a, b, dtype) : multiply_weight(a, b, dtype);
  }
  return at::matmul((transpose_a ? a.mT() : a).to(dtype), (transpose_b ? b.mT() : b).to(dtype));
}

}  // namespace soft_tokens::operations
