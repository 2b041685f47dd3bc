// Randomness by key: Philox4x32-10 (Salmon, Moraes, Dror, Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3"), the streams
// of packages/tensor/src/random. Element i of a row depends on its key and i alone, so the numbers do not know of threads,
// batches or devices. The portable form does the same 32-bit arithmetic in int64 tensors, on any device.

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <cmath>

#include "../kernels/options.h"
#include "device.h"
#include "operations.h"

namespace soft_tokens::operations {

namespace {

constexpr uint32_t kMultiplier0 = 0xD2511F53;
constexpr uint32_t kMultiplier1 = 0xCD9E8D57;
constexpr uint32_t kWeyl0 = 0x9E3779B9;
constexpr uint32_t kWeyl1 = 0xBB67AE85;
constexpr int kRounds = 10;

/// The last counter word: which of a key's streams.
enum class Stream : uint32_t { uniform = 0, normal = 1 };

struct Block {
  uint32_t word[4];
};

Block philox(uint64_t index, Stream stream, uint32_t key0, uint32_t key1) {
  Block c{{static_cast<uint32_t>(index), static_cast<uint32_t>(index >> 32), 0, static_cast<uint32_t>(stream)}};
  for (int round = 0; round < kRounds; round++) {
    const uint64_t product0 = static_cast<uint64_t>(kMultiplier0) * c.word[0];
    const uint64_t product1 = static_cast<uint64_t>(kMultiplier1) * c.word[2];
    c = Block{{static_cast<uint32_t>(product1 >> 32) ^ c.word[1] ^ key0, static_cast<uint32_t>(product1),
               static_cast<uint32_t>(product0 >> 32) ^ c.word[3] ^ key1, static_cast<uint32_t>(product0)}};
    key0 += kWeyl0;
    key1 += kWeyl1;
  }
  return c;
}

constexpr double kTwoPi = 6.283185307179586476925286766559;
constexpr double kStep32 = 1.0 / 4294967296.0;

void fill_row(float* out, int64_t length, Stream stream, uint32_t key0, uint32_t key1) {
  for (int64_t at = 0; at < length; at += 4) {
    const Block block = philox(static_cast<uint64_t>(at) / 4, stream, key0, key1);
    const int64_t count = std::min<int64_t>(4, length - at);
    if (stream == Stream::uniform) {
      for (int64_t lane = 0; lane < count; lane++) {
        out[at + lane] = static_cast<float>(block.word[lane] >> 8) * 0x1p-24f;
      }
      continue;
    }
    for (int64_t pair = 0; pair < count; pair += 2) {  // Box and Muller 1958
      const double radius = std::sqrt(-2 * std::log((block.word[pair] + 1.0) * kStep32));
      const double angle = kTwoPi * (block.word[pair + 1] * kStep32);
      out[at + pair] = static_cast<float>(radius * std::cos(angle));
      if (pair + 1 < count) out[at + pair + 1] = static_cast<float>(radius * std::sin(angle));
    }
  }
}

constexpr int64_t kMask32 = 0xFFFFFFFF;

/// High and low 32 bits of constant * x for x [0, 2^32) in int64: by halves, so that nothing exceeds 63 bits.
std::pair<Tensor, Tensor> multiply_wide(int64_t constant, const Tensor& x) {
  const Tensor low = (x.bitwise_and(0xFFFF)).mul(constant);
  const Tensor high = x.bitwise_right_shift(16).mul(constant);
  const Tensor sum = low.add(high.bitwise_and(0xFFFF).bitwise_left_shift(16));
  return {sum.bitwise_right_shift(32).add(high.bitwise_right_shift(16)), sum.bitwise_and(kMask32)};
}

/// The same streams in tensors: [rows, length] on the worker's device.
Tensor fill_portable(const HostBytes& keys, int64_t rows, int64_t length, Stream stream) {
  const auto options = at::device(worker_device()).dtype(at::kLong);
  const int64_t blocks = (length + 3) / 4;
  std::vector<int64_t> words(keys.as<uint32_t>(), keys.as<uint32_t>() + keys.count<uint32_t>());
  const Tensor key_R2 =
      at::tensor(words, at::dtype(at::kLong)).reshape({-1, 2}).to(worker_device()).expand({rows, 2});
  Tensor key0 = key_R2.select(1, 0).unsqueeze(1);
  Tensor key1 = key_R2.select(1, 1).unsqueeze(1);
  const Tensor index = at::arange(blocks, options).unsqueeze(0).expand({rows, blocks});
  Tensor c0 = index.bitwise_and(kMask32);
  Tensor c1 = index.bitwise_right_shift(32);
  Tensor c2 = at::zeros_like(c0);
  Tensor c3 = at::full_like(c0, static_cast<int64_t>(stream));
  for (int round = 0; round < kRounds; round++) {
    const auto [high0, low0] = multiply_wide(kMultiplier0, c0);
    const auto [high1, low1] = multiply_wide(kMultiplier1, c2);
    c0 = high1.bitwise_xor(c1).bitwise_xor(key0);
    c2 = high0.bitwise_xor(c3).bitwise_xor(key1);
    c1 = low1;
    c3 = low0;
    key0 = key0.add(kWeyl0).bitwise_and(kMask32);
    key1 = key1.add(kWeyl1).bitwise_and(kMask32);
  }
  Tensor values;
  if (stream == Stream::uniform) {
    values = at::stack({c0, c1, c2, c3}, -1).bitwise_right_shift(8).to(at::kFloat).mul(0x1p-24);
  } else {
    const auto pair = [](const Tensor& first, const Tensor& second) {
      const Tensor radius = first.to(at::kDouble).add(1.0).mul(kStep32).log().mul(-2).sqrt();
      const Tensor angle = second.to(at::kDouble).mul(kTwoPi * kStep32);
      return std::pair<Tensor, Tensor>{radius.mul(angle.cos()), radius.mul(angle.sin())};
    };
    const auto [x0, x1] = pair(c0, c1);
    const auto [x2, x3] = pair(c2, c3);
    values = at::stack({x0, x1, x2, x3}, -1).to(at::kFloat);
  }
  return values.reshape({rows, blocks * 4}).narrow(1, 0, length).contiguous();
}

Tensor fill(const HostBytes& keys, const Integers& shape, Stream stream) {
  const int64_t key_count = keys.count<uint32_t>() / 2;
  const bool has_key_per_row = key_count != 1 || (!shape.empty() && shape[0] == 1);
  const int64_t rows = has_key_per_row ? key_count : 1;
  int64_t length = 1;
  for (size_t axis = has_key_per_row ? 1 : 0; axis < shape.size(); axis++) length *= shape[axis];
  if (rows * length == 0) return at::zeros(shape, at::device(worker_device()).dtype(at::kFloat));
  if (!worker_device().is_cpu() || use_portable_kernels()) {
    return fill_portable(keys, rows, length, stream).reshape(shape);
  }
  Tensor out = at::empty(shape, at::kFloat);
  float* data = out.data_ptr<float>();
  const uint32_t* words = keys.as<uint32_t>();
  at::parallel_for(0, rows, std::max<int64_t>(1, 4096 / length), [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; row++) {
      fill_row(data + row * length, length, stream, words[2 * row], words[2 * row + 1]);
    }
  });
  return out;
}

}  // namespace

Tensor random_uniform(const HostBytes& keys, const Integers& shape) {
  return fill(keys, shape, Stream::uniform);
}

Tensor random_normal(const HostBytes& keys, const Integers& shape) { return fill(keys, shape, Stream::normal); }

Tensor sample_categorical(const Tensor& probabilities_RV, const Tensor& uniform_R) {
  // The first index whose cumulative sum exceeds u times the row's sum; sums in float64, as every backend does it.
  const Tensor p = probabilities_RV.detach().to(at::kDouble);
  const Tensor cumulative = p.cumsum(-1);
  const Tensor threshold = uniform_R.to(at::kDouble).unsqueeze(-1).mul(cumulative.narrow(-1, p.size(-1) - 1, 1));
  const Tensor first = cumulative.le(threshold).sum(-1);
  const Tensor last = p.gt(0).to(at::kLong).mul(at::arange(p.size(-1), p.options().dtype(at::kLong))).amax(-1);
  return at::minimum(first, last).to(at::kInt);
}

}  // namespace soft_tokens::operations
