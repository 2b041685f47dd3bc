// Brings values to the host without holding up the worker: on the CPU a reference is enough, on another device the copy is
// asynchronous into pinned memory and a thread of its own waits for it.

#pragma once

#include <ATen/core/Tensor.h>

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "engine.h"

namespace soft_tokens {

/// Given a contiguous tensor on the host (float32 for bfloat16), or the failure instead. Called on the worker or on the
/// reader's thread.
using Delivery = std::function<void(at::Tensor, std::shared_ptr<const Failure>)>;

class Reader {
 public:
  Reader() = default;
  ~Reader();
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  /// (worker)
  void read(Engine& engine, SlotId id, Delivery delivery);
  /// Delivers what was begun, then ends the thread. Idempotent.
  void close();

 private:
  struct Pending {
    std::function<void()> wait;
    at::Tensor host;
    Delivery delivery;
  };

  void deliver_later(Pending pending);
  void work();

  std::mutex mutex_;
  std::condition_variable has_work_;
  std::deque<Pending> pending_;
  bool should_stop_ = false;
  std::thread thread_;
};

}  // namespace soft_tokens
