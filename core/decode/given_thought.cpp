#include "core/decode/given_thought.h"

#include "core/error.h"
#include "core/torch.h"
#include "core/vision/patch_grid.h"

namespace lvr {
namespace {

// targets: of each the tokens it is the mean of. [N, D] -> [n, D]
torch::Tensor meansOf(const std::vector<std::vector<int>>& targets,
                      const torch::Tensor& imageTokens) {
    std::vector<torch::Tensor> means;
    for (const auto& target : targets) {
        const std::vector<std::int64_t> rows(target.begin(), target.end());
        means.push_back(
            imageTokens.index_select(0, torch::tensor(rows, imageTokens.device())).mean(0));  // [D]
    }
    return means.empty() ? imageTokens.narrow(0, 0, 0) : torch::stack(means);
}

std::vector<int> tokensUnder(const std::vector<Box>& boxes, const std::vector<PatchGrid>& grids) {
    std::vector<int> tokens;
    for (const auto& ofBox : tokensOfBoxes(boxes, grids, "the thought"))
        tokens.insert(tokens.end(), ofBox.begin(), ofBox.end());
    return tokens;
}

// Of each latent the visual tokens it is the mean of.
std::vector<std::vector<int>> targetsOf(const GivenThought& thought,
                                        const std::vector<PatchGrid>& grids,
                                        const RoiTokens& asTrained) {
    check(thought);
    if (grids.empty())
        throw Error("a thought of regions needs a picture; there is none in this question");
    if (thought.slotRule == GivenThought::Slots::AsTrained)
        return roiTargets(tokensUnder(thought.boxes, grids), asTrained);
    return tokensOfBoxes(thought.boxes, grids, "the thought");
}

}  // namespace

torch::Tensor boxLatents(const std::vector<Box>& boxes, const std::vector<PatchGrid>& grids,
                         const RoiTokens& rule, const torch::Tensor& imageTokens) {
    return meansOf(roiTargets(tokensUnder(boxes, grids), rule), imageTokens);
}

std::int64_t thoughtLength(const GivenThought& thought, const std::vector<PatchGrid>& grids,
                           const RoiTokens& asTrained) {
    return std::ssize(targetsOf(thought, grids, asTrained));
}

torch::Tensor thoughtLatents(const GivenThought& thought, const std::vector<PatchGrid>& grids,
                             const RoiTokens& asTrained, const torch::Tensor& imageTokens) {
    return meansOf(targetsOf(thought, grids, asTrained), imageTokens);
}

}  // namespace lvr
