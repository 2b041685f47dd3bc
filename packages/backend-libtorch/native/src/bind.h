// Binds a plain function over at::Tensor to JavaScript: `bind<add>("add")` becomes `add(outputs, a, b)`, where tensors are
// slot numbers. The call captures its arguments on JavaScript's thread and runs on the worker.

#pragma once

#include <ATen/core/Tensor.h>
#include <napi.h>

#include <cstring>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "engine.h"

namespace soft_tokens {

/// Bytes of a typed array, copied when the call was made.
struct HostBytes {
  std::vector<uint8_t> bytes;

  template <class T>
  const T* as() const {
    return reinterpret_cast<const T*>(bytes.data());
  }
  template <class T>
  int64_t count() const {
    return static_cast<int64_t>(bytes.size() / sizeof(T));
  }
};

constexpr int64_t kAbsent = -1;

/// The numbers by which JavaScript names dtypes; `dtypeCode` in src/native/addon.ts.
inline at::ScalarType dtype_of(int64_t code) {
  switch (code) {
    case 0: return at::kFloat;
    case 1: return at::kBFloat16;
    case 2: return at::kInt;
    default: return at::kBool;
  }
}

/// How a parameter of type T travels: what is captured on JavaScript's thread, and what the worker makes of it.
template <class T>
struct Argument;

template <>
struct Argument<at::Tensor> {
  using Captured = SlotId;
  static Captured capture(const Napi::Value& value) { return value.As<Napi::Number>().Uint32Value(); }
  static const at::Tensor& resolve(Engine& engine, Captured& id) { return engine.tensor(id); }
};

/// A slot that may be absent, or hold nothing.
template <>
struct Argument<std::optional<at::Tensor>> {
  using Captured = int64_t;
  static Captured capture(const Napi::Value& value) {
    return value.IsNumber() ? value.As<Napi::Number>().Int64Value() : kAbsent;
  }
  static std::optional<at::Tensor> resolve(Engine& engine, Captured& id) {
    if (id == kAbsent) return std::nullopt;
    const at::Tensor& tensor = engine.tensor(static_cast<SlotId>(id));
    return tensor.defined() ? std::optional<at::Tensor>(tensor) : std::nullopt;
  }
};

template <class T>
std::vector<T> capture_numbers(const Napi::Value& value) {
  const auto array = value.As<Napi::Array>();
  std::vector<T> numbers(array.Length());
  for (uint32_t i = 0; i < array.Length(); i++) {
    numbers[i] = static_cast<T>(array.Get(i).As<Napi::Number>().Int64Value());
  }
  return numbers;
}

template <>
struct Argument<std::vector<at::Tensor>> {
  using Captured = std::vector<SlotId>;
  static Captured capture(const Napi::Value& value) { return capture_numbers<SlotId>(value); }
  static std::vector<at::Tensor> resolve(Engine& engine, Captured& ids) {
    std::vector<at::Tensor> tensors;
    tensors.reserve(ids.size());
    for (const SlotId id : ids) tensors.push_back(engine.tensor(id));
    return tensors;
  }
};

template <>
struct Argument<std::vector<int64_t>> {
  using Captured = std::vector<int64_t>;
  static Captured capture(const Napi::Value& value) { return capture_numbers<int64_t>(value); }
  static const Captured& resolve(Engine&, Captured& numbers) { return numbers; }
};

template <>
struct Argument<HostBytes> {
  using Captured = HostBytes;
  static Captured capture(const Napi::Value& value) {
    const auto array = value.As<Napi::TypedArray>();
    HostBytes host;
    host.bytes.resize(array.ByteLength());
    if (array.ByteLength() > 0) {
      const auto* begin = static_cast<const uint8_t*>(array.ArrayBuffer().Data()) + array.ByteOffset();
      std::memcpy(host.bytes.data(), begin, array.ByteLength());
    }
    return host;
  }
  static const HostBytes& resolve(Engine&, Captured& host) { return host; }
};

template <>
struct Argument<int64_t> {
  using Captured = int64_t;
  static Captured capture(const Napi::Value& value) { return value.As<Napi::Number>().Int64Value(); }
  static Captured resolve(Engine&, Captured& number) { return number; }
};

template <>
struct Argument<double> {
  using Captured = double;
  static Captured capture(const Napi::Value& value) { return value.As<Napi::Number>().DoubleValue(); }
  static Captured resolve(Engine&, Captured& number) { return number; }
};

template <>
struct Argument<bool> {
  using Captured = bool;
  static Captured capture(const Napi::Value& value) { return value.As<Napi::Boolean>().Value(); }
  static Captured resolve(Engine&, Captured& flag) { return flag; }
};

template <>
struct Argument<at::ScalarType> {
  using Captured = at::ScalarType;
  static Captured capture(const Napi::Value& value) {
    return dtype_of(value.As<Napi::Number>().Int64Value());
  }
  static Captured resolve(Engine&, Captured& dtype) { return dtype; }
};

template <class T>
constexpr bool kIsTensor = std::is_same_v<T, at::Tensor> || std::is_same_v<T, std::optional<at::Tensor>> ||
                           std::is_same_v<T, std::vector<at::Tensor>>;

inline std::vector<at::Tensor> as_results(at::Tensor tensor) { return {std::move(tensor)}; }
inline std::vector<at::Tensor> as_results(std::vector<at::Tensor> tensors) { return tensors; }

inline std::vector<SlotId> capture_outputs(const Napi::Value& value) {
  if (value.IsNumber()) return {value.As<Napi::Number>().Uint32Value()};
  return capture_numbers<SlotId>(value);
}

template <auto Function, class Result, class... Parameters>
class BoundCommand final : public Command {
 public:
  BoundCommand(const char* name, std::vector<SlotId> outputs,
               std::tuple<typename Argument<Parameters>::Captured...> arguments)
      : Command(name, std::move(outputs)), arguments_(std::move(arguments)) {}

