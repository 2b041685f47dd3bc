// Matrix products. Rows times a weight have a function of their own, so that both passes can use packed weights.

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include "../kernels/gradient-sums.h"
#include "../kernels/options.h"
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

/// y = op(a) op(b) of two matrices, with dop(a) = dy op(b)^T and dop(b) = op(a)^T dy.
class Product : public torch::autograd::Function<Product> {
 public:
  static Tensor forward(torch::autograd::AutogradContext* context, const Tensor& a, const Tensor& b, bool transpose_a,
                        bool transpose_b, at::ScalarType dtype) {
    context->save_for_backward({a, b});
    context->saved_data["transpose_a"] = transpose_a;
    context->saved_data["transpose_b"] = transpose_b;
    return multiply_matrices(a, b, transpose_a, transpose_b, dtype);
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list upstream) {
    const auto saved = context->get_saved_variables();
    const Tensor &a = saved[0], &b = saved[1];
    const bool transpose_a = context->saved_data["transpose_a"].toBool();
    const bool transpose_b = context->saved_data["transpose_b"].toBool();
    const at::ScalarType dtype = a.scalar_type();
    const Tensor dy = upstream[0].to(dtype).contiguous();
    Tensor da, db;
    if (context->needs_input_grad(0)) {
      da = transpose_a ? multiply_matrices(b, dy, transpose_b, true, dtype)
                       : multiply_matrices(dy, b, false, !transpose_b, dtype);
    }
    if (context->needs_input_grad(1)) {
      db = transpose_b ? multiply_matrices(dy, a, true, transpose_a, dtype)
                       : multiply_matrices(a, dy, !transpose_a, false, dtype);
    }
    return {da, db, Tensor(), Tensor(), Tensor()};
  }
};

/// Products of this kind only: other dtypes and shapes are ATen's business.
bool is_linear(const Tensor& a, const Tensor& b) {
  return a.dim() == 2 && b.dim() == 2 && a.scalar_type() == at::kBFloat16 && b.is_contiguous();
}

/// With a transposed operand ATen's own product is many times slower on processors without bfloat16 instructions.
bool takes_own_product(const Tensor& a, const Tensor& b) {
  return !use_portable_kernels() && a.is_cpu() && a.dim() == 2 && b.dim() == 2 && a.scalar_type() == at::kBFloat16 &&
         a.numel() > 0 && b.numel() > 0;
}

}  // namespace

Tensor matmul(const Tensor& a, const Tensor& b, bool transpose_a, bool transpose_b, at::ScalarType dtype) {
  const bool is_recorded = at::GradMode::is_enabled() && (a.requires_grad() || b.requires_grad());
  if (!transpose_a && !transpose_b && is_linear(a, b)) {
    return is_recorded ? Linear::apply(a, b, dtype) : multiply_weight(a, b, dtype);
  }
  if (takes_own_product(a, b)) {
    return is_recorded ? Product::apply(a, b, transpose_a, transpose_b, dtype)
                       : multiply_matrices(a, b, transpose_a, transpose_b, dtype);
  }
  return at::matmul((transpose_a ? a.mT() : a).to(dtype), (transpose_b ? b.mT() : b).to(dtype));
}

}  // namespace soft_tokens::operations
