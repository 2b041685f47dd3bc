// The head in plain ATen operations, on any device: rows in chunks, the vocabulary in tiles, as head-tiles.ts and its
// neighbours do it. Where the vocabulary is tiled, logits are computed again at each visit of a tile.
//
// Axes: R rows of a chunk, V vocabulary, W width of a tile, D hidden, K alternatives.

#include <algorithm>
#include <functional>

#include <ATen/ATen.h>

#include "gemm.h"
#include "head-paths.h"

namespace soft_tokens::head {

Plan make_plan(int64_t rows, int64_t vocabulary, int64_t max_elements) {
  constexpr int64_t default_elements = int64_t{1} << 22, fewest_rows = 16;
  const int64_t elements = max_elements > 0 ? max_elements : default_elements;
  const int64_t wanted = std::max(elements / std::max<int64_t>(1, vocabulary), std::min(fewest_rows, elements));
  const int64_t chunk = std::max<int64_t>(1, std::min(rows, wanted));
  return {chunk, std::max<int64_t>(1, std::min(vocabulary, elements / chunk))};
}

namespace portable {

namespace {

struct Span {
  int64_t begin, length;
};

std::vector<Span> spans(int64_t total, int64_t length) {
  std::vector<Span> parts;
  for (int64_t begin = 0; begin < total; begin += length) parts.push_back({begin, std::min(length, total - begin)});
  return parts;
}

at::Tensor rows_of(const at::Tensor& x, Span span) { return x.narrow(0, span.begin, span.length); }

/** One chunk of rows and the statistics of its softmax over all tiles. */
class Chunk {
 public:
  Chunk(const at::Tensor& hidden_RD, const at::Tensor& weight_VD, const std::vector<Span>& tiles, double temperature)
      : hidden_RD_(hidden_RD), weight_VD_(weight_VD), tiles_(tiles), scale_(1 / temperature) {
    // Running maximum and sums: Milakov and Gimelshein 2018 (arXiv 1805.02867), with sum of e^s s for the entropy.
    at::Tensor sum_R1, weighted_R1;
    for (size_t tile = 0; tile < tiles.size(); tile++) {
      const at::Tensor z_RW = logits(tile);
      const auto [most_R1, at_R1] = z_RW.max(1, true);
      const at::Tensor max_R1 = max_R1_.defined() ? at::maximum(max_R1_, most_R1) : most_R1;
      const at::Tensor scaled_RW = (z_RW - max_R1).mul_(scale_);
      const at::Tensor exponential_RW = scaled_RW.exp();
      const at::Tensor tile_sum_R1 = exponential_RW.sum(1, true);
      const at::Tensor tile_weighted_R1 = (exponential_RW * scaled_RW).sum(1, true);
      const at::Tensor tile_argmax_R1 = at_R1 + tiles[tile].begin;
      if (max_R1_.defined()) {
        const at::Tensor shift_R1 = (max_R1_ - max_R1) * scale_;
        const at::Tensor factor_R1 = shift_R1.exp();
        argmax_R1_ = at::where(most_R1 > max_R1_, tile_argmax_R1, argmax_R1_);
        weighted_R1 = factor_R1 * (weighted_R1 + shift_R1 * sum_R1) + tile_weighted_R1;
        sum_R1 = sum_R1 * factor_R1 + tile_sum_R1;
      } else {
        argmax_R1_ = tile_argmax_R1;
        sum_R1 = tile_sum_R1;
        weighted_R1 = tile_weighted_R1;
      }
      max_R1_ = max_R1;
      if (tiles.size() == 1) scaled_ = scaled_RW;
    }
    sum_R1_ = sum_R1;
    entropy_R = (sum_R1.log() - weighted_R1 / sum_R1).squeeze(1);
    argmax_R = argmax_R1_.squeeze(1).to(at::kInt);
    log_sum_R = sum_R1.log().squeeze(1);
  }

  /** (z - max) / tau */
  at::Tensor scaled(size_t tile) const {
    return scaled_.defined() ? scaled_ : (logits(tile) - max_R1_).mul_(scale_);
  }
  at::Tensor probability(size_t tile) const { return scaled(tile).exp().div_(sum_R1_); }

