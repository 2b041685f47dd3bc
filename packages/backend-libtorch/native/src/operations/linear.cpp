// Matrix products. On CPUs with bfloat16 matrix instructions oneDNN works on blocked weights; a weight that comes back for
// small batches, as in decoding, is brought into that layout once and kept until it changes.

#include <ATen/ATen.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/native/CPUBlas.h>
#include <c10/core/StorageImpl.h>

#include <unordered_map>

#include "../kernels/options.h"
#include "operations.h"

namespace soft_tokens::operations {

namespace {

/// Rows up to which a packed weight pays: beyond, the product hides the packing.
constexpr int64_t kMaxPackedRows = 512;
/// Uses of an unchanged weight before it is packed.
constexpr int kUsesBeforePacking = 2;

/// Packed copies of weights by the memory that they were made from; forgets those whose memory is gone.
class PackedWeights {
 public:
  /// The packed form of b [K, N], or nothing while it does not pay.
  std::optional<Tensor> find(const Tensor& b_KN, int64_t rows) {
    c10::StorageImpl* storage = b_KN.storage().unsafeGetStorageImpl();
    Entry& entry = entries_[storage];
    const bool is_same = entry.is_alive() && entry.version == b_KN._version() &&
                         entry.offset == b_KN.storage_offset() && entry.sizes == b_KN.sizes() &&
                         entry.strides == b_KN.strides();
    if (!is_same) {
      entry.storage.emplace(b_KN.storage().getWeakStorageImpl());
      entry.version = b_KN._version();
      entry.offset = b_KN.storage_offset();
      entry.sizes = b_KN.sizes().vec();
      entry.strides = b_KN.strides().vec();
      entry.uses = 0;
      entry.packed.reset();
      if (entries_.size() > 2 * live_) forget();
    }
    if (!entry.packed && ++entry.uses > kUsesBeforePacking) {
      entry.packed = reorder().call(b_KN.t().contiguous(), rows);
    }
    return entry.packed;
  }

  static Tensor multiply(const Tensor& a_MK, const Tensor& packed) {
    using Signature = Tensor(const Tensor&, const Tensor&, const std::optional<Tensor>&, std::string_view,
                             c10::List<std::optional<at::Scalar>>, std::optional<std::string_view>);
    static const auto linear = c10::Dispatcher::singleton()
                                   .findSchemaOrThrow("mkldnn::_linear_pointwise", "")
                                   .typed<Signature>();
    return linear.call(a_MK, packed, std::nullopt, "none", c10::List<std::optional<at::Scalar>>(), std::nullopt);
  }

 private:
  struct Entry {
    std::optional<c10::weak_intrusive_ptr<c10::StorageImpl>> storage;
    uint32_t version = 0;
    int64_t offset = 0;
    std::vector<int64_t> sizes;
    std::vector<int64_t> strides;
    int uses = 0;
    std::optional<Tensor> packed;

    bool is_alive() const { return storage && storage->use_count() > 0; }
  };

  using Reorder = Tensor(const Tensor&, std::optional<int64_t>);
  static const c10::TypedOperatorHandle<Reorder>& reorder() {
    static const auto handle = c10::Dispatcher::singleton()
                                   .findSchemaOrThrow("mkldnn::_reorder_linear_weight", "")
                                   .typed<Reorder>();
    return handle;
  }

  void forget() {
    for (auto it = entries_.begin(); it != entries_.end();) {
      it = it->second.is_alive() ? std::next(it) : entries_.erase(it);
    }
    live_ = std::max<size_t>(entries_.size(), 16);
  }

  std::unordered_map<c10::StorageImpl*, Entry> entries_;
  size_t live_ = 16;
};

bool packing_pays(const Tensor& a, const Tensor& b) {
  static const bool is_supported = at::globalContext().userEnabledMkldnn() && at::hasMKLDNN() &&
                                   at::native::cpublas::could_pack(at::kBFloat16);
  return is_supported && !use_portable_kernels() && a.is_cpu() && a.dim() == 2 && b.dim() == 2 &&
         a.scalar_type() == at::kBFloat16 && b.is_contiguous() && a.size(0) > 0 &&
         a.size(0) <= kMaxPackedRows && b.numel() >= 4096 && !at::GradMode::is_enabled();
}

}  // namespace

Tensor matmul(const Tensor& a, const Tensor& b, bool transpose_a, bool transpose_b) {
  if (!transpose_a && !transpose_b && packing_pays(a, b)) {
    thread_local PackedWeights packed_weights;
    const std::optional<Tensor> packed = packed_weights.find(b, a.size(0));
    if (packed) return PackedWeights::multiply(a.contiguous(), *packed);
  }
  return at::matmul(transpose_a ? a.mT() : a, transpose_b ? b.mT() : b);
}

}  // namespace soft_tokens::operations
