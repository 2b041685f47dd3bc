#include "engine.h"

#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <c10/core/Event.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <c10/util/Exception.h>

#include <chrono>
#include <new>
#include <utility>

#include "recording.h"
#include "tensor-memory.h"

namespace soft_tokens {

Engine::Engine(const EngineOptions& options)
    : device_(options.device), threads_(options.threads), warn_(options.warn) {
  keep_tensor_memory();
  thread_ = std::thread([this] { work(); });
}

Engine::~Engine() { close(); }

void Engine::enqueue(std::unique_ptr<Command> command) {
  push({std::move(command), nullptr, std::nullopt});
}

void Engine::enqueue(std::function<void(Engine&)> step) {
  push({nullptr, std::move(step), std::nullopt});
}

void Engine::enqueue_free(SlotId id) { push({nullptr, nullptr, id}); }

void Engine::push(Step step) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    queue_.push_back(std::move(step));
  }
  has_work_.notify_one();
}

void Engine::close() {
  if (is_closed_) return;
  is_closed_ = true;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    should_stop_ = true;
  }
  has_work_.notify_one();
  thread_.join();
  queue_.clear();
  open_recording_ = nullptr;
  recordings_.clear();
  slots_.clear();
}

void Engine::work() {
  // Gradients are recorded only where JavaScript asks for them.
  at::GradMode::set_enabled(false);
  at::init_num_threads();
  if (threads_ > 0) at::set_num_threads(threads_);
  std::vector<Step> batch;
  for (;;) {
    {
      std::unique_lock<std::mutex> lock(mutex_);
      has_work_.wait(lock, [this] { return should_stop_ || !queue_.empty(); });
      if (should_stop_) return;
      batch.swap(queue_);
    }
    for (Step& step : batch) {
      // What the step captured may hold tensors: it goes before the next one runs.
      run(std::move(step));
      if (is_stopping()) return;
    }
    batch.clear();
  }
}

void Engine::run(Step step) {
  if (step.command) {
    run(*step.command);
    if (open_recording_) open_recording_->add(std::move(step.command));
  } else if (step.freed) {
    free(*step.freed);
    if (open_recording_) open_recording_->add_free(*step.freed);
  } else {
    step.work(*this);
  }
}

bool Engine::run(Command& command) {
  bool succeeded = false;
  const auto begin = std::chrono::steady_clock::now();
  try {
    std::vector<at::Tensor> results = command.run(*this);
    const auto& outputs = command.outputs();
    TORCH_CHECK(results.size() == outputs.size(), "gave ", results.size(), " results for ", outputs.size());
    for (size_t i = 0; i < outputs.size(); i++) store(outputs[i], std::move(results[i]));
    succeeded = true;
  } catch (const PoisonedOperand& poisoned) {
    fail(command, poisoned.failure);
  } catch (...) {
    fail(command, describe_current_exception(command.name()));
  }
  if (!is_profiling_) return succeeded;
  synchronize(device_);
  count(command.name(), std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
  return succeeded;
}

void Engine::begin_recording(RecordingId id) {
  open_recording_ = (recordings_[id] = std::make_unique<Recording>()).get();
}

void Engine::end_recording(RecordingId id, RecordedRegion region, const std::vector<SlotId>& results) {
  open_recording_ = nullptr;
  recordings_.at(id)->end(*this, std::move(region), results);
}

void Engine::replay(RecordingId id, const std::vector<SlotId>& inputs, const std::vector<SlotId>& results) {
  recordings_.at(id)->replay(*this, inputs, results);
}

void Engine::drop_recording(RecordingId id, const std::vector<SlotId>& own) {
  const auto found = recordings_.find(id);
  if (found == recordings_.end()) return;
  if (found->second.get() == open_recording_) open_recording_ = nullptr;
  recordings_.erase(found);
  for (const SlotId slot : own) free(slot);
}

void Engine::warn(const std::string& message) {
  if (warned_.insert(message).second) warn_(message);
}

bool Engine::is_stopping() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return should_stop_;
}

void Engine::fail(const Command& command, std::shared_ptr<const Failure> failure) {
  for (const SlotId id : command.outputs()) {
    store(id, at::Tensor());
    slots_[id].failure = failure;
  }
}

const at::Tensor& Engine::tensor(SlotId id) const {
  const Slot& slot = slots_.at(id);
  if (slot.failure) throw PoisonedOperand{slot.failure};
  return slot.tensor;
}

void Engine::store(SlotId id, at::Tensor tensor) { put(id, Slot{std::move(tensor), nullptr}); }

void Engine::put(SlotId id, Slot slot) {
  if (id >= slots_.size()) slots_.resize(id + 1 + slots_.size() / 2);
  slots_[id] = std::move(slot);
}

Slot Engine::take(SlotId id) { return id < slots_.size() ? std::exchange(slots_[id], Slot{}) : Slot{}; }

void Engine::free(SlotId id) {
  if (id < slots_.size()) slots_[id] = Slot{};
}

void Engine::set_profiling(bool is_on) {
  is_profiling_ = is_on;
  if (is_on) profile_.clear();  // launches of graphs are counted always
}

void Engine::count(const std::string& name, double seconds) {
  OperationTime& time = profile_[name];
  time.calls++;
  time.seconds += seconds;
}

std::map<std::string, OperationTime> Engine::take_profile() {
  std::map<std::string, OperationTime> taken;
  taken.swap(profile_);
  return taken;
}

void synchronize(const at::Device& device) {
  if (device.is_cpu()) return;
  const c10::impl::VirtualGuardImpl guard(device.type());
  c10::Event event(device.type());
  event.record(guard.getStream(device));
  event.synchronize();
}

std::shared_ptr<const Failure> describe_current_exception(const char* operation) {
  const std::string prefix = std::string(operation) + ": ";
  const auto failure = [&](const char* code, const std::string& text) {
    // libtorch appends where in its own code a check stands, which says nothing to a user of ours.
    const std::string what = text.substr(0, text.find("\nException raised from"));
    return std::make_shared<const Failure>(Failure{code, prefix + what});
  };
  try {
    throw;
  } catch (const c10::OutOfMemoryError& error) {
    return failure("OUT_OF_MEMORY", error.what_without_backtrace());
  } catch (const c10::IndexError& error) {
    return failure("INDEX_OUT_OF_RANGE", error.what_without_backtrace());
  } catch (const c10::Error& error) {
    const std::string text = error.what_without_backtrace();
    const bool is_memory = text.find("can't allocate memory") != std::string::npos ||
                           text.find("not enough memory") != std::string::npos ||
                           text.find("out of memory") != std::string::npos;
    return failure(is_memory ? "OUT_OF_MEMORY" : "BACKEND_FAILURE", text);
  } catch (const std::bad_alloc&) {
    return failure("OUT_OF_MEMORY", "the process has no memory left");
  } catch (const std::exception& error) {
    return failure("BACKEND_FAILURE", error.what());
  } catch (...) {
    return failure("BACKEND_FAILURE", "an exception of unknown kind");
  }
}

}  // namespace soft_tokens
