// The addon's door: `createEngine` with its operations, and what can be asked of libtorch before that.

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <napi.h>
#include <torch/version.h>

#include <atomic>
#include <mutex>

#include "bind.h"
#include "device-graph.h"
#include "devices.h"
#include "engine.h"
#include "kernels/adamw.h"
#include "kernels/attention.h"
#include "kernels/head.h"
#include "kernels/layer.h"
#include "kernels/options.h"
#include "kernels/tiles.h"
#include "operations/device.h"
#include "operations/operations.h"
#include "reader.h"
#include "recording.h"

namespace soft_tokens {

namespace {

/// One backend's engine with its way back to JavaScript.
struct Session {
  explicit Session(const EngineOptions& options) : engine(options) {}

  void close() {
    engine.close();
    reader.close();
  }

  Engine engine;
  Reader reader;
  /// Answers of the worker on JavaScript's thread; keeps the process alive while reads are open.
  Napi::ThreadSafeFunction answers;
  int open_reads = 0;
};

/// Everything that lives as long as the environment. Sessions stay until then, closed: functions may still point at them.
struct AddonData {
  std::vector<std::unique_ptr<Session>> sessions;
  ~AddonData() {
    for (const auto& session : sessions) session->close();
  }
};

struct Answer {
  Napi::Promise::Deferred deferred;
  Session* session;
  at::Tensor host;
  std::shared_ptr<const Failure> failure;
};

Napi::Value to_typed_array(Napi::Env env, const at::Tensor& host) {
  const size_t bytes = host.nbytes();
  Napi::ArrayBuffer buffer = Napi::ArrayBuffer::New(env, bytes);
  if (bytes > 0) std::memcpy(buffer.Data(), host.data_ptr(), bytes);
  const size_t count = static_cast<size_t>(host.numel());
  switch (host.scalar_type()) {
    case at::kFloat: return Napi::Float32Array::New(env, count, buffer, 0);
    case at::kInt: return Napi::Int32Array::New(env, count, buffer, 0);
    default: return Napi::Uint8Array::New(env, count, buffer, 0);
  }
}

void settle(Napi::Env env, Napi::Function, Answer* raw) {
  const std::unique_ptr<Answer> answer(raw);
  if (env == nullptr) return;  // the environment is going away
  if (--answer->session->open_reads == 0) answer->session->answers.Unref(env);
  if (answer->failure) {
    Napi::Error error = Napi::Error::New(env, answer->failure->message);
    error.Set("code", answer->failure->code);
    answer->deferred.Reject(error.Value());
  } else {
    answer->deferred.Resolve(to_typed_array(env, answer->host));
  }
}

Napi::Value read(const Napi::CallbackInfo& info) {
  auto* session = static_cast<Session*>(info.Data());
  const SlotId id = info[0].As<Napi::Number>().Uint32Value();
  auto* answer = new Answer{Napi::Promise::Deferred::New(info.Env()), session, at::Tensor(), nullptr};
  if (session->open_reads++ == 0) session->answers.Ref(info.Env());
  session->engine.enqueue([session, id, answer](Engine& engine) {
    session->reader.read(engine, id, [session, answer](at::Tensor host, std::shared_ptr<const Failure> failure) {
      answer->host = std::move(host);
      answer->failure = std::move(failure);
      session->answers.NonBlockingCall(answer, settle);
    });
  });
  return answer->deferred.Promise();
}

Napi::Value free_slot(const Napi::CallbackInfo& info) {
  auto* session = static_cast<Session*>(info.Data());
  const SlotId id = info[0].As<Napi::Number>().Uint32Value();
  if (!session->engine.is_closed()) session->engine.enqueue_free(id);
  return info.Env().Undefined();
}

RecordingId recording_of(const Napi::CallbackInfo& info) { return info[0].As<Napi::Number>().Uint32Value(); }

Napi::Value begin_recording(const Napi::CallbackInfo& info) {
  auto* session = static_cast<Session*>(info.Data());
  session->engine.enqueue([id = recording_of(info)](Engine& engine) { engine.begin_recording(id); });
  return info.Env().Undefined();
}

Napi::Value end_recording(const Napi::CallbackInfo& info) {
  auto* session = static_cast<Session*>(info.Data());
  const auto region = info[1].As<Napi::Object>();
  const auto slots = [&region](const char* name) { return capture_numbers<SlotId>(region.Get(name)); };
  RecordedRegion recorded{slots("inputs"), slots("outputs"), slots("own"), slots("outer")};
  session->engine.enqueue([id = recording_of(info), recorded = std::move(recorded),
                           results = capture_numbers<SlotId>(info[2])](Engine& engine) {
    engine.end_recording(id, recorded, results);
  });
  return info.Env().Undefined();
}

Napi::Value replay(const Napi::CallbackInfo& info) {
  auto* session = static_cast<Session*>(info.Data());
  session->engine.enqueue([id = recording_of(info), inputs = capture_numbers<SlotId>(info[1]),
                           results = capture_numbers<SlotId>(info[2])](Engine& engine) {
    engine.replay(id, inputs, results);
  });
  return info.Env().Undefined();
}

Napi::Value drop_recording(const Napi::CallbackInfo& info) {
  auto* session = static_cast<Session*>(info.Data());
  if (session->engine.is_closed()) return info.Env().Undefined();
  session->engine.enqueue([id = recording_of(info), own = capture_numbers<SlotId>(info[1])](Engine& engine) {
    engine.drop_recording(id, own);
  });
  return info.Env().Undefined();
}

Napi::Value close(const Napi::CallbackInfo& info) {
  auto* session = static_cast<Session*>(info.Data());
  if (!session->engine.is_closed()) {
    session->close();
    session->answers.Release();
  }
  return info.Env().Undefined();
}

Napi::Value set_profiling(const Napi::CallbackInfo& info) {
  auto* session = static_cast<Session*>(info.Data());
  const bool is_on = info[0].As<Napi::Boolean>().Value();
  session->engine.enqueue([is_on](Engine& engine) { engine.set_profiling(is_on); });
  return info.Env().Undefined();
}

struct ProfileAnswer {
  Napi::Promise::Deferred deferred;
  Session* session;
  std::map<std::string, OperationTime> profile;
};

Napi::Value take_profile(const Napi::CallbackInfo& info) {
  auto* session = static_cast<Session*>(info.Data());
  auto* answer = new ProfileAnswer{Napi::Promise::Deferred::New(info.Env()), session, {}};
  if (session->open_reads++ == 0) session->answers.Ref(info.Env());
  session->engine.enqueue([session, answer](Engine& engine) {
    answer->profile = engine.take_profile();
    session->answers.NonBlockingCall(answer, [](Napi::Env env, Napi::Function, ProfileAnswer* raw) {
      const std::unique_ptr<ProfileAnswer> owned(raw);
      if (env == nullptr) return;
      if (--owned->session->open_reads == 0) owned->session->answers.Unref(env);
      Napi::Object result = Napi::Object::New(env);
      for (const auto& [name, time] : owned->profile) {
        Napi::Object entry = Napi::Object::New(env);
        entry.Set("calls", static_cast<double>(time.calls));
        entry.Set("seconds", time.seconds);
        result.Set(name, entry);
      }
      owned->deferred.Resolve(result);
    });
  });
  return answer->deferred.Promise();
}

Napi::Object bind_operations(Napi::Env env, Engine* engine) {
  namespace o = operations;
  Napi::Object target = Napi::Object::New(env);
  bind<o::from_host>(env, target, engine, "fromHost");
  bind<o::full>(env, target, engine, "full");
  bind<o::arange>(env, target, engine, "arange");
  bind<o::same>(env, target, engine, "same");
  bind<o::clone>(env, target, engine, "clone");
  bind<o::cast>(env, target, engine, "cast");
  bind<o::reshape>(env, target, engine, "reshape");
  bind<o::transpose>(env, target, engine, "transpose");
  bind<o::broadcast_to>(env, target, engine, "broadcastTo");
  bind<o::concat>(env, target, engine, "concat");
  bind<o::slice>(env, target, engine, "slice");
  bind<o::take_rows>(env, target, engine, "takeRows");
  bind<o::take_along_last>(env, target, engine, "takeAlongLast");
  bind<o::one_hot>(env, target, engine, "oneHot");
  bind<o::add>(env, target, engine, "add");
  bind<o::subtract>(env, target, engine, "subtract");
  bind<o::multiply>(env, target, engine, "multiply");
  bind<o::divide>(env, target, engine, "divide");
  bind<o::maximum>(env, target, engine, "maximum");
  bind<o::minimum>(env, target, engine, "minimum");
  bind<o::affine>(env, target, engine, "affine");
  bind<o::negate>(env, target, engine, "negate");
  bind<o::abs>(env, target, engine, "abs");
  bind<o::exp>(env, target, engine, "exp");
  bind<o::log>(env, target, engine, "log");
  bind<o::sqrt>(env, target, engine, "sqrt");
  bind<o::rsqrt>(env, target, engine, "rsqrt");
  bind<o::square>(env, target, engine, "square");
  bind<o::tanh>(env, target, engine, "tanh");
  bind<o::sigmoid>(env, target, engine, "sigmoid");
  bind<o::silu>(env, target, engine, "silu");
  bind<o::equal>(env, target, engine, "equal");
  bind<o::less>(env, target, engine, "less");
  bind<o::less_equal>(env, target, engine, "lessEqual");
  bind<o::greater>(env, target, engine, "greater");
  bind<o::greater_equal>(env, target, engine, "greaterEqual");
  bind<o::logical_and>(env, target, engine, "logicalAnd");
  bind<o::logical_or>(env, target, engine, "logicalOr");
  bind<o::logical_not>(env, target, engine, "logicalNot");
  bind<o::where>(env, target, engine, "where");
  bind<o::sum>(env, target, engine, "sum");
  bind<o::mean>(env, target, engine, "mean");
  bind<o::max>(env, target, engine, "max");
  bind<o::min>(env, target, engine, "min");
  bind<o::arg_max>(env, target, engine, "argMax");
  bind<o::top_k>(env, target, engine, "topK");
  bind<o::softmax>(env, target, engine, "softmax");
  bind<o::log_softmax>(env, target, engine, "logSoftmax");
  bind<o::log_sum_exp>(env, target, engine, "logSumExp");
  bind<o::matmul>(env, target, engine, "matmul");
  bind<o::random_uniform>(env, target, engine, "randomUniform");
  bind<o::random_normal>(env, target, engine, "randomNormal");
  bind<o::sample_categorical>(env, target, engine, "sampleCategorical");
  bind<o::assign>(env, target, engine, "assign");
  bind<o::write_slice>(env, target, engine, "writeSlice");
  bind<o::write_slice_at>(env, target, engine, "writeSliceAt");
  bind<o::set_recording>(env, target, engine, "setRecording");
  bind<o::leaf>(env, target, engine, "leaf");
  bind<o::stop_gradient>(env, target, engine, "stopGradient");
  bind<o::gradients>(env, target, engine, "gradients");
  bind<o::add_gradients>(env, target, engine, "addGradients");
  bind<o::gradient_or_zeros>(env, target, engine, "gradientOrZeros");
  bind<o::open_gradient_sums>(env, target, engine, "openGradientSums");
  bind<o::close_gradient_sums>(env, target, engine, "closeGradientSums");
  bind<o::set_gradient_sums>(env, target, engine, "setGradientSums");
  bind<o::add_to_gradient_sums>(env, target, engine, "addToGradientSums");
  bind<rms_norm>(env, target, engine, "rmsNorm");
  bind<rotary>(env, target, engine, "rotary");
  bind<attention>(env, target, engine, "attention");
  bind<gated_mlp>(env, target, engine, "gatedMlp");
  bind<mixture>(env, target, engine, "mixture");
  bind<token_choice>(env, target, engine, "tokenChoice");
  bind<thought_log_prob>(env, target, engine, "thoughtLogProb");
  bind<token_log_prob>(env, target, engine, "tokenLogProb");
  bind<adamw>(env, target, engine, "adamW");
  return target;
}

at::Device device_from(const Napi::Object& options) {
  const std::string name = options.Get("device").As<Napi::String>().Utf8Value();
  return at::Device(name == "cuda" ? "cuda:0" : name);
}

Napi::Value create_engine(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto options = info[0].As<Napi::Object>();
  EngineOptions engine_options;
  engine_options.device = device_from(options);
  engine_options.threads = options.Get("threads").As<Napi::Number>().Int32Value();
  const std::string kernels = options.Get("kernels").As<Napi::String>().Utf8Value();
  if (!set_kernels(kernels)) throw Napi::RangeError::New(env, "this processor has no kernels \"" + kernels + "\"");

  auto& sessions = env.GetInstanceData<AddonData>()->sessions;
  // The engine's thread warns when its first commands run, and those come after this function.
  auto warn = std::make_shared<std::function<void(const std::string&)>>();
  engine_options.warn = [warn](const std::string& message) { (*warn)(message); };
  sessions.push_back(std::make_unique<Session>(engine_options));
  Session* session = sessions.back().get();
  session->answers =
      Napi::ThreadSafeFunction::New(env, options.Get("warn").As<Napi::Function>(), "soft-tokens", 0, 1);
  *warn = [session](const std::string& message) {
    session->answers.NonBlockingCall(new std::string(message), [](Napi::Env at, Napi::Function hear, std::string* raw) {
      const std::unique_ptr<std::string> text(raw);
      if (at != nullptr) hear.Call({Napi::String::New(at, *text)});
    });
  };
  session->answers.Unref(env);
  session->engine.enqueue([](Engine& engine) { set_worker_device(engine.device()); });

  Napi::Object result = Napi::Object::New(env);
  result.Set("operations", bind_operations(env, &session->engine));
  result.Set("read", Napi::Function::New(env, read, "read", session));
  result.Set("free", Napi::Function::New(env, free_slot, "free", session));
  result.Set("beginRecording", Napi::Function::New(env, begin_recording, "beginRecording", session));
  result.Set("endRecording", Napi::Function::New(env, end_recording, "endRecording", session));
  result.Set("replay", Napi::Function::New(env, replay, "replay", session));
  result.Set("dropRecording", Napi::Function::New(env, drop_recording, "dropRecording", session));
  result.Set("close", Napi::Function::New(env, close, "close", session));
  result.Set("setProfiling", Napi::Function::New(env, set_profiling, "setProfiling", session));
  result.Set("takeProfile", Napi::Function::New(env, take_profile, "takeProfile", session));
  return result;
}

Napi::Value describe(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const Devices devices = find_devices();
  Napi::Object result = Napi::Object::New(env);
  result.Set("libtorch", TORCH_VERSION);
  result.Set("cpuCapability", at::get_cpu_capability());
  result.Set("threads", at::get_num_threads());
  const std::vector<std::string> units = tiles::unit_names();
  Napi::Array tile_units = Napi::Array::New(env, units.size());
  for (size_t i = 0; i < units.size(); i++) tile_units.Set(static_cast<uint32_t>(i), units[i]);
  result.Set("tileUnits", tile_units);
  result.Set("cudaDevices", static_cast<double>(devices.cuda_count));
  result.Set("cudaReason", devices.cuda_reason);
  result.Set("hasMps", devices.has_mps);
  result.Set("cudaGraphs", has_device_graphs());
  return result;
}

Napi::Object initialize(Napi::Env env, Napi::Object exports) {
  env.SetInstanceData(new AddonData());
  exports.Set("describe", Napi::Function::New(env, describe, "describe"));
  exports.Set("createEngine", Napi::Function::New(env, create_engine, "createEngine"));
  return exports;
}

}  // namespace

}  // namespace soft_tokens

static Napi::Object initialize_addon(Napi::Env env, Napi::Object exports) {
  return soft_tokens::initialize(env, exports);
}

NODE_API_MODULE(soft_tokens_libtorch, initialize_addon)
