// What a processor needs for the operations of tiles.h: one table per kind of instructions. tiles.cpp chooses among them.

#pragma once

#include "tiles.h"

namespace soft_tokens::tiles {

/** Operations as in tiles.h. A unit may compute all rows of a tile of which only some are wanted. */
struct TileUnit {
  const char* name;
  /** Whether this processor and this system have the instructions. */
  bool (*is_available)();
  /** Prepare and release what a thread holds during a TileSession. */
  void (*begin)();
  void (*end)();
  decltype(&tiles::multiply) multiply;
  decltype(&tiles::make_pairs) make_pairs;
  decltype(&tiles::store_rows) store_rows;
  decltype(&tiles::dot_rows) dot_rows;
  decltype(&tiles::softmax_pairs) softmax_pairs;
  decltype(&tiles::softmax_gradient) softmax_gradient;
  decltype(&tiles::accumulate_values) accumulate_values;
};

/** The table of a unit from the functions of the namespace of its name, beside which it is defined. */
#define SOFT_TOKENS_TILE_UNIT(unit, begin, end)                                                               \
  const TileUnit unit##_unit{#unit,           unit::is_available, begin,           end,                        \
                             unit::multiply,  unit::make_pairs,   unit::store_rows, unit::dot_rows,            \
                             unit::softmax_pairs, unit::softmax_gradient, unit::accumulate_values}

/** For a unit without anything to prepare or release. */
inline void nothing() {}

// Each is defined in the file of its name, and not available where the compiler or the system lacks it.
extern const TileUnit amx_unit, avx512bf16_unit, avx512_unit, avx2_unit;

/** A unit that no machine has. */
inline TileUnit missing_unit(const char* name) {
  return {name, [] { return false; }, {}, {}, {}, {}, {}, {}, {}, {}, {}};
}

}  // namespace soft_tokens::tiles
