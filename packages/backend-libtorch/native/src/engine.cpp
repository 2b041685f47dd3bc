#include "engine.h"

#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <c10/core/Event.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <c10/util/Exception.h>

#include <chrono>
#include <new>

#include "tensor-memory.h"

namespace soft_tokens {

Engine::Engine(const EngineOptions& options) : device_(options.device), threads_(options.threads) {
  keep_tensor_memory();
  thread_ = std::thread([this] { work(); });
}

Engine::~Engine() { close(); }

void Engine::enqueue(std::unique_ptr<Command> command) { push({std::move(command), nullptr}); }

void Engine::enqueue(std::function<void(Engine&)> step) { push({nullptr, std::move(step)}); }

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
      if (step.command) {
        run(*step.command);
      } else {
        step.work(*this);
      }
      // What the step captured may hold tensors: it goes before the next one runs.
      step = Step{};
      const std::lock_guard<std::mutex> lock(mutex_);
      if (should_stop_) return;
    }
    batch.clear();
  }
}

void Engine::run(Command& command) {
  const auto begin = std::chrono::steady_clock::now();
  try {
    std::vector<at::Tensor> results = command.run(*this);
    const auto& outputs = command.outputs();
    TORCH_CHECK(results.size() == outputs.size(), "gave ", results.size(), " results for ", outputs.size());
    for (size_t i = 0; i < outputs.size(); i++) store(outputs[i], std::move(results[i]));
  } catch (const PoisonedOperand& poisoned) {
    fail(command, poisoned.failure);
  } catch (...) {
    fail(command, describe_current_exception(command.name()));
  }
  if (!is_profiling_) return;
  synchronize(device_);
  OperationTime& time = profile_[command.name()];
  time.calls++;
  time.seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
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

void Engine::store(SlotId id, at::Tensor tensor) {
  if (id >= slots_.size()) slots_.resize(id + 1 + slots_.size() / 2);
  slots_[id] = Slot{std::move(tensor), nullptr};
}

void Engine::free(SlotId id) {
  if (id < slots_.size()) slots_[id] = Slot{};
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
