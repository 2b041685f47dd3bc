#include "products.h"

#include <ATen/ATen.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/native/CPUBlas.h>
#include <c10/core/StorageImpl.h>
#include <unistd.h>

#include <array>
#include <optional>
#include <string_view>
#include <unordered_map>

#include "gemm.h"
#include "gradient-products.h"
#include "options.h"
#include "tile-products.h"

namespace soft_tokens {

namespace {

using at::Tensor;

/// Which way a weight is used; each has a packed form of its own: x W, x W^T by oneDNN, x W^T by tiles.
enum class Direction { forward, transposed, transposed_tiles };

/// A weight is packed for oneDNN at its second use: one that is used once is not worth it.
constexpr int kUsesBeforePacking = 1;
/// The number of rows that oneDNN is told to choose blocks for; those serve one row and ten thousand as well.
constexpr int64_t kRowsHint = 512;

/// Bytes that packed weights may take: an eighth of the machine's memory.
size_t packing_budget() {
  static const size_t bytes =
      static_cast<size_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<size_t>(sysconf(_SC_PAGESIZE)) / 8;
  return bytes;
}

/// Rows times a weight go by our own tiles, whose sums do not depend on the batch; see tile-products.h.
bool takes_tiles(const Tensor& weight, Direction direction) {
  return direction == Direction::forward && fits_tile_product(weight);
}

/// Packed copies by the memory that they were made from. A copy goes when its weight changes or is freed.
class PackedWeights {
 public:
  std::optional<Tensor> find(const Tensor& weight_KN, Direction direction) {
    Entry& entry = entry_of(weight_KN);
    Form& form = entry.forms[static_cast<size_t>(direction)];
    if (form.packed) return form.packed;
    const bool has_room = held_ + weight_KN.nbytes() <= packing_budget();
    const bool is_tiled = takes_tiles(weight_KN, direction);
    // Without room for a copy the tiles' packing is made for each product: the sums must not depend on memory either.
    if (!is_tiled && (form.uses++ < kUsesBeforePacking || !has_room)) return std::nullopt;
    Tensor packed = is_tiled ? pack_for_tiles(weight_KN) : pack(weight_KN, direction);
    if (!has_room) return packed;
    form.packed = packed;
    held_ += weight_KN.nbytes();
    return packed;
  }

 private:
  struct Form {
    int uses = 0;
    std::optional<Tensor> packed;
  };

  struct Entry {
    std::optional<c10::weak_intrusive_ptr<c10::StorageImpl>> storage;
    uint32_t version = 0;
    int64_t offset = 0;
    std::vector<int64_t> sizes;
    /// By direction.
    std::array<Form, 3> forms;

    bool is_alive() const { return storage && storage->use_count() > 0; }
  };

  Entry& entry_of(const Tensor& weight) {
    if (entries_.size() > swept_ * 2) sweep();
    Entry& entry = entries_[weight.storage().unsafeGetStorageImpl()];
    const bool is_same = entry.is_alive() && entry.version == weight._version() &&
                         entry.offset == weight.storage_offset() && entry.sizes == weight.sizes();
    if (is_same) return entry;
    drop(entry);
    entry.storage.emplace(weight.storage().getWeakStorageImpl());
    entry.version = weight._version();
    entry.offset = weight.storage_offset();
    entry.sizes = weight.sizes().vec();
    return entry;
  }

  void drop(Entry& entry) {
    for (Form& form : entry.forms) {
      if (form.packed) held_ -= bytes_of(entry);
      form = Form{};
    }
  }

  static size_t bytes_of(const Entry& entry) {
    size_t count = sizeof(at::BFloat16);
    for (const int64_t length : entry.sizes) count *= static_cast<size_t>(length);
    return count;
  }

  void sweep() {
    for (auto it = entries_.begin(); it != entries_.end();) {
      if (it->second.is_alive()) {
        ++it;
        continue;
      }
      drop(it->second);
      it = entries_.erase(it);
    }
    swept_ = std::max<size_t>(entries_.size(), 64);
  }

  static Tensor pack(const Tensor& weight_KN, Direction direction) {
    if (direction == Direction::transposed_tiles) return pack_rows_for_tiles(weight_KN);
    return reorder().call(direction == Direction::forward ? weight_KN.t().contiguous() : weight_KN, kRowsHint);
  }

  using Reorder = Tensor(const Tensor&, std::optional<int64_t>);
  static const c10::TypedOperatorHandle<Reorder>& reorder() {
    static const auto handle = c10::Dispatcher::singleton()
                                   .findSchemaOrThrow("mkldnn::_reorder_linear_weight", "")
                                   .typed<Reorder>();
    return handle;
  }

