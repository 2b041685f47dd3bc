#include "gemm.h"

#include <algorithm>
#include <vector>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "options.h"

namespace soft_tokens {

namespace {

/** Most float32 elements of an operand that are cast at once: 16 MiB. */
constexpr int64_t cast_elements = int64_t{1} << 22;

at::Tensor oriented(const at::Tensor& x, bool transpose) { return transpose ? x.t() : x; }

/** a b with casts to float32, the larger operand b a block at a time. */
at::Tensor multiply_cast(const at::Tensor& a_MK, const at::Tensor& b, bool transpose_b) {
  const at::Tensor wide_MK = a_MK.to(at::kFloat);
  const int64_t outer = b.size(0);
  const int64_t block = std::max<int64_t>(1, cast_elements / std::max<int64_t>(1, b.size(1)));
  if (b.scalar_type() == at::kFloat || outer <= block) {
    return at::mm(wide_MK, oriented(b.to(at::kFloat), transpose_b));
  }
  if (transpose_b) {
    at::Tensor product_MN = at::empty({wide_MK.size(0), outer}, wide_MK.options());
    for (int64_t begin = 0; begin < outer; begin += block) {
      const int64_t length = std::min(block, outer - begin);
      product_MN.narrow(1, begin, length).copy_(at::mm(wide_MK, b.narrow(0, begin, length).to(at::kFloat).t()));
    }
    return product_MN;
  }
  at::Tensor product_MN = at::zeros({wide_MK.size(0), b.size(1)}, wide_MK.options());
  for (int64_t begin = 0; begin < outer; begin += block) {
    const int64_t length = std::min(block, outer - begin);
    product_MN.addmm_(wide_MK.narrow(1, begin, length), b.narrow(0, begin, length).to(at::kFloat));
  }
  return product_MN;
}

/** bfloat16 x bfloat16 on a CUDA device: tensor cores accumulate in float32 and store it. */
at::Tensor multiply_cuda(const at::Tensor& a_MK, const at::Tensor& b_KN) { return at::mm(a_MK, b_KN, at::kFloat); }

/** float32 as three bfloat16 terms, whose sum is the number to its last bit: 8 bits of significand each. */
std::vector<at::Tensor> split(const at::Tensor& x) {
  std::vector<at::Tensor> terms;
  at::Tensor rest = x;
  for (int term = 0; term < 3; term++) {
    terms.push_back(rest.to(at::kBFloat16));
    if (term < 2) rest = rest - terms.back();
  }
  return terms;
}

}  // namespace

at::Tensor matmul_float32(const at::Tensor& a, const at::Tensor& b, bool transpose_a, bool transpose_b) {
  at::NoGradGuard no_gradient;
  const at::Tensor a_MK = oriented(a, transpose_a);
  const at::Tensor b_KN = oriented(b, transpose_b);
  const bool is_narrow_a = a.scalar_type() == at::kBFloat16;
  const bool is_narrow_b = b.scalar_type() == at::kBFloat16;
  if (!is_narrow_a && !is_narrow_b) return at::mm(a_MK, b_KN);
  if (a.is_cuda()) {
    if (is_narrow_a && is_narrow_b) return multiply_cuda(a_MK, b_KN);
    at::Tensor sum_MN;
    // Smallest terms first: they are added to each other before they meet the large ones.
    const std::vector<at::Tensor> terms = split(is_narrow_a ? b_KN : a_MK);
    for (auto term = terms.rbegin(); term != terms.rend(); ++term) {
      const at::Tensor part_MN = is_narrow_a ? multiply_cuda(a_MK, *term) : multiply_cuda(*term, b_KN);
      sum_MN = sum_MN.defined() ? sum_MN.add_(part_MN) : part_MN;
    }
    return sum_MN;
  }
  const bool has_fast_form = is_narrow_a && is_narrow_b && transpose_b && a.size(transpose_a ? 0 : 1) % 32 == 0;
  if (has_fast_form && a.device().is_cpu() && !use_portable_kernels() && has_bfloat16_tiles()) {
    return matmul_tiles(a_MK.contiguous(), b.contiguous());
  }
  return multiply_cast(a_MK, b, transpose_b);
}

}  // namespace soft_tokens
