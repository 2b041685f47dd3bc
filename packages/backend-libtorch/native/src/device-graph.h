// A device's own recording of what it is given, launched as one: a CUDA graph. libtorch's class for it needs
// libtorch_cuda, which the addon is not linked to, so what uses it is a module of its own (../cuda), loaded where it
// lies beside the addon.

#pragma once

#include <c10/core/Device.h>

#include <memory>

namespace soft_tokens {

class DeviceGraph {
 public:
  virtual ~DeviceGraph() = default;
  /// From here on what this thread gives the device is written down and not done.
  virtual void begin() = 0;
  /// @throws c10::Error where something of it cannot be in a graph
  virtual void end() = 0;
  /// Gives the device all of it, in the order of the thread's current stream.
  virtual void launch() = 0;
};

/// The module's one door; its name carries the version of this interface.
using MakeDeviceGraph = DeviceGraph* (*)(c10::DeviceIndex device);
constexpr const char* kMakeDeviceGraph = "soft_tokens_make_device_graph_1";

/// True where the module lies beside the addon; it is loaded when a graph is made.
bool has_device_graphs();

/// Null where this device has no graphs, or the module is not there.
/// @throws std::runtime_error where it cannot be loaded
std::unique_ptr<DeviceGraph> make_device_graph(const c10::Device& device);

}  // namespace soft_tokens
