// The loops of the head over one row of logits or one list of kept tokens. No tensors, no threads: callers divide the work.
//
// A softmax row is mostly nothing: at temperature 0.5 a few hundred of 49,152 tokens carry all but a millionth of it. A
// sparse row keeps the largest probabilities and divides by their own sum, so it is the exact softmax of what it keeps:
// its gradient sums to zero, and where one token is left it is exactly zero.

#pragma once

#include <cstdint>
#include <vector>

#include "vectorized.h"

namespace soft_tokens::head {

/** A part of a row is the unit of work: sums do not depend on the number of threads. */
constexpr int64_t kSegment = 4096;

struct Peak {
  float value;
  /** The first place of the value. */
  int64_t at;
};
Peak find_peak(const float* z, int64_t count);

/** With s = (z - max) * scale: the sums of e^s and of e^s s. */
struct Sums {
  double exponential = 0, weighted = 0;
};
Sums sum_exponentials(const float* z, int64_t count, float max, float scale);

struct KeptTokens {
  std::vector<int32_t> ids;
  std::vector<float> values;
  /** After `keep_largest`: so many small values come first, both parts in the order of their ids. */
  int64_t small = 0;
};
/** The same sums; every e^s >= cutoff is appended with its place + `offset`, the others are summed in `dropped`. */
Sums sum_and_keep(const float* z, int64_t count, float max, float scale, float cutoff, int32_t offset, KeptTokens& kept,
                  double& dropped);

/** e^s in place. */
void exponentiate(float* z, int64_t count, float max, float scale);

/**
 * Leaves the largest values such that the others sum to at most `budget`, divided by their sum. Values of one power of two
 * stay or go together. Small ones are put first: thousands of them, added to a sum that already has the large ones, would
 * each be rounded away.
 */
void keep_largest(KeptTokens& kept, double budget);

/** A row of logits and what turns its small part into a gradient. */
struct TailRow {
  const float* z;
  float max, factor, threshold;
};
/** Places [begin, begin + count) of two rows: factor * e^s where e^s < threshold, else 0, as pairs of bfloat16. */
void pair_tails(const TailRow& even, const TailRow& odd, int64_t begin, int64_t count, float scale, uint32_t* words);

/** out (+)= sum over j of factors[j] * rows[ids[j]], rows of `width` values; summed from zero, then added. */
void gather_sum(const int32_t* ids, const float* factors, int64_t count, const float* rows, int64_t width, float* out,
                bool accumulate);
void gather_sum(const int32_t* ids, const float* factors, int64_t count, const Bits16* rows, int64_t width, float* out,
                bool accumulate);

/** out[j] = sum of g * rows[ids[j]] */
void gather_dots(const int32_t* ids, int64_t count, const float* rows, int64_t width, const float* g, float* out);
void gather_dots(const int32_t* ids, int64_t count, const Bits16* rows, int64_t width, const float* g, float* out);

}  // namespace soft_tokens::head
