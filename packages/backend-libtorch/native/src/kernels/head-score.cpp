#include "head-paths.h"
namespace soft_tokens::head::cpu {
Score score(const ScoreRequest& request) { return portable::score(request); }
}  // namespace soft_tokens::head::cpu
