// The module behind device-graph.h: a CUDA graph by libtorch's class. It is built where CUDA's headers and
// libtorch_cuda are, and loaded only where a GPU is in use. Nothing of CUDA's runtime is called from here.

#include <ATen/core/CachingHostAllocator.h>
#include <ATen/cuda/CUDAGraph.h>
#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAStream.h>
#include <torch/version.h>

#include <optional>

#include "device-graph.h"

namespace soft_tokens {

namespace {

/// CUDA does not write down the default stream. One stream for all graphs: cuBLAS keeps a workspace for each that it
/// has seen.
c10::cuda::CUDAStream capture_stream(c10::DeviceIndex device) {
  static thread_local std::optional<c10::cuda::CUDAStream> stream;
  if (!stream || stream->device_index() != device) {
    stream = c10::cuda::getStreamFromPool(/*isHighPriority=*/false, device);
  }
  return *stream;
}

class CudaGraph final : public DeviceGraph {
 public:
  explicit CudaGraph(c10::DeviceIndex device) : device_(device) {}

  ~CudaGraph() override {
    if (!outer_stream_) return;
    try {
      end();
    } catch (const std::exception&) {
      // It was given up already; who gave it up has said why.
    }
  }

  void begin() override {
    outer_stream_ = c10::cuda::getCurrentCUDAStream(device_);
    pool_ = at::cuda::graph_pool_handle();
    c10::cuda::setCurrentCUDAStream(capture_stream(device_));
    try {
      // Other threads go on as they like: the reader waits for events while this one writes a graph down.
      graph_.capture_begin(pool_, cudaStreamCaptureModeThreadLocal);
    } catch (...) {
      give_up();
      throw;
    }
  }

  void end() override {
    try {
      graph_.capture_end();
    } catch (...) {
      give_up();
      throw;
    }
    return_to_outer_stream();
  }

  void launch() override { graph_.replay(); }

 private:
  void return_to_outer_stream() {
    c10::cuda::setCurrentCUDAStream(*outer_stream_);
    outer_stream_.reset();
  }

  /// libtorch leaves its allocators directed at the pool of a capture that failed, by a function that belongs to the
  /// graph.
  void give_up() noexcept {
    return_to_outer_stream();
    ignoring_errors([&] {
      c10::cuda::CUDACachingAllocator::endAllocateToPool(device_, pool_);
      c10::cuda::CUDACachingAllocator::releasePool(device_, pool_);
    });
#if TORCH_VERSION_MAJOR > 2 || TORCH_VERSION_MINOR >= 11  // before that pinned memory had no pools
    ignoring_errors([&] {
      at::HostAllocator* host = at::getHostAllocator(at::kCUDA);
      host->end_allocate_to_pool(pool_);
      host->release_pool(pool_);
    });
#endif
  }

  /// Where the pool was left already, libtorch says so by an exception.
  template <class Step>
  static void ignoring_errors(Step step) noexcept {
    try {
      step();
    } catch (const std::exception&) {
    }
  }

  const c10::DeviceIndex device_;
  /// The thread's stream before the capture; set while one is under way.
  std::optional<c10::cuda::CUDAStream> outer_stream_;
  c10::MempoolId_t pool_{0, 0};
  at::cuda::CUDAGraph graph_;
};

}  // namespace

}  // namespace soft_tokens

extern "C" __attribute__((visibility("default"))) soft_tokens::DeviceGraph* soft_tokens_make_device_graph_1(
    c10::DeviceIndex device) {
  return new soft_tokens::CudaGraph(device);
}
