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
#include <optional>
#include <set>
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
class Recording;
struct RecordedRegion;

/// Whether a command's arguments hold values of the host, which a graph of the device cannot read again: none,
/// nothing else (its results are constants), or beside tensors.
enum class HostValues { kNone, kAlone, kBesideTensors };

/// One operation with its captured arguments. It may run any number of times.
class Command {
 public:
  explicit Command(const char* name, std::vector<SlotId> outputs) : name_(name), outputs_(std::move(outputs)) {}
  virtual ~Command() = default;
  Command(const Command&) = delete;
  Command& operator=(const Command&) = delete;

  /// (worker) Results in the order of the outputs.
  virtual std::vector<at::Tensor> run(Engine& engine) = 0;
  virtual HostValues host_values() const = 0;

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
  /// (worker) Hears of what makes replays slower than they could be.
  std::function<void(const std::string&)> warn = [](const std::string&) {};
};

using RecordingId = uint32_t;

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
  /// A step without outputs that must not throw and is in no recording: answering a read.
  void enqueue(std::function<void(Engine&)> step);
  void enqueue_free(SlotId id);
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
  /// (worker) With its failure, if it has one.
  void put(SlotId id, Slot slot);
  /// (worker) What is in the slot, which is empty from then on.
  Slot take(SlotId id);
  /// (worker) Runs a command now; false where it failed, as its outputs then say.
  bool run(Command& command);

  /// (worker) Commands and frees are kept from here on, while they run as always, until the end of the recording.
  void begin_recording(RecordingId id);
  /// (worker) `results` take what is in the region's outputs; then its slots are free.
  void end_recording(RecordingId id, RecordedRegion region, const std::vector<SlotId>& results);
  /// (worker) Does again what was recorded, with other inputs.
  void replay(RecordingId id, const std::vector<SlotId>& inputs, const std::vector<SlotId>& results);
  /// (worker) Forgets a recording, also one that has not ended, and frees these slots.
  void drop_recording(RecordingId id, const std::vector<SlotId>& own);

  /// (worker) Once for each message.
  void warn(const std::string& message);
  /// True where what has not begun shall not begin.
  bool is_stopping();
  /// (worker)
  bool is_profiling() const { return is_profiling_; }
  /// (worker) Adds to what `take_profile` gives.
  void count(const std::string& name, double seconds);

  /// (worker)
  void set_profiling(bool is_on);
  /// (worker) Sums since the last call.
  std::map<std::string, OperationTime> take_profile();

 private:
  struct Step {
    std::unique_ptr<Command> command;
    std::function<void(Engine&)> work;
    std::optional<SlotId> freed;
  };

  void push(Step step);
  void work();
  void run(Step step);
  void fail(const Command& command, std::shared_ptr<const Failure> failure);

  const at::Device device_;
  const int threads_;
  const std::function<void(const std::string&)> warn_;
  bool is_closed_ = false;

  std::mutex mutex_;
  std::condition_variable has_work_;
  std::vector<Step> queue_;
  bool should_stop_ = false;

  std::vector<Slot> slots_;
  std::map<RecordingId, std::unique_ptr<Recording>> recordings_;
  /// The one that is being made.
  Recording* open_recording_ = nullptr;
  std::set<std::string> warned_;
  bool is_profiling_ = false;
  std::map<std::string, OperationTime> profile_;
  std::thread thread_;
};

/// (worker) Waits until the device has done what it was given; nothing to wait for on the CPU.
void synchronize(const at::Device& device);

/// The failure that an exception stands for, by kind: OUT_OF_MEMORY, INDEX_OUT_OF_RANGE, else BACKEND_FAILURE.
std::shared_ptr<const Failure> describe_current_exception(const char* operation);

}  // namespace soft_tokens
