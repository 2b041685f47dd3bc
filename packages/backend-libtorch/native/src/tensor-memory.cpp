#include "tensor-memory.h"

#if defined(__linux__)

#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>
#include <c10/util/Exception.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <mutex>
#include <unordered_map>

namespace soft_tokens {

namespace {

/// Smaller tensors are malloc's: it serves them from its heap.
constexpr size_t kSmallest = 64 << 10;
constexpr size_t kHugePage = 2 << 20;
/// Kept beyond the most that was ever in use, for sizes that come in turn. Mapping a block again costs little: huge pages.
constexpr size_t kSlack = 64 << 20;

/// Rounded up to a sixteenth of its power of two, at least a page: few sizes, so that blocks fit again, and little waste.
size_t block_size(size_t bytes) {
  size_t power = kSmallest;
  while (power <= bytes / 2) power *= 2;
  const size_t grain = power / 16;
  return (bytes + grain - 1) / grain * grain;
}

/// Fresh pages, on huge ones where the system has them. Null where there is no memory.
void* map_block(size_t size) {
  const bool is_huge = size >= 2 * kHugePage;
  const size_t mapped = is_huge ? size + kHugePage : size;
  void* start = mmap(nullptr, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (start == MAP_FAILED) return nullptr;
  if (!is_huge) return start;
  const uintptr_t begin = reinterpret_cast<uintptr_t>(start);
  const uintptr_t aligned = (begin + kHugePage - 1) / kHugePage * kHugePage;
  const uintptr_t end = aligned + size;  // sizes are whole pages
  if (aligned > begin) munmap(start, aligned - begin);
  if (begin + mapped > end) munmap(reinterpret_cast<void*>(end), begin + mapped - end);
  void* block = reinterpret_cast<void*>(aligned);
  madvise(block, size, MADV_HUGEPAGE);
  return block;
}

/// Blocks in use and blocks that wait for their next use, from any thread.
class Blocks {
 public:
  void* take(size_t bytes) {
    const size_t size = block_size(bytes);
    const std::lock_guard<std::mutex> lock(mutex_);
    auto fit = by_size_.lower_bound(size);
    if (fit != by_size_.end() && fit->first <= size + size / 8) {
      const Kept kept = fit->second;
      const size_t own_size = fit->first;
      by_size_.erase(fit);
      by_age_.erase(kept.age);
      kept_bytes_ -= own_size;
      return use(kept.block, own_size);
    }
    while (!by_age_.empty() && used_bytes_ + kept_bytes_ + size > std::max(peak_, used_bytes_ + size) + kSlack) {
      drop_oldest();
    }
    void* block = map_block(size);
    while (block == nullptr && !by_age_.empty()) {
      drop_oldest();
      block = map_block(size);
    }
    return block == nullptr ? nullptr : use(block, size);
  }

  /// False where the memory is not one of these blocks.
  bool give_back(void* block) {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto found = used_.find(block);
    if (found == used_.end()) return false;
    const size_t size = found->second;
    used_.erase(found);
    used_bytes_ -= size;
    kept_bytes_ += size;
    by_age_[next_age_] = by_size_.insert({size, {block, next_age_}});
    next_age_++;
    return true;
  }

 private:
  struct Kept {
    void* block;
    uint64_t age;
  };
  using BySize = std::multimap<size_t, Kept>;

  void* use(void* block, size_t size) {
    used_[block] = size;
    used_bytes_ += size;
    peak_ = std::max(peak_, used_bytes_);
    return block;
  }

  void drop_oldest() {
    const BySize::iterator oldest = by_age_.begin()->second;
    munmap(oldest->second.block, oldest->first);
    kept_bytes_ -= oldest->first;
    by_age_.erase(by_age_.begin());
    by_size_.erase(oldest);
  }

  std::mutex mutex_;
  std::unordered_map<void*, size_t> used_;
  BySize by_size_;
  std::map<uint64_t, BySize::iterator> by_age_;
  uint64_t next_age_ = 0;
  size_t used_bytes_ = 0, kept_bytes_ = 0, peak_ = 0;
};

/// Never destroyed: tensors may outlive everything else.
Blocks& blocks() {
  static Blocks* const all = new Blocks;
  return *all;
}

/// One deleter for both kinds, as `raw_deleter` wants; blocks begin with a page, malloc's memory hardly ever.
void release(void* data) {
  const bool begins_page = reinterpret_cast<uintptr_t>(data) % 4096 == 0;
  if (data != nullptr && !(begins_page && blocks().give_back(data))) std::free(data);
}

class TensorAllocator final : public c10::Allocator {
 public:
  c10::DataPtr allocate(size_t bytes) override {
    const c10::Device device(c10::DeviceType::CPU);
    if (bytes == 0) return {nullptr, nullptr, &release, device};
    void* data = nullptr;
    if (bytes < kSmallest) {
      if (posix_memalign(&data, 64, bytes) != 0) data = nullptr;
    } else {
      data = blocks().take(bytes);
    }
    TORCH_CHECK_WITH(OutOfMemoryError, data != nullptr, "not enough memory for a tensor of ", bytes, " bytes");
    return {data, data, &release, device};
  }

  c10::DeleterFnPtr raw_deleter() const override { return &release; }

  void copy_data(void* to, const void* from, size_t bytes) const override { default_copy_data(to, from, bytes); }
};

}  // namespace

void keep_tensor_memory() {
  static TensorAllocator* const allocator = [] {
    auto* made = new TensorAllocator;
    c10::SetCPUAllocator(made, /*priority=*/1);
    return made;
  }();
  (void)allocator;
}

}  // namespace soft_tokens

#else

namespace soft_tokens {
void keep_tensor_memory() {}
}  // namespace soft_tokens

#endif