  std::unordered_map<c10::StorageImpl*, Entry> entries_;
  size_t swept_ = 64;
  size_t held_ = 0;
};

Tensor multiply_packed(const Tensor& x, const Tensor& packed) {
  using Signature = Tensor(const Tensor&, const Tensor&, const std::optional<Tensor>&, std::string_view,
                           c10::List<std::optional<at::Scalar>>, std::optional<std::string_view>);
  static const auto linear =
      c10::Dispatcher::singleton().findSchemaOrThrow("mkldnn::_linear_pointwise", "").typed<Signature>();
  return linear.call(x, packed, std::nullopt, "none", c10::List<std::optional<at::Scalar>>(), std::nullopt);
}

/// Whether a product is for this file: others are ATen's.
bool is_ours(const Tensor& x, const Tensor& weight) {
  return !use_portable_kernels() && x.is_cpu() && x.scalar_type() == at::kBFloat16 && weight.is_contiguous() &&
         weight.numel() > 0 && x.size(0) > 0;
}

/// Whether oneDNN has bfloat16 matrix instructions here, and with them a packed layout.
bool has_packed_layout() {
  static const bool is_supported =
      at::hasMKLDNN() && at::globalContext().userEnabledMkldnn() && at::native::cpublas::could_pack(at::kBFloat16);
  return is_supported;
}

/// (worker)
PackedWeights& packed_weights() {
  thread_local PackedWeights weights;
  return weights;
}

/// A product that no tile fits. Without bfloat16 instructions ATen's own is many times slower than one in float32.
Tensor multiply_plain(const Tensor& x_MK, const Tensor& weight, Direction direction) {
  const bool is_transposed = direction == Direction::transposed;
  if (is_ours(x_MK, weight)) {
    if (!has_packed_layout()) return matmul_float32(x_MK, weight, false, is_transposed).to(x_MK.scalar_type());
    const std::optional<Tensor> packed = packed_weights().find(weight, direction);
    if (packed) return multiply_packed(x_MK.contiguous(), *packed);
  }
  return x_MK.matmul(is_transposed ? weight.t() : weight);
}

}  // namespace

Tensor multiply_weight(const Tensor& x_MK, const Tensor& weight_KN, at::ScalarType dtype) {
  if (is_ours(x_MK, weight_KN) && takes_tiles(weight_KN, Direction::forward)) {
    const Tensor packed = *packed_weights().find(weight_KN, Direction::forward);
    return multiply_tiles(x_MK.contiguous(), packed, weight_KN.size(1), dtype);
  }
  if (dtype != x_MK.scalar_type()) return matmul_float32(x_MK, weight_KN, false, false);
  return multiply_plain(x_MK, weight_KN, Direction::forward);
}

Tensor multiply_few_rows(const Tensor& x_MD, const Tensor& weight_VD) {
  // Two panels of the tiles' columns: with more rows the product in place is as fast.
  constexpr int64_t few = 32;
  const bool fits = is_ours(x_MD, weight_VD) && has_bfloat16_tiles() && weight_VD.size(0) % 16 == 0 && weight_VD.size(1) % 32 == 0;
  if (fits && x_MD.size(0) <= few) {
    const std::optional<Tensor> packed = packed_weights().find(weight_VD, Direction::transposed_tiles);
    if (packed) return multiply_tiles(x_MD.contiguous(), *packed, weight_VD.size(0), at::kFloat);
  }
  return matmul_float32(x_MD, weight_VD, false, true);
}

Tensor multiply_matrices(const Tensor& a, const Tensor& b, bool transpose_a, bool transpose_b, at::ScalarType dtype) {
  if (!transpose_a && !transpose_b) return multiply_weight(a, b.contiguous(), dtype);
  if (transpose_a && transpose_b) return multiply_matrices(a.t().contiguous(), b, false, true, dtype);
  if (transpose_b) {
    const Tensor right = b.contiguous();
    if (dtype == at::kBFloat16) return multiply_weight_transposed(a, right);
    return matmul_float32(a, right, false, true);
  }
  const Tensor left = a.contiguous(), right = b.contiguous();
  if (fits_gradient_tiles(left, right, right) && left.size(1) % 16 == 0) {
    const Tensor sum_MN = at::zeros({left.size(1), right.size(1)}, left.options().dtype(at::kFloat));
    add_weight_gradient_tiles(sum_MN, left, right);
    return sum_MN.to(dtype);
  }
  return matmul_float32(left, right, true, false).to(dtype);
}

bool fits_gated(const Tensor& x_MD, const Tensor& gate_DF, const Tensor& up_DF) {
  return is_ours(x_MD, gate_DF) && is_ours(x_MD, up_DF) && takes_tiles(gate_DF, Direction::forward) &&
         takes_tiles(up_DF, Direction::forward);
}

Gated multiply_gated(const Tensor& x_MD, const Tensor& gate_DF, const Tensor& up_DF, bool keep_products) {
  const Tensor gate = *packed_weights().find(gate_DF, Direction::forward);
  const Tensor up = *packed_weights().find(up_DF, Direction::forward);
  auto [activation, kept_gate, kept_up] =
      multiply_gated_tiles(x_MD.contiguous(), gate, up, gate_DF.size(1), keep_products);
  return {activation, kept_gate, kept_up};
}

Tensor multiply_weight_transposed(const Tensor& dy_MN, const Tensor& weight_KN) {
  if (fits_gradient_tiles(dy_MN, dy_MN, weight_KN)) return multiply_transposed_tiles({{dy_MN.contiguous(), weight_KN}});
  return multiply_plain(dy_MN, weight_KN, Direction::transposed);
}

Tensor multiply_both_transposed(const Tensor& da_MN, const Tensor& a_KN, const Tensor& db_MN, const Tensor& b_KN) {
  if (fits_gradient_tiles(da_MN, da_MN, a_KN) && fits_gradient_tiles(db_MN, db_MN, b_KN)) {
    return multiply_transposed_tiles({{da_MN.contiguous(), a_KN}, {db_MN.contiguous(), b_KN}});
  }
  return multiply_weight_transposed(da_MN, a_KN).add_(multiply_weight_transposed(db_MN, b_KN));
}

}  // namespace soft_tokens
