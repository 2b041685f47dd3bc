// A recording as a graph of the device: fixed inputs that values are copied into, one launch, fixed outputs whose
// values are copied out. It knows tensors from outside by their addresses, so it fits only while they stay there.

#pragma once

#include <ATen/core/Tensor.h>

#include <exception>
#include <memory>
#include <vector>

#include "device-graph.h"
#include "recording.h"

namespace soft_tokens {

/// Thrown where a command moved a tensor from outside to other memory: a graph would move it but once.
struct MovedTensor : std::exception {};

class RecordedGraph {
 public:
  /**
   * Gives the device the commands to write down; nothing is computed. Null where the device has no graphs. `inputs` are
   * examples.
   * @throws MovedTensor, std::exception where the commands cannot be a graph
   */
  static std::unique_ptr<RecordedGraph> make(Engine& engine, const std::vector<RecordedStep>& steps,
                                             const RecordedRegion& region, const std::vector<SlotId>& inputs);

  /// Whether every tensor from outside is where it was, and nobody else sees those that are written to.
  bool fits(const Engine& engine) const;
  void launch(Engine& engine, const std::vector<SlotId>& inputs, const std::vector<SlotId>& results);

 private:
  struct Outer {
    SlotId id;
    const void* address;
    std::vector<int64_t> strides;
    bool is_written;
  };

  explicit RecordedGraph(std::unique_ptr<DeviceGraph> graph) : graph_(std::move(graph)) {}
  void write_down(Engine& engine, const std::vector<RecordedStep>& steps, const RecordedRegion& region);

  std::vector<Outer> outer_;
  std::vector<at::Tensor> inputs_;
  std::vector<at::Tensor> outputs_;
  /// Results of commands that take nothing but values of the host, computed once.
  std::vector<at::Tensor> constants_;
  /// Goes first: the tensors above are parts of its memory.
  std::unique_ptr<DeviceGraph> graph_;
};

}  // namespace soft_tokens
