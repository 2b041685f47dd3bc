#include "device-graph.h"

#include <dlfcn.h>
#include <unistd.h>

#include <stdexcept>
#include <string>

namespace soft_tokens {

namespace {

/// The module's file, beside the addon; `CUDA_MODULE_FILE` of src/native/build-info.ts.
std::string module_path() {
  Dl_info info{};
  if (dladdr(reinterpret_cast<const void*>(&make_device_graph), &info) == 0 || info.dli_fname == nullptr) return "";
  const std::string addon = info.dli_fname;
  return addon.substr(0, addon.rfind('/') + 1) + "soft_tokens_cuda.so";
}

MakeDeviceGraph load() {
  // libtorch_cuda is loaded by now: a device is in use (devices.cpp).
  void* module = dlopen(module_path().c_str(), RTLD_NOW | RTLD_LOCAL);
  void* door = module == nullptr ? nullptr : dlsym(module, kMakeDeviceGraph);
  if (door == nullptr) throw std::runtime_error(dlerror());
  return reinterpret_cast<MakeDeviceGraph>(door);
}

}  // namespace

bool has_device_graphs() { return access(module_path().c_str(), R_OK) == 0; }

std::unique_ptr<DeviceGraph> make_device_graph(const c10::Device& device) {
  if (!device.is_cuda() || !has_device_graphs()) return nullptr;
  static const MakeDeviceGraph make = load();
  return std::unique_ptr<DeviceGraph>(make(device.index()));
}

}  // namespace soft_tokens
