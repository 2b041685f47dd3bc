#include "recorded-graph.h"

#include <ATen/ATen.h>

#include <set>
#include <stdexcept>
#include <string>

namespace soft_tokens {

namespace {

/// Slots of the commands' outputs: of the region's own, and of tensors from outside that are written to.
std::set<SlotId> written_slots(const std::vector<RecordedStep>& steps) {
  std::set<SlotId> written;
  for (const RecordedStep& step : steps) {
    if (step.command) written.insert(step.command->outputs().begin(), step.command->outputs().end());
  }
  return written;
}

/// Empties the region's slots and puts the outer ones back, whatever was done in between.
class SlotsAsTheyWere {
 public:
  SlotsAsTheyWere(Engine& engine, const RecordedRegion& region) : engine_(engine), region_(region) {
    for (const SlotId id : region.outer) outer_.push_back(engine.slot(id));
  }
  ~SlotsAsTheyWere() {
    for (const SlotId id : region_.own) engine_.free(id);
    for (size_t i = 0; i < outer_.size(); i++) engine_.put(region_.outer[i], std::move(outer_[i]));
  }
  SlotsAsTheyWere(const SlotsAsTheyWere&) = delete;
  SlotsAsTheyWere& operator=(const SlotsAsTheyWere&) = delete;

  /// @throws MovedTensor
  void require_same_memory() const {
    for (size_t i = 0; i < outer_.size(); i++) {
      const at::Tensor& now = engine_.tensor(region_.outer[i]);
      const at::Tensor& before = outer_[i].tensor;
      if (now.data_ptr() != before.data_ptr() || now.strides() != before.strides()) throw MovedTensor();
    }
  }

 private:
  Engine& engine_;
  const RecordedRegion& region_;
  std::vector<Slot> outer_;
};

}  // namespace

std::unique_ptr<RecordedGraph> RecordedGraph::make(Engine& engine, const std::vector<RecordedStep>& steps,
                                                   const RecordedRegion& region, const std::vector<SlotId>& inputs) {
  std::unique_ptr<DeviceGraph> device_graph = make_device_graph(engine.device());
  if (!device_graph) return nullptr;
  std::unique_ptr<RecordedGraph> made(new RecordedGraph(std::move(device_graph)));
  const std::set<SlotId> written = written_slots(steps);
  for (const SlotId id : region.outer) {
    const Slot& slot = engine.slot(id);
    if (slot.failure || !slot.tensor.defined()) throw MovedTensor();
    made->outer_.push_back({id, slot.tensor.data_ptr(), slot.tensor.strides().vec(), written.count(id) > 0});
  }
  // Before the first command of the graph: these copy from the host.
  for (const RecordedStep& step : steps) {
    if (!step.command || step.command->host_values() == HostValues::kNone) continue;
    if (step.command->host_values() == HostValues::kBesideTensors) {
      throw std::runtime_error(std::string(step.command->name()) + " takes values from the host");
    }
    for (at::Tensor& result : step.command->run(engine)) made->constants_.push_back(std::move(result));
  }
  const SlotsAsTheyWere restored(engine, region);
  for (size_t i = 0; i < inputs.size(); i++) {
    const at::Tensor& given = engine.tensor(inputs[i]);
    made->inputs_.push_back(at::empty_like(given).copy_(given));
    engine.store(region.inputs[i], made->inputs_[i]);
  }
  made->write_down(engine, steps, region);
  restored.require_same_memory();
  return made;
}

void RecordedGraph::write_down(Engine& engine, const std::vector<RecordedStep>& steps, const RecordedRegion& region) {
  std::shared_ptr<const Failure> failure;
  graph_->begin();
  size_t constant = 0;
  for (const RecordedStep& step : steps) {
    if (!step.command) {
      engine.free(step.freed);
    } else if (step.command->host_values() == HostValues::kAlone) {
      // An alias: who writes to it copies it first, and it stays what it is.
      for (const SlotId id : step.command->outputs()) engine.store(id, at::alias(constants_[constant++]));
    } else if (!engine.run(*step.command)) {
      const auto& outputs = step.command->outputs();
      const std::string name = step.command->name();
      failure = outputs.empty() ? std::make_shared<const Failure>(Failure{"BACKEND_FAILURE", name + " failed"})
                                : engine.slot(outputs[0]).failure;
      break;
    }
  }
  try {
    graph_->end();
  } catch (const std::exception&) {
    // What the first command said tells more.
    if (!failure) throw;
  }
  if (failure) throw std::runtime_error(failure->message);
  for (const SlotId id : region.outputs) outputs_.push_back(engine.tensor(id));
}

bool RecordedGraph::fits(const Engine& engine) const {
  for (const Outer& outer : outer_) {
    const Slot& slot = engine.slot(outer.id);
    if (slot.failure || !slot.tensor.defined() || slot.tensor.data_ptr() != outer.address) return false;
    if (slot.tensor.strides() != at::IntArrayRef(outer.strides)) return false;
    // A view made before keeps its old values: the list copies the memory first.
    if (outer.is_written && slot.tensor.storage().use_count() > 1) return false;
  }
  return true;
}

void RecordedGraph::launch(Engine& engine, const std::vector<SlotId>& inputs, const std::vector<SlotId>& results) {
  try {
    for (size_t i = 0; i < inputs.size(); i++) inputs_[i].copy_(engine.tensor(inputs[i]), /*non_blocking=*/true);
    graph_->launch();
    for (size_t i = 0; i < results.size(); i++) engine.store(results[i], outputs_[i].clone());
  } catch (...) {
    const auto failure = describe_current_exception("captured function");
    for (const SlotId id : results) engine.put(id, Slot{at::Tensor(), failure});
  }
}

}  // namespace soft_tokens
