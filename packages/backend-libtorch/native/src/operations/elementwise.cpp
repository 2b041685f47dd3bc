// Element-by-element operations and reductions. bfloat16 is computed in float32 and rounded once, by ATen.

#include <ATen/ATen.h>

#include "operations.h"

namespace soft_tokens::operations {

Tensor add(const Tensor& a, const Tensor& b) { return at::add(a, b); }
Tensor subtract(const Tensor& a, const Tensor& b) { return at::sub(a, b); }
Tensor multiply(const Tensor& a, const Tensor& b) { return at::mul(a, b); }
Tensor divide(const Tensor& a, const Tensor& b) { return at::div(a, b); }
Tensor maximum(const Tensor& a, const Tensor& b) { return at::maximum(a, b); }
Tensor minimum(const Tensor& a, const Tensor& b) { return at::minimum(a, b); }

Tensor affine(const Tensor& x, double scale, double shift) {
  if (!x.is_floating_point()) {
    return x.mul(static_cast<int64_t>(scale)).add(static_cast<int64_t>(shift));
  }
  if (shift == 0) return x.mul(scale);
  if (scale == 1) return x.add(shift);
  // One rounding: the shift is added before bfloat16 rounds.
  return x.scalar_type() == at::kFloat ? x.mul(scale).add(shift)
                                       : x.to(at::kFloat).mul(scale).add(shift).to(x.scalar_type());
}

Tensor negate(const Tensor& x) { return x.neg(); }
Tensor abs(const Tensor& x) { return x.abs(); }
Tensor exp(const Tensor& x) { return x.exp(); }
Tensor log(const Tensor& x) { return x.log(); }
Tensor sqrt(const Tensor& x) { return x.sqrt(); }
Tensor rsqrt(const Tensor& x) { return x.rsqrt(); }
Tensor square(const Tensor& x) { return x.mul(x); }
Tensor tanh(const Tensor& x) { return x.tanh(); }
Tensor sigmoid(const Tensor& x) { return x.sigmoid(); }
Tensor silu(const Tensor& x) { return at::silu(x); }
Tensor equal(const Tensor& a, const Tensor& b) { return a.eq(b); }
Tensor less(const Tensor& a, const Tensor& b) { return a.lt(b); }
Tensor less_equal(const Tensor& a, const Tensor& b) { return a.le(b); }
Tensor greater(const Tensor& a, const Tensor& b) { return a.gt(b); }
Tensor greater_equal(const Tensor& a, const Tensor& b) { return a.ge(b); }
Tensor logical_and(const Tensor& a, const Tensor& b) { return a.logical_and(b); }
Tensor logical_or(const Tensor& a, const Tensor& b) { return a.logical_or(b); }
Tensor logical_not(const Tensor& x) { return x.logical_not(); }
Tensor where(const Tensor& condition, const Tensor& a, const Tensor& b) { return at::where(condition, a, b); }

Tensor sum(const Tensor& x, const Integers& axes, bool keep_axes) {
  return x.sum(axes, keep_axes, x.scalar_type());
}

Tensor mean(const Tensor& x, const Integers& axes, bool keep_axes) { return x.mean(axes, keep_axes); }
Tensor max(const Tensor& x, const Integers& axes, bool keep_axes) { return x.amax(axes, keep_axes); }
Tensor min(const Tensor& x, const Integers& axes, bool keep_axes) { return x.amin(axes, keep_axes); }
Tensor arg_max(const Tensor& x) { return x.argmax(-1).to(at::kInt); }

std::vector<Tensor> top_k(const Tensor& x, int64_t k) {
  // topk of ATen takes any of equal values; a stable sort takes the first.
  const auto [values, indices] = x.detach().sort(/*stable=*/true, /*dim=*/-1, /*descending=*/true);
  return {values.narrow(-1, 0, k).contiguous(), indices.narrow(-1, 0, k).to(at::kInt)};
}

Tensor softmax(const Tensor& x) { return x.softmax(-1); }

// The maximum is taken off first: a logarithm of the sum that is added to large logits loses the digits in which the
// gradient exp(x - logsumexp) lives.
Tensor log_softmax(const Tensor& x) {
  const Tensor x32 = x.to(at::kFloat);
  return x32.sub(x32.detach().amax(-1, /*keepdim=*/true)).log_softmax(-1).to(x.scalar_type());
}

Tensor log_sum_exp(const Tensor& x) {
  const Tensor x32 = x.to(at::kFloat);
  const Tensor largest = x32.detach().amax(-1, /*keepdim=*/true);
  return x32.sub(largest).logsumexp(-1).add(largest.squeeze(-1)).to(x.scalar_type());
}

}  // namespace soft_tokens::operations
