#include "reader.h"

#include <ATen/ATen.h>
#include <c10/core/Event.h>
#include <c10/core/impl/VirtualGuardImpl.h>

namespace soft_tokens {

Reader::~Reader() { close(); }

void Reader::read(Engine& engine, SlotId id, Delivery delivery) {
  const Slot& slot = engine.slot(id);
  if (slot.failure) {
    delivery(at::Tensor(), slot.failure);
    return;
  }
  try {
    at::Tensor value = slot.tensor.detach();
    if (value.scalar_type() == at::kBFloat16) value = value.to(at::kFloat);
    value = value.contiguous();
    if (value.is_cpu()) {
      delivery(value, nullptr);
      return;
    }
    at::Tensor host = at::empty(value.sizes(), value.options().device(at::kCPU).pinned_memory(true));
    host.copy_(value, /*non_blocking=*/true);
    const c10::impl::VirtualGuardImpl guard(value.device().type());
    auto event = std::make_shared<c10::Event>(value.device().type());
    event->record(guard.getStream(value.device()));
    // The device still reads `value` until the event.
    deliver_later({[event, value] { event->synchronize(); }, std::move(host), std::move(delivery)});
  } catch (...) {
    delivery(at::Tensor(), describe_current_exception("read"));
  }
}

void Reader::deliver_later(Pending pending) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!thread_.joinable()) thread_ = std::thread([this] { work(); });
    pending_.push_back(std::move(pending));
  }
  has_work_.notify_one();
}

void Reader::work() {
  for (;;) {
    Pending next;
    {
      std::unique_lock<std::mutex> lock(mutex_);
      has_work_.wait(lock, [this] { return should_stop_ || !pending_.empty(); });
      if (pending_.empty()) return;
      next = std::move(pending_.front());
      pending_.pop_front();
    }
    std::shared_ptr<const Failure> failure;
    try {
      next.wait();
    } catch (...) {
      failure = describe_current_exception("read");
    }
    next.delivery(failure ? at::Tensor() : next.host, failure);
  }
}

void Reader::close() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    should_stop_ = true;
  }
  has_work_.notify_one();
  if (thread_.joinable()) thread_.join();
}

}  // namespace soft_tokens
