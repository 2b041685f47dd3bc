// Attention in ATen operations: any device, any floating dtype. This is what CUDA runs, and the oracle of the
// fast paths.
//
// Everything is computed in float32 (float64 for float64 inputs) from inputs that are cast once, so that
// bfloat16 loses nothing between the products. Rows of one prompt share one product with its keys. The
// backward pass recomputes the weights, so that nothing of size [B, N, T, S] lives between the passes.
//
// Axes: B rows, N query heads, K kv heads, J = N / K, T query tokens, M = J * T, S own keys, Z prefix keys, H
// head size, P prompts with G rows each.

#include <ATen/ATen.h>

#include <algorithm>

#include "attention-paths.h"

namespace soft_tokens::attention_paths {

namespace {

/** A part of the batch, cast to the dtype that is computed in; its prompts have equally many rows. */
struct Part {
  at::Tensor query_BKMH, key_BKSH, value_BKSH, mask;
  at::Tensor prefix_key_PKZH, prefix_value_PKZH, prefix_mask_PZ;
  int64_t B, N, T, P;
  double scale;

  bool has_prefix() const { return prefix_key_PKZH.defined(); }
};

at::ScalarType compute_type(const at::Tensor& x) {
  return x.scalar_type() == at::kDouble ? at::kDouble : at::kFloat;
}

at::Tensor rows_of(const at::Tensor& x, int64_t begin, int64_t count) {
  return x.defined() && x.size(0) > 1 ? x.narrow(0, begin, count) : x;
}

Part make_part(const Inputs& inputs, int64_t prompt, int64_t prompts, int64_t row, int64_t rows) {
  const at::ScalarType type = compute_type(inputs.query_BNTH);
  const auto cast = [type](const at::Tensor& x) { return x.defined() ? x.to(type) : x; };
  const int64_t N = inputs.query_BNTH.size(1), T = inputs.query_BNTH.size(2), H = inputs.query_BNTH.size(3);
  const int64_t K = inputs.key_BKSH.size(1);
  at::Tensor mask = inputs.mask;
  while (mask.defined() && mask.dim() < 4) mask = mask.unsqueeze(0);
  Part part;
  part.query_BKMH = cast(rows_of(inputs.query_BNTH, row, rows)).reshape({rows, K, N / K * T, H});
  part.key_BKSH = cast(rows_of(inputs.key_BKSH, row, rows));
  part.value_BKSH = cast(rows_of(inputs.value_BKSH, row, rows));
  part.mask = cast(rows_of(mask, row, rows));
  part.prefix_key_PKZH = cast(rows_of(inputs.prefix_key_PKZH, prompt, prompts));
  part.prefix_value_PKZH = cast(rows_of(inputs.prefix_value_PKZH, prompt, prompts));
  part.prefix_mask_PZ = cast(rows_of(inputs.prefix_mask_PZ, prompt, prompts));
  part.B = rows;
  part.N = N;
  part.T = T;
  part.P = prompts;
  part.scale = inputs.scale;
  return part;
}

/** Most scores that exist at once: on a CPU what its caches hold, elsewhere a bound on memory. */
int64_t most_scores(const at::Tensor& x) { return x.is_cpu() ? int64_t{1} << 18 : int64_t{1} << 28; }

/**
 * Calls `run(part, first prompt, prompts, first row, rows)`: for the whole batch at once where its prompts
 * have equally many rows and the scores are few enough, else for some rows of one prompt at a time.
 */
template <typename Run>
void for_each_part(const Inputs& inputs, Run run) {
  const std::vector<int64_t>& counts = inputs.rows_per_prompt;
  const int64_t B = inputs.query_BNTH.size(0), P = static_cast<int64_t>(counts.size());
  if (inputs.query_BNTH.numel() == 0) return;
  const int64_t keys = inputs.key_BKSH.size(2) + (inputs.has_prefix() ? inputs.prefix_key_PKZH.size(2) : 0);
  const int64_t row_scores =
      std::max<int64_t>(1, inputs.query_BNTH.size(1) * inputs.query_BNTH.size(2) * keys);
  const int64_t most_rows = std::max<int64_t>(1, most_scores(inputs.query_BNTH) / row_scores);
  const bool even =
      std::all_of(counts.begin(), counts.end(), [&](int64_t count) { return count == counts[0]; });
  if (even && B <= most_rows) {
    run(make_part(inputs, 0, P, 0, B), 0, P, 0, B);
    return;
  }
  for (int64_t prompt = 0, row = 0; prompt < P; prompt++) {
    for (const int64_t end = row + counts[prompt]; row < end;) {
      const int64_t rows = std::min(most_rows, end - row);
      run(make_part(inputs, prompt, 1, row, rows), prompt, 1, row, rows);
      row += rows;
    }
  }
}

/** [B, K, M, X] -> [P, K, G * M, X]: the rows of a prompt become rows of one matrix. */
at::Tensor stack_rows(const at::Tensor& x_BKMX, const Part& part) {
  const int64_t K = x_BKMX.size(1), M = x_BKMX.size(2), X = x_BKMX.size(3), G = part.B / part.P;
  return x_BKMX.reshape({part.P, G, K, M, X}).transpose(1, 2).reshape({part.P, K, G * M, X});
}

/** The inverse of `stack_rows`. */
at::Tensor unstack_rows(const at::Tensor& x_PKRX, const Part& part) {
  const int64_t K = x_PKRX.size(1), G = part.B / part.P, M = x_PKRX.size(2) / G, X = x_PKRX.size(3);
  return x_PKRX.reshape({part.P, K, G, M, X}).transpose(1, 2).reshape({part.B, K, M, X});
}

/** scale * q k^T + mask over prefix and own keys: [B, K, M, Z + S]. */
at::Tensor make_scores(const Part& part) {
  const int64_t K = part.key_BKSH.size(1), M = part.query_BKMH.size(2), S = part.key_BKSH.size(2);
  at::Tensor own_BNTS = at::matmul(part.query_BKMH, part.key_BKSH.transpose(2, 3)).mul_(part.scale);
  own_BNTS = own_BNTS.reshape({part.B, part.N, part.T, S});
  if (part.mask.defined()) own_BNTS = own_BNTS.add_(part.mask);
  const at::Tensor own_BKMS = own_BNTS.reshape({part.B, K, M, S});
  if (!part.has_prefix()) return own_BKMS;
  at::Tensor prefix_PKRZ =
      at::matmul(stack_rows(part.query_BKMH, part), part.prefix_key_PKZH.transpose(2, 3)).mul_(part.scale);
  if (part.prefix_mask_PZ.defined()) {
    prefix_PKRZ.add_(part.prefix_mask_PZ.reshape({part.P, 1, 1, prefix_PKRZ.size(3)}));
  }
  return at::cat({unstack_rows(prefix_PKRZ, part), own_BKMS}, 3);
}

}  // namespace

at::Tensor empty_token_major(const at::Tensor& like_BNTH) {
  const at::IntArrayRef sizes = like_BNTH.sizes();
  return at::empty({sizes[0], sizes[2], sizes[1], sizes[3]}, like_BNTH.options()).transpose(1, 2);
}

Forward forward_portable(const Inputs& inputs) {
  const int64_t B = inputs.query_BNTH.size(0), N = inputs.query_BNTH.size(1), T = inputs.query_BNTH.size(2);
  const at::Tensor output_BNTH = empty_token_major(inputs.query_BNTH);
  const auto options = inputs.query_BNTH.options().dtype(compute_type(inputs.query_BNTH));
  const at::Tensor statistics = at::empty({2, B, N, T}, options);
  for_each_part(inputs, [&](const Part& part, int64_t, int64_t, int64_t row, int64_t rows) {
    const int64_t Z = part.has_prefix() ? part.prefix_key_PKZH.size(2) : 0, S = part.key_BKSH.size(2);
    at::Tensor weights_BKMS = make_scores(part);
    const at::Tensor maximum_BKM1 = weights_BKMS.amax(3, true);
    weights_BKMS.sub_(maximum_BKM1).exp_();
    const at::Tensor reciprocal_BKM1 = weights_BKMS.sum(3, true).reciprocal();
    at::Tensor sum_BKMH = at::matmul(weights_BKMS.narrow(3, Z, S), part.value_BKSH);
    if (Z > 0) {
      const at::Tensor prefix_PKRZ = stack_rows(weights_BKMS.narrow(3, 0, Z), part);
      sum_BKMH.add_(unstack_rows(at::matmul(prefix_PKRZ, part.prefix_value_PKZH), part));
    }
    sum_BKMH.mul_(reciprocal_BKM1);
    output_BNTH.narrow(0, row, rows).copy_(sum_BKMH.reshape({rows, N, T, -1}));
    statistics[0].narrow(0, row, rows).copy_(maximum_BKM1.reshape({rows, N, T}));
    statistics[1].narrow(0, row, rows).copy_(reciprocal_BKM1.reshape({rows, N, T}));
  });
  return {output_BNTH, statistics};
}

// With weights w = softmax(s), output o = w v and incoming gradient g (FlashAttention, Dao et al. 2022,
// arXiv:2205.14135, appendix B.2):
//   dv = w^T g,  ds = w * (g v^T - sum_h g o),  dq = scale * ds k,  dk = scale * ds^T q
Gradients backward_portable(const Inputs& inputs, const Forward& forward, const at::Tensor& gradient_BNTH) {
  const at::ScalarType type = compute_type(inputs.query_BNTH);
  const bool is_empty = inputs.query_BNTH.numel() == 0;
  const auto like = [is_empty](const at::Tensor& x) {
    return is_empty ? at::zeros_like(x) : empty_token_major(x);
  };
  const auto zeros_if = [type](const at::Tensor& x) {
    return x.defined() ? at::zeros_like(x, x.options().dtype(type)) : x;
  };
  Gradients gradients{like(inputs.query_BNTH), like(inputs.key_BKSH), like(inputs.value_BKSH),
                      zeros_if(inputs.prefix_key_PKZH), zeros_if(inputs.prefix_value_PKZH)};
  for_each_part(inputs, [&](const Part& part, int64_t prompt, int64_t prompts, int64_t row, int64_t rows) {
    const int64_t Z = part.has_prefix() ? part.prefix_key_PKZH.size(2) : 0, S = part.key_BKSH.size(2);
    const int64_t K = part.key_BKSH.size(1), M = part.query_BKMH.size(2);
    const auto head_rows = [&](const at::Tensor& x_BNTX) {
      return x_BNTX.narrow(0, row, rows).to(type).reshape({rows, K, M, -1});
    };
    const at::Tensor incoming_BKMH = head_rows(gradient_BNTH);
    const at::Tensor delta_BKM1 = (incoming_BKMH * head_rows(forward.output_BNTH)).sum(3, true);
    const at::Tensor weights_BKMS = make_scores(part)
                                        .sub_(head_rows(forward.statistics[0].unsqueeze(3)))
                                        .exp_()
                                        .mul_(head_rows(forward.statistics[1].unsqueeze(3)));
    at::Tensor scores_BKMS = at::matmul(incoming_BKMH, part.value_BKSH.transpose(2, 3));
    if (Z > 0) {
      const at::Tensor prefix_PKRZ =
          at::matmul(stack_rows(incoming_BKMH, part), part.prefix_value_PKZH.transpose(2, 3));
      scores_BKMS = at::cat({unstack_rows(prefix_PKRZ, part), scores_BKMS}, 3);
    }
    scores_BKMS.sub_(delta_BKM1).mul_(weights_BKMS).mul_(part.scale);

    const at::Tensor own_scores_BKMS = scores_BKMS.narrow(3, Z, S);
    at::Tensor query_BKMH = at::matmul(own_scores_BKMS, part.key_BKSH);
    gradients.key_BKSH.narrow(0, row, rows)
        .copy_(at::matmul(own_scores_BKMS.transpose(2, 3), part.query_BKMH));
    gradients.value_BKSH.narrow(0, row, rows)
        .copy_(at::matmul(weights_BKMS.narrow(3, Z, S).transpose(2, 3), incoming_BKMH));
    if (Z > 0) {
      const at::Tensor prefix_PKRZ = stack_rows(scores_BKMS.narrow(3, 0, Z), part);
      const at::Tensor weights_PKRZ = stack_rows(weights_BKMS.narrow(3, 0, Z), part);
      query_BKMH.add_(unstack_rows(at::matmul(prefix_PKRZ, part.prefix_key_PKZH), part));
      gradients.prefix_key_PKZH.narrow(0, prompt, prompts)
          .add_(at::matmul(prefix_PKRZ.transpose(2, 3), stack_rows(part.query_BKMH, part)));
      gradients.prefix_value_PKZH.narrow(0, prompt, prompts)
          .add_(at::matmul(weights_PKRZ.transpose(2, 3), stack_rows(incoming_BKMH, part)));
    }
    gradients.query_BNTH.narrow(0, row, rows).copy_(query_BKMH.reshape({rows, part.N, part.T, -1}));
  });
  if (inputs.has_prefix()) {
    gradients.prefix_key_PKZH = gradients.prefix_key_PKZH.to(inputs.prefix_key_PKZH.scalar_type());
    gradients.prefix_value_PKZH = gradients.prefix_value_PKZH.to(inputs.prefix_value_PKZH.scalar_type());
  }
  return gradients;
}

}  // namespace soft_tokens::attention_paths
