// Creation, shape and data movement, mutation.

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include <cstring>

#include "../kernels/add-rows.h"
#include "../kernels/gradient-sums.h"
#include "../kernels/ids.h"
#include "device.h"
#include "operations.h"

namespace soft_tokens {

namespace {
thread_local c10::Device current_device = at::kCPU;
}

c10::Device worker_device() { return current_device; }
void set_worker_device(c10::Device device) { current_device = device; }

namespace operations {

namespace {

at::TensorOptions options_of(at::ScalarType dtype) { return at::device(worker_device()).dtype(dtype); }

/// Rows of a table; the gradient is summed in float32, which bfloat16 would lose where an id comes often.
class TakeRows : public torch::autograd::Function<TakeRows> {
 public:
  static Tensor forward(torch::autograd::AutogradContext* context, const Tensor& table, const Tensor& ids) {
    context->save_for_backward({ids});
    context->saved_data["rows"] = table.size(0);
    context->saved_data["sum"] = gradient_sum_of(table);
    context->saved_data["dtype"] = static_cast<int64_t>(table.scalar_type());
    return rows(table, ids);
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list upstream) {
    const Tensor ids = context->get_saved_variables()[0];
    const auto dtype = static_cast<at::ScalarType>(context->saved_data["dtype"].toInt());
    Integers shape = upstream[0].sizes().slice(ids.dim()).vec();
    shape.insert(shape.begin(), ids.numel());
    const Tensor gradient = upstream[0].reshape(shape);
    const at::IValue& sum = context->saved_data["sum"];
    if (sum.isTensor() && sum.toTensor().defined()) {
      add_rows(sum.toTensor(), ids.reshape({-1}), gradient);
      return {Tensor(), Tensor()};
    }
    shape[0] = context->saved_data["rows"].toInt();
    Tensor table = at::zeros(shape, gradient.options().dtype(at::kFloat));
    add_rows(table, ids.reshape({-1}), gradient);
    return {table.to(dtype), Tensor()};
  }

