#include "ids.h"

#include <c10/util/Exception.h>

#include <ATen/ATen.h>

namespace soft_tokens {

void check_ids(const at::Tensor& ids, int64_t limit) {
  if (!ids.is_cpu()) return;
  const at::Tensor list = ids.to(at::kInt).contiguous();
  const auto* id = list.const_data_ptr<int32_t>();
  for (int64_t at = 0; at < list.numel(); at++) {
    TORCH_CHECK_INDEX(id[at] >= 0 && id[at] < limit, "id ", id[at], " at position ", at, " is outside [0, ", limit, ")");
  }
}

}  // namespace soft_tokens
