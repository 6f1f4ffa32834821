#include "core/model/visual_tokens.h"

#include "core/torch.h"

namespace lvr {

std::size_t VisualTokens::bytes() const {
    return (tokens.defined() ? tokens.nbytes() : 0) +
           (deepstack.defined() ? deepstack.nbytes() : 0);
}

VisualTokens VisualTokens::narrow(std::size_t first, std::size_t count) const {
    VisualTokens part;
    std::int64_t before = 0, inside = 0;
    for (std::size_t i = 0; i < first + count; ++i)
        (i < first ? before : inside) += grids[i].count();
    part.grids.assign(grids.begin() + first, grids.begin() + first + count);
    if (count == 0) return part;
    part.tokens = tokens.narrow(0, before, inside);
    if (deepstack.defined()) part.deepstack = deepstack.narrow(1, before, inside);
    return part;
}

VisualTokens joined(const std::vector<VisualTokens>& parts) {
    if (parts.size() == 1) return parts.front();
    VisualTokens all;
    std::vector<torch::Tensor> tokens, deepstack;
    for (const auto& part : parts) {
        all.grids.insert(all.grids.end(), part.grids.begin(), part.grids.end());
        if (part.tokens.defined()) tokens.push_back(part.tokens);
        if (part.deepstack.defined()) deepstack.push_back(part.deepstack);
    }
    if (!tokens.empty()) all.tokens = torch::cat(tokens);
    if (!deepstack.empty()) all.deepstack = torch::cat(deepstack, 1);
    return all;
}

}  // namespace lvr
