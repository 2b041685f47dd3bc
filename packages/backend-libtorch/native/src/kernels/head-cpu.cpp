#include "head-paths.h"
namespace soft_tokens::head::cpu {
bool is_supported(const at::Tensor&, const at::Tensor&, const at::Tensor&) { return false; }
std::vector<at::Tensor> mixture(const at::Tensor&, const at::Tensor&, const at::Tensor&, double, int64_t, int64_t) { return {}; }
std::vector<at::Tensor> token_choice(const at::Tensor&, const at::Tensor&, const std::optional<at::Tensor>&, double, int64_t, int64_t) { return {}; }
Score score(const ScoreRequest&) { return {}; }
}