  std::vector<at::Tensor> run(Engine& engine) override {
    return call(engine, std::index_sequence_for<Parameters...>());
  }

  HostValues host_values() const override {
    constexpr bool has_bytes = (std::is_same_v<Parameters, HostBytes> || ...);
    constexpr bool has_tensors = (kIsTensor<Parameters> || ...);
    if constexpr (!has_bytes) return HostValues::kNone;
    return has_tensors ? HostValues::kBesideTensors : HostValues::kAlone;
  }

 private:
  template <size_t... I>
  std::vector<at::Tensor> call(Engine& engine, std::index_sequence<I...>) {
    return as_results(Function(Argument<Parameters>::resolve(engine, std::get<I>(arguments_))...));
  }

  std::tuple<typename Argument<Parameters>::Captured...> arguments_;
};

/// What a bound function of JavaScript carries.
struct Binding {
  Engine* engine;
  const char* name;
};

template <auto Function, class Signature>
struct Binder;

template <auto Function, class Result, class... Parameters>
struct Binder<Function, Result (*)(Parameters...)> {
  static Napi::Value call(const Napi::CallbackInfo& info) {
    const auto* binding = static_cast<const Binding*>(info.Data());
    enqueue(info, *binding, std::index_sequence_for<Parameters...>());
    return info.Env().Undefined();
  }

 private:
  template <size_t... I>
  static void enqueue(const Napi::CallbackInfo& info, const Binding& binding, std::index_sequence<I...>) {
    using Bound = BoundCommand<Function, Result, std::decay_t<Parameters>...>;
    binding.engine->enqueue(std::unique_ptr<Command>(std::make_unique<Bound>(
        binding.name, capture_outputs(info[0]),
        std::tuple<typename Argument<std::decay_t<Parameters>>::Captured...>(
            Argument<std::decay_t<Parameters>>::capture(info[I + 1])...))));
  }
};

/// Adds `Function` to `target` as `name`, a string literal.
template <auto Function>
void bind(Napi::Env env, Napi::Object target, Engine* engine, const char* name) {
  using Bound = Binder<Function, decltype(Function)>;
  auto* binding = new Binding{engine, name};
  auto function = Napi::Function::New(env, Bound::call, name, binding);
  function.AddFinalizer([](Napi::Env, Binding* old) { delete old; }, binding);
  target.Set(name, function);
}

}  // namespace soft_tokens
