#include "core/decode/given_thought.h"

#include "core/error.h"
#include "core/torch.h"
#include "core/vision/patch_grid.h"

namespace lvr {

torch::Tensor boxLatents(const std::vector<Box>& boxes, PatchGrid grid, const RoiTokens& rule,
                         const torch::Tensor& imageTokens) {
    TORCH_CHECK(imageTokens.dim() == 2 && imageTokens.size(0) >= grid.count(), "imageTokens ",
                imageTokens.sizes(), " for ", grid.count(), " visual tokens");
    std::vector<int> tokens;
    for (const auto& box : boxes)
        for (const int token : boxTokens(box, grid)) tokens.push_back(token);
    std::vector<torch::Tensor> latents;
    for (const auto& target : roiTargets(tokens, rule)) {
        const std::vector<std::int64_t> rows(target.begin(), target.end());
        latents.push_back(
            imageTokens.index_select(0, torch::tensor(rows, imageTokens.device())).mean(0));  // [D]
    }
    return latents.empty() ? imageTokens.narrow(0, 0, 0) : torch::stack(latents);
}

torch::Tensor thoughtLatents(const GivenThought& thought, const std::vector<PatchGrid>& grids,
                             const RoiTokens& asTrained, const torch::Tensor& imageTokens) {
    check(thought);
    if (grids.empty())
        throw Error("a thought of regions needs a picture; there is none in this question");
    if (thought.slotRule == GivenThought::Slots::AsTrained)
        return boxLatents(thought.boxes, grids[0], asTrained, imageTokens);
    std::vector<torch::Tensor> means;
    for (const auto& box : thought.boxes)
        means.push_back(boxLatents({box}, grids[0], {RoiTokens::Rule::Pool, 1}, imageTokens));
    return torch::cat(means);
}

}  // namespace lvr
