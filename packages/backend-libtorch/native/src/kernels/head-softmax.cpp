#include "head-softmax.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include "element-type.h"

namespace soft_tokens::head {

namespace {

void append(KeptTokens& to, const KeptTokens& from) {
  to.ids.insert(to.ids.end(), from.ids.begin(), from.ids.end());
  to.values.insert(to.values.end(), from.values.begin(), from.values.end());
}

}  // namespace

ChunkSoftmax visit_chunk(const at::Tensor& z_RV, double temperature, float cutoff) {
  ChunkSoftmax chunk;
  chunk.z_RV = z_RV.contiguous();
  chunk.scale = static_cast<float>(1 / temperature);
  const int64_t R = chunk.z_RV.size(0), V = chunk.vocabulary(), parts = chunk.parts();
  const float* z = chunk.z_RV.const_data_ptr<float>();
  chunk.rows.resize(R);
  chunk.part_sums.resize(R * parts);

  const auto each_part = [&](const auto& work) {
    at::parallel_for(0, R * parts, 1, [&](int64_t from, int64_t to) {
      for (int64_t task = from; task < to; task++) {
        const int64_t begin = task % parts * kSegment;
        work(task, task / parts, begin, std::min(kSegment, V - begin));
      }
    });
  };
  std::vector<Peak> peaks(R * parts);
  each_part([&](int64_t task, int64_t row, int64_t begin, int64_t length) {
    peaks[task] = find_peak(z + row * V + begin, length);
  });
  for (int64_t row = 0; row < R; row++) {
    RowSoftmax& softmax = chunk.rows[row];
    softmax.max = peaks[row * parts].value;
    for (int64_t part = 0; part < parts; part++) {
      const Peak& peak = peaks[row * parts + part];
      if (part > 0 && !(peak.value > softmax.max)) continue;
      softmax.max = peak.value;
      softmax.argmax = part * kSegment + peak.at;
    }
  }
  std::vector<Sums> sums(R * parts);
  std::vector<KeptTokens> kept(cutoff > 0 ? R * parts : 0);
  std::vector<double> dropped(kept.size());
  each_part([&](int64_t task, int64_t row, int64_t begin, int64_t length) {
    const float max = chunk.rows[row].max;
    sums[task] = cutoff > 0 ? sum_and_keep(z + row * V + begin, length, max, chunk.scale, cutoff,
                                           static_cast<int32_t>(begin), kept[task], dropped[task])
                            : sum_exponentials(z + row * V + begin, length, max, chunk.scale);
  });
  chunk.kept.resize(cutoff > 0 ? R : 0);
  chunk.dropped.resize(chunk.kept.size());
  at::parallel_for(0, R, 1, [&](int64_t from, int64_t to) {
    for (int64_t row = from; row < to; row++) {
      RowSoftmax& softmax = chunk.rows[row];
      double weighted = 0;
      for (int64_t task = row * parts; task < (row + 1) * parts; task++) {
        chunk.part_sums[task] = sums[task].exponential;
        softmax.sum += sums[task].exponential;
        weighted += sums[task].weighted;
        if (cutoff <= 0) continue;
        append(chunk.kept[row], kept[task]);
        chunk.dropped[row] += dropped[task];
      }
      softmax.entropy = std::log(softmax.sum) - weighted / softmax.sum;
    }
  });
  return chunk;
}

void to_probabilities(ChunkSoftmax& chunk) {
  const int64_t R = chunk.z_RV.size(0), V = chunk.vocabulary();
  at::parallel_for(0, R, 1, [&](int64_t from, int64_t to) {
    for (int64_t row = from; row < to; row++) {
      float* z = chunk.row(row);
      exponentiate(z, V, chunk.rows[row].max, chunk.scale);
      const float factor = static_cast<float>(1 / chunk.rows[row].sum);
      for (int64_t at = 0; at < V; at++) z[at] *= factor;
    }
  });
}

int64_t invert_cumulative(ChunkSoftmax& chunk, int64_t row, double uniform) {
  const int64_t V = chunk.vocabulary(), parts = chunk.parts();
  const double target = uniform * chunk.rows[row].sum;
  double total = 0;
  int64_t last = chunk.rows[row].argmax;
  std::vector<float> part_values(std::min(kSegment, V));
  for (int64_t part = 0; part < parts; part++) {
    const double after = total + chunk.part_sums[row * parts + part];
    const int64_t begin = part * kSegment, length = std::min(kSegment, V - begin);
    if (!(after > target) && part + 1 < parts) {
      total = after;
      continue;
    }
    std::copy_n(chunk.row(row) + begin, length, part_values.data());
    exponentiate(part_values.data(), length, chunk.rows[row].max, chunk.scale);
    for (int64_t at = 0; at < length; at++) {
      if (part_values[at] <= 0) continue;
      total += part_values[at];
      last = begin + at;
      if (total > target) return last;
    }
  }
  return last;
}

double droppable_mass(const at::Tensor& weight_VD) {
  return weight_VD.scalar_type() == at::kBFloat16 ? std::ldexp(1.0, -20) : std::ldexp(1.0, -24);
}

float first_cutoff(double mass) { return static_cast<float>(mass / 1024); }

void keep_probable(ChunkSoftmax& chunk, double mass) {
  const int64_t V = chunk.vocabulary();
  // Half of what may be dropped spent on V tokens just below this cutoff; the sum of e^s is at least 1.
  const float safe_cutoff = static_cast<float>(mass / 2 / static_cast<double>(V));
  at::parallel_for(0, static_cast<int64_t>(chunk.kept.size()), 1, [&](int64_t from, int64_t to) {
    for (int64_t row = from; row < to; row++) {
      KeptTokens& kept = chunk.kept[row];
      const double budget = mass * chunk.rows[row].sum;
      if (!std::isfinite(budget)) {  // nothing compares with NaN, and nothing kept would look like a result
        kept = {};
        kept.ids.push_back(0);
        kept.values.push_back(std::numeric_limits<float>::quiet_NaN());
        continue;
      }
      if (chunk.dropped[row] > budget) {
        kept = {};
        sum_and_keep(chunk.row(row), V, chunk.rows[row].max, chunk.scale, safe_cutoff, 0, kept, chunk.dropped[row]);
      }
      keep_largest(kept, budget - chunk.dropped[row]);
    }
  });
}

bool is_dense(const ChunkSoftmax& chunk) {
  // A product casts the whole matrix: not for a few rows.
  constexpr int64_t share = 3, few = 16;
  int64_t count = 0;
  for (const KeptTokens& row : chunk.kept) count += static_cast<int64_t>(row.ids.size());
  return chunk.z_RV.size(0) >= few && count > chunk.z_RV.numel() / share;
}

void walk_kept(const std::vector<KeptTokens>& kept, int64_t from, int64_t to, int64_t vocabulary,
               const std::function<void(int64_t row, int64_t begin, int64_t count)>& visit) {
  constexpr int64_t stretch = 1024;
  std::vector<int64_t> cursor(to - from);
  for (int64_t end = stretch; end < vocabulary + stretch; end += stretch) {
    for (int64_t row = from; row < to; row++) {
      const std::vector<int32_t>& ids = kept[row].ids;
      const int64_t begin = cursor[row - from];
      int64_t next = begin;
      while (next < kept[row].small && ids[next] < end) next++;
      if (next > begin) visit(row, begin, next - begin);
      cursor[row - from] = next;
    }
  }
  for (int64_t row = from; row < to; row++) {
    const auto large = static_cast<int64_t>(kept[row].ids.size()) - kept[row].small;
    if (large > 0) visit(row, kept[row].small, large);
  }
}

void gather_sum(const int32_t* ids, const float* factors, int64_t count, const at::Tensor& rows, float* out,
                bool accumulate) {
  if (rows.scalar_type() == at::kBFloat16) {
    gather_sum(ids, factors, count, bits_of(rows), rows.size(1), out, accumulate);
  } else {
    gather_sum(ids, factors, count, rows.const_data_ptr<float>(), rows.size(1), out, accumulate);
  }
}

void gather_dots(const int32_t* ids, int64_t count, const at::Tensor& rows, const float* g, float* out) {
  if (rows.scalar_type() == at::kBFloat16) {
    gather_dots(ids, count, bits_of(rows), rows.size(1), g, out);
  } else {
    gather_dots(ids, count, rows.const_data_ptr<float>(), rows.size(1), g, out);
  }
}

}  // namespace soft_tokens::head