  static Tensor rows(const Tensor& table, const Tensor& ids) {
    Integers shape = ids.sizes().vec();
    shape.insert(shape.end(), table.sizes().begin() + 1, table.sizes().end());
    check_ids(ids, table.size(0));
    return at::index_select(table, 0, ids.reshape({-1})).reshape(shape);
  }
};

/// Each index of the first axis gets its part of the update at a start of its own. Both contiguous, on the host.
template <class Starts>
void write_rows(const Tensor& target, const Tensor& update, int64_t axis, const Starts& starts) {
  const auto sizes = target.sizes();
  const int64_t blocks = c10::multiply_integers(sizes.slice(1, axis - 1));
  const int64_t step = c10::multiply_integers(sizes.slice(axis + 1)) * target.element_size();
  const int64_t bytes = update.size(axis) * step, target_bytes = target.size(axis) * step;
  auto* to = static_cast<uint8_t*>(target.data_ptr());
  const auto* from = static_cast<const uint8_t*>(update.data_ptr());
  for (const int64_t start : starts) {
    for (int64_t block = 0; block < blocks; block++, to += target_bytes, from += bytes) {
      std::memcpy(to + start * step, from, bytes);
    }
  }
}

Tensor from_host_integers(const Integers& values) {
  const auto count = static_cast<int64_t>(values.size());
  const Tensor host = at::from_blob(const_cast<int64_t*>(values.data()), {count}, at::kLong);
  return host.to(worker_device());
}

/// The same on any device and in any layout: places are computed where the tensors are.
void scatter_rows(const Tensor& target, const Tensor& update, int64_t axis, const Tensor& starts) {
  Integers ones(target.dim(), 1), along = ones;
  ones[0] = starts.numel();
  along[axis] = update.size(axis);
  const Tensor first = starts.to(at::kLong).reshape(ones);
  const Tensor index = first + at::arange(update.size(axis), first.options()).reshape(along);
  target.scatter_(axis, index.expand(update.sizes()), update);
}

/// True where no other tensor sees the memory. A weak cache does not count.
bool owns_memory(const Tensor& x) { return x.storage().use_count() == 1; }

/// The target, free to be written: a copy where another tensor sees its memory.
Tensor own(const Tensor& target) { return owns_memory(target) ? target.detach() : target.detach().clone(); }

}  // namespace

Tensor from_host(const HostBytes& data, const Integers& shape, at::ScalarType source, at::ScalarType dtype) {
  const Tensor view = at::from_blob(const_cast<uint8_t*>(data.bytes.data()), shape, at::dtype(source));
  Tensor host = source == dtype ? view.clone() : view.to(dtype);
  if (worker_device().is_cpu()) return host;
  return host.pin_memory().to(worker_device(), /*non_blocking=*/true);
}

Tensor full(const Integers& shape, double value, at::ScalarType dtype) {
  return at::full(shape, value, options_of(dtype));
}

Tensor arange(int64_t start, int64_t stop) { return at::arange(start, stop, options_of(at::kInt)); }

Tensor same(const Tensor& x) { return x; }

Tensor clone(const Tensor& x) { return at::alias(x); }

Tensor cast(const Tensor& x, at::ScalarType dtype) {
  if (x.scalar_type() == dtype) return at::alias(x);
  if (dtype == at::kBool) return x.ne(0);
  return x.to(dtype);
}

Tensor reshape(const Tensor& x, const Integers& shape) {
  const Tensor y = x.reshape(shape);
  return y.is_same(x) ? at::alias(x) : y;
}

Tensor transpose(const Tensor& x, const Integers& permutation) { return x.permute(permutation); }

Tensor broadcast_to(const Tensor& x, const Integers& shape) { return x.expand(shape); }

Tensor concat(const std::vector<Tensor>& xs, int64_t axis) { return at::cat(xs, axis); }

Tensor slice(const Tensor& x, const Integers& begin, const Integers& size) {
  Tensor y = x;
  for (int64_t axis = 0; axis < x.dim(); axis++) {
    if (size[axis] != x.size(axis)) y = y.narrow(axis, begin[axis], size[axis]);
  }
  return y.is_same(x) ? at::alias(x) : y;
}

Tensor take_rows(const Tensor& table, const Tensor& ids) {
  if (table.requires_grad() && at::GradMode::is_enabled()) return TakeRows::apply(table, ids);
  return TakeRows::rows(table, ids);
}

Tensor take_along_last(const Tensor& x, const Tensor& ids) {
  check_ids(ids, x.size(-1));
  return x.gather(-1, ids.to(at::kLong).unsqueeze(-1)).squeeze(-1);
}

Tensor one_hot(const Tensor& ids, int64_t depth, at::ScalarType dtype) {
  return ids.unsqueeze(-1).eq(at::arange(depth, ids.options())).to(dtype);
}

Tensor assign(const Tensor& target, const Tensor& value) {
  // A captured step knows the weight by its address, so the memory stays where that can be.
  if (!target.is_cpu() && owns_memory(target) && target.is_contiguous()) {
    Tensor same = target.detach();
    same.copy_(value);
    return same;
  }
  return value.detach();
}

Tensor write_slice(const Tensor& target, const Tensor& update, int64_t axis, const Integers& starts) {
  Tensor written = own(target);
  if (starts.size() == 1) {
    written.narrow(axis, starts[0], update.size(axis)).copy_(update);
  } else if (written.is_cpu() && written.is_contiguous()) {
    write_rows(written, update.contiguous(), axis, starts);
  } else {
    scatter_rows(written, update, axis, from_host_integers(starts));
  }
  return written;
}

Tensor write_slice_at(const Tensor& target, const Tensor& update, int64_t axis, const Tensor& starts) {
  if (!starts.is_cpu()) {
    Tensor written = own(target);
    scatter_rows(written, update, axis, starts);
    return written;
  }
  const Tensor places = starts.contiguous();
  const at::ArrayRef<int32_t> list(places.data_ptr<int32_t>(), places.numel());
  const int64_t last = target.size(axis) - update.size(axis);
  for (const int64_t start : list) {
    TORCH_CHECK_INDEX(start >= 0 && start <= last, start, " to ", start + update.size(axis), " is outside axis ", axis,
                      " of ", target.sizes());
  }
  Tensor written = own(target);
  if (written.is_contiguous()) write_rows(written, update.contiguous(), axis, list);
  else scatter_rows(written, update, axis, places);
  return written;
}

}  // namespace operations
}  // namespace soft_tokens
