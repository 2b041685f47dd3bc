// The engine: one worker thread that runs commands in the order in which JavaScript gave them, and the slots that hold
// their results. JavaScript never waits for arithmetic; what a command throws stays in its output slots until a read
// brings it back as a rejection.
//
// Threads: `enqueue` is called on JavaScript's thread, everything marked (worker) on the worker alone.

#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace soft_tokens {

using SlotId = uint32_t;

/// Why a command has no result. `code` is a TensorError code of the contract.
struct Failure {
  std::string code;
  std::string message;
};

/// Thrown where a command reads a slot whose own command failed: the first failure is the one that is told.
struct PoisonedOperand {
  std::shared_ptr<const Failure> failure;
};

struct Slot {
  at::Tensor tensor;
  std::shared_ptr<const Failure> failure;
};

class Engine;

/// One operation with its captured arguments.
class Command {
 public:
  explicit Command(const char* name, std::vector<SlotId> outputs) : name_(name), outputs_(std::move(outputs)) {}
  virtual ~Command() = default;
  Command(const Command&) = delete;
  Command& operator=(const Command&) = delete;

  /// (worker) Results in the order of the outputs.
  virtual std::vector<at::Tensor> run(Engine& engine) = 0;

  const char* name() const { return name_; }
  const std::vector<SlotId>& outputs() const { return outputs_; }

 private:
  const char* name_;
  std::vector<SlotId> outputs_;
};

struct EngineOptions {
  at::Device device = at::kCPU;
  /// 0: libtorch's own choice.
  int threads = 0;
};

/// Time spent in one kind of operation while profiling.
struct OperationTime {
  uint64_t calls = 0;
  double seconds = 0;
};

class Engine {
 public:
  explicit Engine(const EngineOptions& options);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  void enqueue(std::unique_ptr<Command> command);
  /// A step without outputs that must not throw: freeing a slot, answering a read.
  void enqueue(std::function<void(Engine&)> step);
  /// Drops what has not begun, waits for what has, frees every slot. Idempotent.
  void close();
  bool is_closed() const { return is_closed_; }

  const at::Device& device() const { return device_; }

  /// (worker) The tensor of a slot; undefined where its command gave none. @throws PoisonedOperand
  const at::Tensor& tensor(SlotId id) const;
  /// (worker)
  void store(SlotId id, at::Tensor tensor);
  /// (worker)
  void free(SlotId id);
  /// (worker)
  const Slot& slot(SlotId id) const { return slots_.at(id); }

  /// (worker)
  void set_profiling(bool is_on) { is_profiling_ = is_on; }
  /// (worker) Sums since the last call.
  std::map<std::string, OperationTime> take_profile();

 private:
  struct Step {
    std::unique_ptr<Command> command;
    std::function<void(Engine&)> work;
  };

  void push(Step step);
  void work();
  void run(Command& command);
  void fail(const Command& command, std::shared_ptr<const Failure> failure);

  const at::Device device_;
  const int threads_;
  bool is_closed_ = false;

  std::mutex mutex_;
  std::condition_variable has_work_;
  std::vector<Step> queue_;
  bool should_stop_ = false;

  std::vector<Slot> slots_;
  bool is_profiling_ = false;
  std::map<std::string, OperationTime> profile_;
  std::thread thread_;
};

/// (worker) Waits until the device has done what it was given; nothing to wait for on the CPU.
void synchronize(const at::Device& device);

/// The failure that an exception stands for, by kind: OUT_OF_MEMORY, INDEX_OUT_OF_RANGE, else BACKEND_FAILURE.
std::shared_ptr<const Failure> describe_current_exception(const char* operation);

}  // namespace soft_tokens
