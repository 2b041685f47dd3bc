#include "add-rows.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>

#include "element-type.h"
#include "vectorized.h"

namespace soft_tokens {

namespace {

#define SOFT_TOKENS_ADD_ROW(T)                                                  \
  SOFT_TOKENS_VECTORIZED void add_row(float* sum, const T* row, int64_t size) { \
    for (int64_t i = 0; i < size; i++) sum[i] += to_float(row[i]);              \
  }
SOFT_TOKENS_ADD_ROW(float)
SOFT_TOKENS_ADD_ROW(Bits16)
#undef SOFT_TOKENS_ADD_ROW

}  // namespace

void add_rows(const at::Tensor& sum, const at::Tensor& ids_M, const at::Tensor& rows) {
  const bool is_known = rows.scalar_type() == at::kFloat || rows.scalar_type() == at::kBFloat16;
  if (!sum.is_cpu() || !sum.is_contiguous() || !is_known) {
    sum.index_add_(0, ids_M, rows.to(at::kFloat));
    return;
  }
  const int64_t N = sum.size(0), M = ids_M.numel(), width = N == 0 ? 0 : sum.numel() / N;
  if (M == 0 || width == 0) return;
  const at::Tensor ids = ids_M.to(at::kInt).contiguous(), from = rows.contiguous();
  const int32_t* id = ids.data_ptr<int32_t>();
  float* to = sum.data_ptr<float>();
  const int64_t threads = M * width < 65536 ? 1 : at::get_num_threads(), share = (N + threads - 1) / threads;
  for_element_type(from, [&](auto zero) {
    const auto* row = static_cast<const decltype(zero)*>(from.data_ptr());
    // Each thread has rows of the table and looks at all ids: no two threads write to one place.
    at::parallel_for(0, threads, 1, [&](int64_t begin, int64_t end) {
      const int64_t first = begin * share, last = std::min(N, end * share);
      for (int64_t i = 0; i < M; i++) {
        if (id[i] >= first && id[i] < last) add_row(to + id[i] * width, row + i * width, width);
      }
    });
  });
}

}  // namespace soft_tokens
