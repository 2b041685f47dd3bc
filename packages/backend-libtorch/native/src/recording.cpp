#include "recording.h"

#include <algorithm>
#include <chrono>
#include <set>
#include <string>
#include <utility>

#include "recorded-graph.h"

namespace soft_tokens {

Recording::Recording() = default;
Recording::~Recording() = default;

void Recording::end(Engine& engine, RecordedRegion region, const std::vector<SlotId>& results) {
  region_ = std::move(region);
  // A tensor from outside that the function disposed is gone once; its number may be someone else's at the replay.
  const std::set<SlotId> own(region_.own.begin(), region_.own.end());
  const auto is_foreign = [&own](const RecordedStep& step) { return !step.command && own.count(step.freed) == 0; };
  steps_.erase(std::remove_if(steps_.begin(), steps_.end(), is_foreign), steps_.end());
  finish(engine, results);
}

void Recording::replay(Engine& engine, const std::vector<SlotId>& inputs, const std::vector<SlotId>& results) {
  if (replay_as_graph(engine, inputs, results)) return;
  for (size_t i = 0; i < inputs.size(); i++) engine.put(region_.inputs[i], engine.slot(inputs[i]));
  for (const RecordedStep& step : steps_) {
    if (engine.is_stopping()) return;
    // A command that fails leaves its failure where it would have left its results; those that read it fail alike.
    if (step.command) engine.run(*step.command);
    else engine.free(step.freed);
  }
  finish(engine, results);
}

bool Recording::replay_as_graph(Engine& engine, const std::vector<SlotId>& inputs,
                                const std::vector<SlotId>& results) {
  // A profile wants the times of the operations, of which a graph has none.
  if (engine.device().is_cpu() || engine.is_profiling()) return false;
  for (const SlotId id : inputs) {
    if (engine.slot(id).failure) return false;
  }
  if (graph_ && !graph_->fits(engine)) graph_.reset();
  if (!graph_ && graphs_left_ > 0) make_graph(engine, inputs);
  if (!graph_) return false;
  const auto begin = std::chrono::steady_clock::now();
  graph_->launch(engine, inputs, results);
  engine.count("graph launch", std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
  return true;
}

void Recording::make_graph(Engine& engine, const std::vector<SlotId>& inputs) {
  graphs_left_--;
  try {
    graph_ = RecordedGraph::make(engine, steps_, region_, inputs);
    if (!graph_) graphs_left_ = 0;  // nor will there be one at the next run
  } catch (const MovedTensor&) {
    // This run's list moves it; the next run may find it at rest.
  } catch (...) {
    graphs_left_ = 0;
    const std::string reason = describe_current_exception("graph")->message;
    engine.warn("a captured function is replayed operation by operation, not as one: " + reason);
  }
}

void Recording::finish(Engine& engine, const std::vector<SlotId>& results) {
  for (size_t i = 0; i < results.size(); i++) engine.put(results[i], engine.take(region_.outputs[i]));
  for (const SlotId id : region_.own) engine.free(id);
}

}  // namespace soft_tokens
