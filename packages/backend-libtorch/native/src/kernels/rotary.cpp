#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>

#include "element-type.h"
#include "layer.h"
#include "options.h"
#include "vectorized.h"

namespace soft_tokens {

namespace {

using at::Tensor;

/// One token's heads: y1 = x1 c1 - x2 s1, y2 = x2 c2 + x1 s2. The transposed rotation is its gradient.
#define SOFT_TOKENS_ROTATE(T)                                                                              \
  SOFT_TOKENS_VECTORIZED void rotate_heads(const T* x, const float* cos, const float* sin, T* y,          \
                                           int64_t heads, int64_t stride, int64_t half, bool is_backward) { \
    for (int64_t head = 0; head < heads; head++, x += stride, y += stride) {                               \
      if (!is_backward) {                                                                                  \
        for (int64_t i = 0; i < half; i++) {                                                               \
          const float first = to_float(x[i]);                                                              \
          const float second = to_float(x[half + i]);                                                      \
          store(y[i], first * cos[i] - second * sin[i]);                                                   \
          store(y[half + i], second * cos[half + i] + first * sin[half + i]);                              \
        }                                                                                                  \
      } else {                                                                                             \
        for (int64_t i = 0; i < half; i++) {                                                               \
          const float first = to_float(x[i]);                                                              \
          const float second = to_float(x[half + i]);                                                      \
          store(y[i], first * cos[i] + second * sin[half + i]);                                            \
          store(y[half + i], second * cos[half + i] - first * sin[i]);                                     \
        }                                                                                                  \
      }                                                                                                    \
    }                                                                                                      \
  }
SOFT_TOKENS_ROTATE(float)
SOFT_TOKENS_ROTATE(Bits16)
#undef SOFT_TOKENS_ROTATE

/// x contiguous [B, N, T, H]; cos and sin contiguous [B, T, H].
Tensor rotate(const Tensor& x, const Tensor& cos, const Tensor& sin, bool is_backward) {
  const int64_t N = x.size(1);
  const int64_t T = x.size(2);
  const int64_t H = x.size(3);
  Tensor y = at::empty(x.sizes(), x.options());
  for_element_type(x, [&](auto zero) {
    using Element = decltype(zero);
    const auto* from = static_cast<const Element*>(x.data_ptr());
    auto* to = static_cast<Element*>(y.data_ptr());
    const float* c = cos.data_ptr<float>();
    const float* s = sin.data_ptr<float>();
    const int64_t grain = std::max<int64_t>(1, 16384 / std::max<int64_t>(1, N * H));
    at::parallel_for(0, x.size(0) * T, grain, [&](int64_t begin, int64_t end) {
      for (int64_t token = begin; token < end; token++) {
        const int64_t at = (token / T) * N * T * H + (token % T) * H;
        rotate_heads(from + at, c + token * H, s + token * H, to + at, N, T * H, H / 2, is_backward);
      }
    });
  });
  return y;
}

class Rotary : public torch::autograd::Function<Rotary> {
 public:
  static Tensor forward(torch::autograd::AutogradContext* context, const Tensor& x, const Tensor& cos,
                        const Tensor& sin) {
    context->save_for_backward({cos, sin});
    return rotate(x, cos, sin, false);
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list upstream) {
    const auto saved = context->get_saved_variables();
    return {rotate(upstream[0].contiguous(), saved[0], saved[1], true), Tensor(), Tensor()};
  }
};

Tensor rotary_portable(const Tensor& x, const Tensor& cos, const Tensor& sin) {
  const Tensor x32 = x.to(at::kFloat);
  const auto halves = x32.chunk(2, -1);
  return x32.mul(cos).add(at::cat({halves[1].neg(), halves[0]}, -1).mul(sin)).to(x.scalar_type());
}

}  // namespace

Tensor rotary(const Tensor& x_BNTH, const Tensor& cos, const Tensor& sin) {
  if (use_portable_kernels() || !x_BNTH.is_cpu()) return rotary_portable(x_BNTH, cos, sin);
  const int64_t B = x_BNTH.size(0);
  const int64_t T = x_BNTH.size(2);
  const int64_t H = x_BNTH.size(3);
  const auto table = [&](const Tensor& t) { return t.detach().expand({B, 1, T, H}).reshape({B, T, H}).contiguous(); };
  const Tensor x = x_BNTH.contiguous();
  if (!x.requires_grad() || !at::GradMode::is_enabled()) return rotate(x, table(cos), table(sin), false);
  return Rotary::apply(x, table(cos), table(sin));
}

}  // namespace soft_tokens
