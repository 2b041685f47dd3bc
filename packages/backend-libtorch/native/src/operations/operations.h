// The required operations of the tensor contract as plain functions. Shapes and dtypes were checked in TypeScript; what is
// differentiable here is differentiable by libtorch's autograd. Results that may share memory with an operand are views:
// who writes in place asks first whether anyone else sees the memory.

#pragma once

#include <ATen/core/Tensor.h>

#include <optional>
#include <vector>

#include "../bind.h"

namespace soft_tokens::operations {

using at::Tensor;
using Integers = std::vector<int64_t>;

// creation
Tensor from_host(const HostBytes& data, const Integers& shape, at::ScalarType source, at::ScalarType dtype);
Tensor full(const Integers& shape, double value, at::ScalarType dtype);
Tensor arange(int64_t start, int64_t stop);

// shape and data movement
/// The tensor itself under another number.
Tensor same(const Tensor& x);
Tensor clone(const Tensor& x);
Tensor cast(const Tensor& x, at::ScalarType dtype);
Tensor reshape(const Tensor& x, const Integers& shape);
Tensor transpose(const Tensor& x, const Integers& permutation);
Tensor broadcast_to(const Tensor& x, const Integers& shape);
Tensor concat(const std::vector<Tensor>& xs, int64_t axis);
Tensor slice(const Tensor& x, const Integers& begin, const Integers& size);
Tensor take_rows(const Tensor& table, const Tensor& ids);
Tensor take_along_last(const Tensor& x, const Tensor& ids);
Tensor one_hot(const Tensor& ids, int64_t depth, at::ScalarType dtype);

// element by element
Tensor add(const Tensor& a, const Tensor& b);
Tensor subtract(const Tensor& a, const Tensor& b);
Tensor multiply(const Tensor& a, const Tensor& b);
Tensor divide(const Tensor& a, const Tensor& b);
Tensor maximum(const Tensor& a, const Tensor& b);
Tensor minimum(const Tensor& a, const Tensor& b);
Tensor affine(const Tensor& x, double scale, double shift);
Tensor negate(const Tensor& x);
Tensor abs(const Tensor& x);
Tensor exp(const Tensor& x);
Tensor log(const Tensor& x);
Tensor sqrt(const Tensor& x);
Tensor rsqrt(const Tensor& x);
Tensor square(const Tensor& x);
Tensor tanh(const Tensor& x);
Tensor sigmoid(const Tensor& x);
Tensor silu(const Tensor& x);
Tensor equal(const Tensor& a, const Tensor& b);
Tensor less(const Tensor& a, const Tensor& b);
Tensor less_equal(const Tensor& a, const Tensor& b);
Tensor greater(const Tensor& a, const Tensor& b);
Tensor greater_equal(const Tensor& a, const Tensor& b);
Tensor logical_and(const Tensor& a, const Tensor& b);
Tensor logical_or(const Tensor& a, const Tensor& b);
Tensor logical_not(const Tensor& x);
Tensor where(const Tensor& condition, const Tensor& a, const Tensor& b);

// reductions; `axes` is never empty
Tensor sum(const Tensor& x, const Integers& axes, bool keep_axes);
Tensor mean(const Tensor& x, const Integers& axes, bool keep_axes);
Tensor max(const Tensor& x, const Integers& axes, bool keep_axes);
Tensor min(const Tensor& x, const Integers& axes, bool keep_axes);
Tensor arg_max(const Tensor& x);
std::vector<Tensor> top_k(const Tensor& x, int64_t k);
Tensor softmax(const Tensor& x);
Tensor log_softmax(const Tensor& x);
Tensor log_sum_exp(const Tensor& x);

// linear algebra
Tensor matmul(const Tensor& a, const Tensor& b, bool transpose_a, bool transpose_b, at::ScalarType dtype);

// randomness: `keys` are pairs of 32-bit words, one for all or one per index of the first axis
Tensor random_uniform(const HostBytes& keys, const Integers& shape);
Tensor random_normal(const HostBytes& keys, const Integers& shape);
Tensor sample_categorical(const Tensor& probabilities_RV, const Tensor& uniform_R);

// mutation: the result takes the target's slot
Tensor assign(const Tensor& target, const Tensor& value);
/// `starts` has one element, or one for each index of the first axis.
Tensor write_slice(const Tensor& target, const Tensor& update, int64_t axis, const Integers& starts);
/// `starts` int32, one for each index of the first axis; on another device than the CPU nobody waits for them.
Tensor write_slice_at(const Tensor& target, const Tensor& update, int64_t axis, const Tensor& starts);

// gradients
/// From here on operations are recorded, or not.
std::vector<Tensor> set_recording(bool is_on);
/// The same value as the start of a recording.
Tensor leaf(const Tensor& x);
Tensor stop_gradient(const Tensor& x);
/// One gradient per leaf, undefined where the outputs do not depend on it. The recording is kept if `keeps_graph`.
std::vector<Tensor> gradients(const std::vector<Tensor>& outputs, const std::vector<Tensor>& upstream,
                              const std::vector<Tensor>& leaves, bool keeps_graph);
/// a + b where either may be nothing.
Tensor add_gradients(const std::optional<Tensor>& a, const std::optional<Tensor>& b);
/// From here on until they are closed, gradients are summed, or kept from the sums of an outer call; never fails.
std::vector<Tensor> open_gradient_sums();
std::vector<Tensor> close_gradient_sums();
/// Gradients of the leaves may be added to these float32 sums where they are made; the sums take their slots again.
std::vector<Tensor> set_gradient_sums(const std::vector<Tensor>& leaves, const std::vector<Tensor>& sums);
/// Adds the gradients that were returned instead, some undefined; the sums take their slots again.
std::vector<Tensor> add_to_gradient_sums(const std::vector<Tensor>& sums, const std::vector<Tensor>& parts);
/// The gradient, or zeros where there is none.
Tensor gradient_or_zeros(const std::optional<Tensor>& gradient, const Integers& shape, at::ScalarType dtype);

}  // namespace soft_tokens::operations
