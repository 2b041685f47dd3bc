#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>

#include "element-type.h"
#include "gradient-sums.h"
#include "layer.h"
#include "options.h"
#include "products.h"
#include "vectorized.h"

namespace soft_tokens {

namespace {

using at::Tensor;

// The pointers never overlap, and have to be said not to: with six of them gcc gives up checking and would compute one at a time.

/// a = silu(gate) * up, rounded once.
#define SOFT_TOKENS_ACTIVATE(T)                                                                            \
  SOFT_TOKENS_VECTORIZED void activate_range(const T* __restrict gate, const T* __restrict up,             \
                                             T* __restrict activation, int64_t count) {                    \
    for (int64_t i = 0; i < count; i++) {                                                                  \
      const float g = to_float(gate[i]);                                                                   \
      store(activation[i], g * sigmoid_of(g) * to_float(up[i]));                                           \
    }                                                                                                      \
  }
SOFT_TOKENS_ACTIVATE(float)
SOFT_TOKENS_ACTIVATE(Bits16)
#undef SOFT_TOKENS_ACTIVATE

/// From da: dgate = da up s (1 + g (1 - s)) with s = sigmoid(g), dup = da silu(g), and the activation again.
#define SOFT_TOKENS_GRADIENT(T)                                                                            \
  SOFT_TOKENS_VECTORIZED void gradient_range(const T* __restrict da, const T* __restrict gate,             \
                                             const T* __restrict up, T* __restrict dgate, T* __restrict dup, \
                                             T* __restrict activation, int64_t count) {                    \
    for (int64_t i = 0; i < count; i++) {                                                                  \
      const float g = to_float(gate[i]);                                                                   \
      const float u = to_float(up[i]);                                                                     \
      const float d = to_float(da[i]);                                                                     \
      const float s = sigmoid_of(g);                                                                       \
      const float silu = g * s;                                                                            \
      store(activation[i], silu * u);                                                                      \
      store(dup[i], d * silu);                                                                             \
      store(dgate[i], d * u * s * (1.0f + g * (1.0f - s)));                                                \
    }                                                                                                      \
  }
SOFT_TOKENS_GRADIENT(float)
SOFT_TOKENS_GRADIENT(Bits16)
#undef SOFT_TOKENS_GRADIENT

constexpr int64_t kGrain = 16384;

bool has_own_loops(const Tensor& x) { return x.is_cpu() && !use_portable_kernels(); }

Tensor activate(const Tensor& gate, const Tensor& up) {
  if (!has_own_loops(gate)) return at::silu(gate).mul(up);
  Tensor activation = at::empty(gate.sizes(), gate.options());
  for_element_type(gate, [&](auto zero) {
    using T = decltype(zero);
    at::parallel_for(0, gate.numel(), kGrain, [&](int64_t begin, int64_t end) {
      activate_range(static_cast<T*>(gate.data_ptr()) + begin, static_cast<T*>(up.data_ptr()) + begin,
                     static_cast<T*>(activation.data_ptr()) + begin, end - begin);
    });
  });
  return activation;
}

struct ActivationGradient {
  Tensor gate;
  Tensor up;
  Tensor activation;
};

ActivationGradient differentiate(const Tensor& da, const Tensor& gate, const Tensor& up) {
  if (!has_own_loops(gate)) {
    const Tensor g = gate.to(at::kFloat);
    const Tensor d = da.to(at::kFloat);
    const Tensor s = g.sigmoid();
    const Tensor silu = at::silu(gate);
    const Tensor dgate = d.mul(up.to(at::kFloat)).mul(s).mul(g.mul(s.neg().add(1)).add(1));
    return {dgate.to(gate.scalar_type()), da.mul(silu), silu.mul(up)};
  }
  const ActivationGradient result{at::empty(gate.sizes(), gate.options()), at::empty(gate.sizes(), gate.options()),
                                  at::empty(gate.sizes(), gate.options())};
  for_element_type(gate, [&](auto zero) {
    using T = decltype(zero);
    const auto data = [](const Tensor& x) { return static_cast<T*>(x.data_ptr()); };
    at::parallel_for(0, gate.numel(), kGrain, [&](int64_t begin, int64_t end) {
      gradient_range(data(da) + begin, data(gate) + begin, data(up) + begin, data(result.gate) + begin,
                     data(result.up) + begin, data(result.activation) + begin, end - begin);
    });
  });
  return result;
}

Gated gate_rows(const Tensor& x, const Tensor& gate_weight, const Tensor& up_weight, bool keep_products) {
  if (fits_gated(x, gate_weight, up_weight)) return multiply_gated(x, gate_weight, up_weight, keep_products);
  const Tensor gate = multiply_weight(x, gate_weight, x.scalar_type());
  const Tensor up = multiply_weight(x, up_weight, x.scalar_type());
  return {activate(gate, up), gate, up};
}

class GatedMlp : public torch::autograd::Function<GatedMlp> {
 public:
  static Tensor forward(torch::autograd::AutogradContext* context, const Tensor& x, const Tensor& gate_weight,
                        const Tensor& up_weight, const Tensor& down_weight, at::ScalarType dtype) {
    const Gated gated = gate_rows(x, gate_weight, up_weight, /*keep_products=*/true);
    context->save_for_backward({x, gated.gate_MF, gated.up_MF, gate_weight, up_weight, down_weight});
    return multiply_weight(gated.activation_MF, down_weight, dtype);
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list upstream) {
    const auto saved = context->get_saved_variables();
    const Tensor& x = saved[0];
    const Tensor& gate_weight = saved[3];
    const Tensor& up_weight = saved[4];
    const Tensor& down_weight = saved[5];
    const Tensor dy = upstream[0].to(x.scalar_type()).contiguous();
    const ActivationGradient d = differentiate(multiply_weight_transposed(dy, down_weight), saved[1], saved[2]);
    Tensor dx;
    if (context->needs_input_grad(0)) {
      dx = multiply_both_transposed(d.gate, gate_weight, d.up, up_weight);
    }
    return {dx, context->needs_input_grad(1) ? weight_gradient(gate_weight, x, d.gate) : Tensor(),
            context->needs_input_grad(2) ? weight_gradient(up_weight, x, d.up) : Tensor(),
            context->needs_input_grad(3) ? weight_gradient(down_weight, d.activation, dy) : Tensor(), Tensor()};
  }
};

}  // namespace

Tensor gated_mlp(const Tensor& x_RD, const Tensor& gate_DF, const Tensor& up_DF, const Tensor& down_FD,
                 at::ScalarType dtype) {
  const bool is_recorded = at::GradMode::is_enabled() && (x_RD.requires_grad() || gate_DF.requires_grad() ||
                                                          up_DF.requires_grad() || down_FD.requires_grad());
  if (is_recorded) return GatedMlp::apply(x_RD, gate_DF, up_DF, down_FD, dtype);
  return multiply_weight(gate_rows(x_RD, gate_DF, up_DF, false).activation_MF, down_FD, dtype);
}

}  // namespace soft_tokens
