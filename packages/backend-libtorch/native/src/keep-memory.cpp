#include "keep-memory.h"

#include <cstdlib>

#if defined(__GLIBC__)
#include <malloc.h>
#endif

namespace soft_tokens {

void keep_freed_memory() {
#if defined(__GLIBC__)
  for (const char* name : {"MALLOC_ARENA_MAX", "MALLOC_MMAP_MAX_", "MALLOC_TRIM_THRESHOLD_"}) {
    if (std::getenv(name) != nullptr) return;
  }
  mallopt(M_ARENA_MAX, 1);
  mallopt(M_MMAP_MAX, 0);          // no block has a mapping of its own
  mallopt(M_TRIM_THRESHOLD, -1);   // the end of the heap is never given back
  mallopt(M_TOP_PAD, 64 << 20);
#endif
}

}  // namespace soft_tokens
