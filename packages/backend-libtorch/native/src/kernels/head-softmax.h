// The softmax of a chunk of rows on the processor, from their logits: one pass for the maxima, one for the sums, divided over
// threads by parts of rows. Results do not depend on the number of threads.
//
// Axes: R rows of the chunk, V vocabulary, D hidden.

#pragma once

#include <functional>
#include <vector>

#include <ATen/core/Tensor.h>

#include "head-rows.h"

namespace soft_tokens::head {

struct RowSoftmax {
  float max = 0;
  int64_t argmax = 0;
  /** Of e^s with s = (z - max) / tau. */
  double sum = 0;
  double entropy = 0;
};

/** Logits of a chunk and what is known of each row. */
struct ChunkSoftmax {
  at::Tensor z_RV;
  float scale = 1;
  std::vector<RowSoftmax> rows;
  /** Sums of e^s by row and part of the row: [R, parts]. */
  std::vector<double> part_sums;
  /** e^s at or above the cutoff, by row, and the sum of the others; empty where nothing was to be kept. */
  std::vector<KeptTokens> kept;
  std::vector<double> dropped;

  int64_t vocabulary() const { return z_RV.size(1); }
  float* row(int64_t at) { return z_RV.mutable_data_ptr<float>() + at * vocabulary(); }
  int64_t parts() const { return (vocabulary() + kSegment - 1) / kSegment; }
};

/** Of float32 logits, which are the chunk's from now on. `cutoff` 0: nothing is kept. */
ChunkSoftmax visit_chunk(const at::Tensor& z_RV, double temperature, float cutoff);

/** Turns the logits into p in place. */
void to_probabilities(ChunkSoftmax& chunk);

/** First id whose cumulative sum exceeds `uniform` times the row's sum; the last possible id if rounding leaves none. */
int64_t invert_cumulative(ChunkSoftmax& chunk, int64_t row, double uniform);

/**
 * How much of a row's probability may be dropped. bfloat16 operands: 2^-20, which moves a mixture no more than the float32
 * rounding of its logits does. float32: 2^-24, half of the last digit.
 */
double droppable_mass(const at::Tensor& weight_VD);

/**
 * Makes `kept` the probabilities of a softmax over fewer tokens: each row drops at most `mass` of its sum, and what is
 * kept sums to 1. `chunk` was visited with `first_cutoff`; a row that dropped too much by it is visited again.
 */
void keep_probable(ChunkSoftmax& chunk, double mass);
/** Drops a few 1e-7 of a row of a trained model at temperature 0.5: seldom too much for bfloat16 operands. */
float first_cutoff(double mass);

/** Too many kept tokens: a dense product costs less than walking the rows one by one. */
bool is_dense(const ChunkSoftmax& chunk);

/**
 * Visits the kept tokens of rows [from, to) in runs: the small ones by stretches of the vocabulary, row after row, so that
 * the embeddings of a stretch stay in the cache for all rows; then the large ones. Within a row the order of the list.
 */
void walk_kept(const std::vector<KeptTokens>& kept, int64_t from, int64_t to, int64_t vocabulary,
               const std::function<void(int64_t row, int64_t begin, int64_t count)>& visit);

/** sum of factors * rows of a float32 or bfloat16 matrix. */
void gather_sum(const int32_t* ids, const float* factors, int64_t count, const at::Tensor& rows, float* out,
                bool accumulate);
void gather_dots(const int32_t* ids, int64_t count, const at::Tensor& rows, const float* g, float* out);

}  // namespace soft_tokens::head
