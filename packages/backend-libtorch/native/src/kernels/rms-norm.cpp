#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>

#include <cmath>
#include <type_traits>

#include "element-type.h"
#include "layer.h"
#include "options.h"
#include "vectorized.h"

namespace soft_tokens {

namespace {

using at::Tensor;

/// Rows that one task takes at least, so that short rows do not cost more in scheduling than in work.
int64_t grain(int64_t length) { return std::max<int64_t>(1, 32768 / std::max<int64_t>(1, length)); }

/// Of the loops that each instruction set has a version of: what is called from there belongs to the version.
#define INLINE inline __attribute__((always_inline))

template <class T>
INLINE float mean_square(const T* x, int64_t D) {
  float sum = 0;
  // Sixteen partial sums: as exact as pairwise at these lengths, and vectorised without leave to reorder.
  float part[16] = {};
  int64_t d = 0;
  for (; d + 16 <= D; d += 16) {
    for (int lane = 0; lane < 16; lane++) {
      const float value = to_float(x[d + lane]);
      part[lane] += value * value;
    }
  }
  for (; d < D; d++) part[d % 16] += to_float(x[d]) * to_float(x[d]);
  for (const float p : part) sum += p;
  return sum / static_cast<float>(D);
}

/// The same where squares leave float32: x itself has room for numbers up to 3e38.
template <class T>
double wide_mean_square(const T* x, int64_t D) {
  double sum = 0;
  for (int64_t d = 0; d < D; d++) sum += static_cast<double>(to_float(x[d])) * to_float(x[d]);
  return sum / static_cast<double>(D);
}

/// 1 / sqrt(mean(x^2) + epsilon)
template <class T>
INLINE float inverse_of(const T* x, int64_t D, float epsilon) {
  const float square = mean_square(x, D);
  if (std::isfinite(square)) return 1.0f / std::sqrt(square + epsilon);
  return static_cast<float>(1 / std::sqrt(wide_mean_square(x, D)));
}

/// X the stream, W weight and result.
#define SOFT_TOKENS_FORWARD(X, W)                                                                             \
  SOFT_TOKENS_VECTORIZED void forward_rows(const X* x, const W* weight, W* y, float* inverse, int64_t rows, \
                                           int64_t D, float epsilon) {                                      \
    for (int64_t row = 0; row < rows; row++, x += D, y += D) {                                              \
      const float scale = inverse_of(x, D, epsilon);                                                        \
      inverse[row] = scale;                                                                                 \
      for (int64_t d = 0; d < D; d++) {                                                                     \
        store(y[d], to_float(x[d]) * scale * to_float(weight[d]));                                          \
      }                                                                                                     \
    }                                                                                                       \
  }
SOFT_TOKENS_FORWARD(float, float)
SOFT_TOKENS_FORWARD(float, Bits16)
SOFT_TOKENS_FORWARD(Bits16, Bits16)
#undef SOFT_TOKENS_FORWARD

/// With n = x * inverse: dx = inverse * (w dy - n * mean(w dy n)), dw += dy n.
#define SOFT_TOKENS_BACKWARD(X, W)                                                                              \
  SOFT_TOKENS_VECTORIZED void backward_rows(const W* dy, const X* x, const W* weight, const float* inverse, \
                                            X* dx, float* dw, int64_t rows, int64_t D) {                    \
    for (int64_t row = 0; row < rows; row++, x += D, dy += D, dx += D) {                                    \
      const float scale = inverse[row];                                                                     \
      float part[16] = {};                                                                                  \
      int64_t d = 0;                                                                                        \
      for (; d + 16 <= D; d += 16) {                                                                        \
        for (int lane = 0; lane < 16; lane++) {                                                             \
          const float n = to_float(x[d + lane]) * scale;                                                    \
          const float up = to_float(dy[d + lane]);                                                          \
          part[lane] += up * to_float(weight[d + lane]) * n;                                                \
          dw[d + lane] += up * n;                                                                           \
        }                                                                                                   \
      }                                                                                                     \
      for (; d < D; d++) {                                                                                  \
        const float n = to_float(x[d]) * scale;                                                             \
        part[d % 16] += to_float(dy[d]) * to_float(weight[d]) * n;                                          \
        dw[d] += to_float(dy[d]) * n;                                                                       \
      }                                                                                                     \
      float sum = 0;                                                                                        \
      for (const float p : part) sum += p;                                                                  \
      const float mean = sum / static_cast<float>(D);                                                       \
      for (int64_t at = 0; at < D; at++) {                                                                  \
        const float n = to_float(x[at]) * scale;                                                            \
        store(dx[at], scale * (to_float(dy[at]) * to_float(weight[at]) - n * mean));                        \
      }                                                                                                     \
    }                                                                                                       \
  }
SOFT_TOKENS_BACKWARD(float, float)
SOFT_TOKENS_BACKWARD(float, Bits16)
SOFT_TOKENS_BACKWARD(Bits16, Bits16)
#undef SOFT_TOKENS_BACKWARD

template <class T>
T* data_of(const Tensor& x) {
  return static_cast<T*>(x.data_ptr());
}

/// Calls `run` with a zero of the stream's and one of the weight's element type.
template <class Run>
void for_element_types(const Tensor& x, const Tensor& weight, const Run& run) {
  for_element_type(weight, [&](auto zero_w) {
    if constexpr (std::is_same_v<decltype(zero_w), float>) run(float{}, zero_w);  // a narrow stream has narrow weights
    else for_element_type(x, [&](auto zero_x) { run(zero_x, zero_w); });
  });
}

class RmsNorm : public torch::autograd::Function<RmsNorm> {
 public:
  static std::pair<Tensor, Tensor> compute(const Tensor& x, const Tensor& weight, double epsilon) {
    const int64_t D = x.size(-1);
    const int64_t rows = D == 0 ? 0 : x.numel() / D;
    Tensor y = at::empty(x.sizes(), weight.options());
    Tensor inverse = at::empty({rows}, x.options().dtype(at::kFloat));
    for_element_types(x, weight, [&](auto zero_x, auto zero_w) {
      using X = decltype(zero_x);
      using W = decltype(zero_w);
      at::parallel_for(0, rows, grain(D), [&](int64_t begin, int64_t end) {
        forward_rows(data_of<X>(x) + begin * D, data_of<W>(weight), data_of<W>(y) + begin * D,
                     inverse.data_ptr<float>() + begin, end - begin, D, static_cast<float>(epsilon));
      });
    });
    return {y, inverse};
  }

