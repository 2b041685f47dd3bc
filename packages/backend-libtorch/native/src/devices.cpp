#include "devices.h"

#include <ATen/Context.h>
#include <ATen/ATen.h>
#include <dlfcn.h>

namespace soft_tokens {

namespace {

/// The folder of the libtorch that is loaded, with a slash.
std::string libtorch_folder() {
  Dl_info info{};
  const auto address = reinterpret_cast<const void*>(static_cast<at::Tensor (*)(const at::Tensor&)>(&at::alias));
  if (dladdr(address, &info) == 0 || info.dli_fname == nullptr) return "";
  const std::string file = info.dli_fname;
  return file.substr(0, file.rfind('/') + 1);
}

std::string load_error() {
  const char* error = dlerror();
  return error == nullptr ? "unknown" : error;
}

}  // namespace

Devices find_devices() {
  Devices devices;
#if defined(__APPLE__)
  devices.has_mps = at::hasMPS();
  devices.cuda_reason = "not on this system";
#else
  if (dlopen("libcuda.so.1", RTLD_LAZY | RTLD_GLOBAL) == nullptr) {
    devices.cuda_reason = "no NVIDIA driver (libcuda.so.1)";
    return devices;
  }
  const std::string folder = libtorch_folder();
  dlopen((folder + "libc10_cuda.so").c_str(), RTLD_NOW | RTLD_GLOBAL);
  if (dlopen((folder + "libtorch_cuda.so").c_str(), RTLD_NOW | RTLD_GLOBAL) == nullptr) {
    devices.cuda_reason = "an NVIDIA driver, but this libtorch has no usable libtorch_cuda: " + load_error();
    return devices;
  }
  try {
    devices.cuda_count = at::detail::getCUDAHooks().deviceCount();
    if (devices.cuda_count == 0) devices.cuda_reason = "the NVIDIA driver shows no device";
    else at::globalContext().lazyInitDevice(at::kCUDA);
  } catch (const std::exception& error) {
    devices.cuda_count = 0;
    devices.cuda_reason = error.what();
  }
#endif
  return devices;
}

}  // namespace soft_tokens