  at::Tensor entropy_R, argmax_R, log_sum_R;

 private:
  at::Tensor logits(size_t tile) const {
    return matmul_float32(hidden_RD_, rows_of(weight_VD_, tiles_[tile]), false, true);
  }

  const at::Tensor hidden_RD_, weight_VD_;
  const std::vector<Span>& tiles_;
  const double scale_;
  at::Tensor max_R1_, argmax_R1_, sum_R1_, scaled_;
};

/** p E over all tiles. */
at::Tensor mix(const Chunk& chunk, const std::vector<Span>& tiles, const at::Tensor& embedding_VD) {
  at::Tensor mixture_RD;
  for (size_t tile = 0; tile < tiles.size(); tile++) {
    const at::Tensor part_RD =
        matmul_float32(chunk.probability(tile), rows_of(embedding_VD, tiles[tile]), false, false);
    mixture_RD = mixture_RD.defined() ? mixture_RD.add_(part_RD) : part_RD;
  }
  return mixture_RD;
}

/** The best of each tile, then the best of those. */
std::vector<at::Tensor> top_of_tiles(const Chunk& chunk, const std::vector<Span>& tiles, int64_t top_k) {
  std::vector<at::Tensor> ids, values;
  for (size_t tile = 0; tile < tiles.size(); tile++) {
    auto top = top_alternatives(chunk.probability(tile), std::min(top_k, tiles[tile].length));
    ids.push_back(top[0] + tiles[tile].begin);
    values.push_back(top[1]);
  }
  if (tiles.size() == 1) return {ids[0], values[0]};
  const auto best = top_alternatives(at::cat(values, 1), top_k);
  return {at::cat(ids, 1).gather(1, best[0].to(at::kLong)), best[1]};
}

/** Calls `visit` for every chunk and joins what it gives, position by position. */
std::vector<at::Tensor> join_chunks(int64_t rows, int64_t rows_per_chunk,
                                    const std::function<std::vector<at::Tensor>(Span)>& visit) {
  std::vector<std::vector<at::Tensor>> columns;
  for (const Span span : spans(rows, rows_per_chunk)) {
    const std::vector<at::Tensor> results = visit(span);
    columns.resize(results.size());
    for (size_t at = 0; at < results.size(); at++) columns[at].push_back(results[at]);
  }
  std::vector<at::Tensor> joined;
  for (const auto& parts : columns) joined.push_back(parts.size() == 1 ? parts[0] : at::cat(parts, 0));
  return joined;
}

/** First index whose cumulative sum exceeds u times the row's sum; rounding cannot run past the last possible id. */
at::Tensor invert_cumulative(const at::Tensor& probability_RV, const at::Tensor& uniform_R) {
  const at::Tensor cumulative_RV = probability_RV.to(at::kDouble).cumsum(1);
  const at::Tensor target_R1 = uniform_R.to(at::kDouble).unsqueeze(1) * cumulative_RV.narrow(1, -1, 1);
  const at::Tensor exceeds_RV = (cumulative_RV > target_R1).logical_and_(probability_RV > 0);
  const at::Tensor last_R = probability_RV.size(1) - 1 - (probability_RV > 0).flip(1).to(at::kByte).argmax(1);
  return at::where(exceeds_RV.any(1), exceeds_RV.to(at::kByte).argmax(1), last_R);
}

}  // namespace

std::vector<at::Tensor> top_alternatives(const at::Tensor& probability_RV, int64_t top_k) {
  constexpr int64_t most_visits = 16;
  if (top_k > most_visits) {  // topk() leaves the order of equals open, a stable sort does not
    const auto [values_RV, order_RV] = probability_RV.sort(/*stable=*/true, 1, /*descending=*/true);
    return {order_RV.narrow(1, 0, top_k).to(at::kInt), values_RV.narrow(1, 0, top_k).contiguous()};
  }
  const at::Tensor rest_RV = probability_RV.clone();
  std::vector<at::Tensor> ids, values;
  for (int64_t visit = 0; visit < top_k; visit++) {
    const auto [value_R1, id_R1] = rest_RV.max(1, true);
    ids.push_back(id_R1);
    values.push_back(value_R1);
    rest_RV.scatter_(1, id_R1, -1);
  }
  return {at::cat(ids, 1).to(at::kInt), at::cat(values, 1)};
}

std::vector<at::Tensor> mixture(const at::Tensor& hidden_RD, const at::Tensor& weight_VD, const at::Tensor& embedding_VD,
                                double temperature, int64_t top_k, int64_t max_elements) {
  const Plan plan = make_plan(hidden_RD.size(0), weight_VD.size(0), max_elements);
  const std::vector<Span> tiles = spans(weight_VD.size(0), plan.tile_width);
  return join_chunks(hidden_RD.size(0), plan.rows_per_chunk, [&](Span span) {
    const Chunk chunk(rows_of(hidden_RD, span), weight_VD, tiles, temperature);
    std::vector<at::Tensor> results{mix(chunk, tiles, embedding_VD), chunk.argmax_R, chunk.entropy_R};
    if (top_k > 0) {
      for (const at::Tensor& top : top_of_tiles(chunk, tiles, top_k)) results.push_back(top);
    }
    return results;
  });
}

std::vector<at::Tensor> token_choice(const at::Tensor& hidden_RD, const at::Tensor& weight_VD,
                                     const std::optional<at::Tensor>& uniform_R, double temperature, int64_t top_k,
                                     int64_t max_elements) {
  // A cumulative sum needs whole rows: one tile, and at least one row however little memory is allowed.
  const int64_t V = weight_VD.size(0);
  const Plan plan = make_plan(hidden_RD.size(0), V, max_elements);
  const int64_t rows_per_chunk = plan.tile_width == V ? plan.rows_per_chunk : 1;
  const std::vector<Span> whole{{0, V}};
  const bool is_greedy = temperature == 0;
  return join_chunks(hidden_RD.size(0), rows_per_chunk, [&](Span span) {
    const Chunk chunk(rows_of(hidden_RD, span), weight_VD, whole, is_greedy ? 1 : temperature);
    const at::Tensor probability_RV = chunk.probability(0);
    at::Tensor ids_R = chunk.argmax_R, log_prob_R = at::zeros_like(chunk.entropy_R);
    if (!is_greedy) {
      const at::Tensor drawn_R = invert_cumulative(probability_RV, rows_of(*uniform_R, span));
      ids_R = drawn_R.to(at::kInt);
      log_prob_R = chunk.scaled(0).gather(1, drawn_R.unsqueeze(1)).squeeze(1) - chunk.log_sum_R;
    }
    std::vector<at::Tensor> results{ids_R, log_prob_R, chunk.entropy_R};
    if (top_k > 0) {
      for (const at::Tensor& top : top_alternatives(probability_RV, top_k)) results.push_back(top);
    }
    return results;
  });
}

Score score(const ScoreRequest& request) {
  const at::Tensor& weight_VD = request.weight_VD;
  const int64_t rows = request.hidden_RD.size(0);
  const Plan plan = make_plan(rows, weight_VD.size(0), request.max_elements);
  const std::vector<Span> tiles = spans(weight_VD.size(0), plan.tile_width);
  const auto wide = weight_VD.options().dtype(at::kFloat);
  Score result;
  result.weight_gradient_VD = request.weight_sum_VD;
  result.embedding_gradient_VD = request.embedding_sum_VD;
  if (request.needs_weight && !result.weight_gradient_VD.defined()) {
    result.weight_gradient_VD = at::zeros(weight_VD.sizes(), wide);
  }
  if (request.needs_embedding && !result.embedding_gradient_VD.defined()) {
    result.embedding_gradient_VD =
        request.is_tied ? result.weight_gradient_VD : at::zeros(request.embedding_VD.sizes(), wide);
  }

  auto joined = join_chunks(rows, plan.rows_per_chunk, [&](Span span) {
    const at::Tensor hidden_RD = rows_of(request.hidden_RD, span);
    const at::Tensor coefficient_R1 = rows_of(request.coefficient_R, span).to(at::kFloat).unsqueeze(1);
    const Chunk chunk(hidden_RD, weight_VD, tiles, request.temperature);
    const bool is_thought = request.thought_RD.defined();
    at::Tensor log_prob_R, g_RD, expected_R1, ids_R1;
    std::function<at::Tensor(size_t)> project;
    if (is_thought) {
      const at::Tensor difference_RD =
          rows_of(request.thought_RD, span).to(at::kFloat) - mix(chunk, tiles, request.embedding_VD);
      const double variance = request.sigma * request.sigma;
      log_prob_R = difference_RD.square().sum(1).mul_(-1 / (2 * variance));
      if (request.needs_gradient()) {
        g_RD = difference_RD * coefficient_R1 / variance;
        at::Tensor kept;
        project = [&, kept](size_t tile) mutable {
          if (kept.defined()) return kept;
          const at::Tensor s_RW = matmul_float32(g_RD, rows_of(request.embedding_VD, tiles[tile]), false, true);
          if (tiles.size() == 1) kept = s_RW;
          return s_RW;
        };
        // sum_v p s by this sum and not as g . mu: where p is one-hot the two terms of dz then cancel exactly, which
        // 1 / tau = 1e4 would otherwise turn into noise.
        expected_R1 = at::zeros_like(coefficient_R1);
        for (size_t tile = 0; tile < tiles.size(); tile++) {
          expected_R1.add_((chunk.probability(tile) * project(tile)).sum(1, true));
        }
      }
    } else {
      ids_R1 = rows_of(request.ids_R, span).to(at::kLong).unsqueeze(1);
      at::Tensor at_id_R1 = at::zeros_like(coefficient_R1);
      for (size_t tile = 0; tile < tiles.size(); tile++) {
        const at::Tensor place_R1 = ids_R1 - tiles[tile].begin;
        const at::Tensor is_here_R1 = (place_R1 >= 0).logical_and_(place_R1 < tiles[tile].length);
        const at::Tensor scaled_R1 = chunk.scaled(tile).gather(1, place_R1.clamp(0, tiles[tile].length - 1));
        at_id_R1 = at::where(is_here_R1, scaled_R1, at_id_R1);
      }
      log_prob_R = at_id_R1.squeeze(1) - chunk.log_sum_R;
    }
    std::vector<at::Tensor> results{log_prob_R, chunk.entropy_R};
    if (!request.needs_gradient()) return results;

    at::Tensor hidden_gradient_RD = at::zeros(hidden_RD.sizes(), wide);
    for (size_t tile = 0; tile < tiles.size(); tile++) {
      const at::Tensor p_RW = chunk.probability(tile);
      at::Tensor dz_RW;
      if (is_thought) {
        dz_RW = (project(tile) - expected_R1).mul_(p_RW).mul_(1 / request.temperature);
      } else {
        const at::Tensor place_R1 = ids_R1 - tiles[tile].begin;
        const at::Tensor is_here_R1 = (place_R1 >= 0).logical_and_(place_R1 < tiles[tile].length).to(at::kFloat);
        dz_RW = p_RW.neg();
        dz_RW.scatter_add_(1, place_R1.clamp(0, tiles[tile].length - 1), is_here_R1);
        dz_RW.mul_(coefficient_R1 / request.temperature);
      }
      if (request.needs_hidden) {
        hidden_gradient_RD.add_(matmul_float32(dz_RW, rows_of(weight_VD, tiles[tile]), false, false));
      }
      if (request.needs_weight) {
        rows_of(result.weight_gradient_VD, tiles[tile]).add_(matmul_float32(dz_RW, hidden_RD, true, false));
      }
      if (request.needs_embedding) {
        rows_of(result.embedding_gradient_VD, tiles[tile]).add_(matmul_float32(p_RW, g_RD, true, false));
      }
    }
    results.push_back(hidden_gradient_RD);
    return results;
  });
  result.log_prob_R = joined[0];
  result.entropy_R = joined[1];
  if (request.needs_hidden) result.hidden_gradient_RD = joined[2];
  return result;
}

}  // namespace portable

}  // namespace soft_tokens::head
