// What `capture` of the contract records: the commands of one run of a function, and the frees of its slots, in
// order. A replay does them again with other inputs, on the engine's thread alone. Where the device has graphs the
// list becomes one (recorded-graph.h); the list is always right, the graph is faster.
//
// The function's slots are its own until the recording is dropped, so nothing else is ever in them.

#pragma once

#include <memory>
#include <vector>

#include "engine.h"

namespace soft_tokens {

class RecordedGraph;

/// The slots of a recording.
struct RecordedRegion {
  std::vector<SlotId> inputs;
  std::vector<SlotId> outputs;
  /// All that the function's tensors were in, inputs and outputs too.
  std::vector<SlotId> own;
  /// Of tensors from outside that its commands read or write.
  std::vector<SlotId> outer;
};

/// A command, or the number of a slot that is freed.
struct RecordedStep {
  std::unique_ptr<Command> command;
  SlotId freed = 0;
};

/// All of it is the worker's.
class Recording {
 public:
  Recording();
  ~Recording();

  void add(std::unique_ptr<Command> command) { steps_.push_back({std::move(command)}); }
  void add_free(SlotId id) { steps_.push_back({nullptr, id}); }

  /// The function has ended: `results` take its outputs.
  void end(Engine& engine, RecordedRegion region, const std::vector<SlotId>& results);
  void replay(Engine& engine, const std::vector<SlotId>& inputs, const std::vector<SlotId>& results);

 private:
  bool replay_as_graph(Engine& engine, const std::vector<SlotId>& inputs, const std::vector<SlotId>& results);
  void make_graph(Engine& engine, const std::vector<SlotId>& inputs);
  void finish(Engine& engine, const std::vector<SlotId>& results);

  std::vector<RecordedStep> steps_;
  RecordedRegion region_;
  std::unique_ptr<RecordedGraph> graph_;
  /// Graphs that may still be made: an outer tensor may move to other memory, but not at every run.
  int graphs_left_ = 4;
};

}  // namespace soft_tokens