  static Tensor forward(torch::autograd::AutogradContext* context, const Tensor& x, const Tensor& weight,
                        double epsilon) {
    auto [y, inverse] = compute(x, weight, epsilon);
    context->save_for_backward({x, weight, inverse});
    return y;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list upstream) {
    const auto saved = context->get_saved_variables();
    const Tensor& x = saved[0];
    const Tensor& weight = saved[1];
    const Tensor& inverse = saved[2];
    const Tensor dy = upstream[0].contiguous();
    const int64_t D = x.size(-1);
    const int64_t rows = inverse.numel();
    Tensor dx = at::empty(x.sizes(), x.options());
    // One sum per thread: the weight's gradient does not depend on how rows are dealt out but for rounding.
    Tensor sums = at::zeros({std::max(1, at::get_num_threads()), D}, x.options().dtype(at::kFloat));
    for_element_types(x, weight, [&](auto zero_x, auto zero_w) {
      using X = decltype(zero_x);
      using W = decltype(zero_w);
      at::parallel_for(0, rows, grain(D), [&](int64_t begin, int64_t end) {
        backward_rows(data_of<W>(dy) + begin * D, data_of<X>(x) + begin * D, data_of<W>(weight),
                      inverse.data_ptr<float>() + begin, data_of<X>(dx) + begin * D,
                      sums.data_ptr<float>() + at::get_thread_num() * D, end - begin, D);
      });
    });
    return {dx, sums.sum(0).to(weight.scalar_type()), Tensor()};
  }
};

Tensor rms_norm_portable(const Tensor& x, const Tensor& weight_D, double epsilon) {
  Tensor x32 = x.to(at::kFloat);
  if (x32.is_cpu()) {
    // As in the reference decomposition. A device is spared the operations: there such a row becomes zeros.
    const Tensor is_wide = x32.detach().abs().amax(-1, /*keepdim=*/true) > std::ldexp(1.0, 50);
    if (is_wide.any().item<bool>()) {
      const Tensor scale = at::where(is_wide, std::ldexp(1.0, -80), 1.0).to(at::kFloat);
      x32 = x32.mul(scale);
      const Tensor inverse = x32.square().mean(-1, true).add(scale.square().mul(epsilon)).rsqrt();
      return x32.mul(inverse).mul(weight_D.to(at::kFloat)).to(weight_D.scalar_type());
    }
  }
  const Tensor inverse = x32.square().mean(-1, /*keepdim=*/true).add(epsilon).rsqrt();
  return x32.mul(inverse).mul(weight_D.to(at::kFloat)).to(weight_D.scalar_type());
}

}  // namespace

Tensor rms_norm(const Tensor& x, const Tensor& weight_D, double epsilon) {
  if (use_portable_kernels() || !x.is_cpu()) return rms_norm_portable(x, weight_D, epsilon);
  const Tensor rows = x.contiguous();
  const Tensor weight = weight_D.contiguous();
  const bool is_recorded = at::GradMode::is_enabled() && (rows.requires_grad() || weight.requires_grad());
  return is_recorded ? RmsNorm::apply(rows, weight, epsilon) : RmsNorm::compute(rows, weight, epsilon).first;
}

}  // namespace soft_tokens
