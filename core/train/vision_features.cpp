#include "core/train/vision_features.h"

#include <torch/torch.h>

#include "core/vision/image_file.h"

namespace lvr {

SeenImages lookAt(const LvrCheckpoint& checkpoint,
                  const std::vector<std::filesystem::path>& files) {
    std::vector<Image> images;
    for (const auto& file : files) images.push_back(readImage(file));
    const auto pixels = preprocess(images, checkpoint.preprocess);
    return {pixels.grids, checkpoint.model.imageTokens(pixels)};
}

VisionFeatures::VisionFeatures(const LvrCheckpoint& checkpoint, std::size_t mostBytes)
    : checkpoint_(checkpoint), mostBytes_(mostBytes) {}

const SeenImage& VisionFeatures::of(const std::filesystem::path& file) {
    if (const auto known = byFile_.find(file.string()); known != byFile_.end()) {
        recent_.splice(recent_.begin(), recent_, known->second);
        return recent_.front().image;
    }
    const torch::NoGradGuard frozen;
    auto seen = lookAt(checkpoint_, {file});
    recent_.push_front({file.string(), {seen.grids.front(), std::move(seen.tokens)}});
    byFile_[file.string()] = recent_.begin();
    bytes_ += recent_.front().image.tokens.nbytes();
    while (bytes_ > mostBytes_ && recent_.size() > 1) forgetOldest();
    return recent_.front().image;
}

SeenImages VisionFeatures::of(const std::vector<std::filesystem::path>& files) {
    SeenImages seen;
    std::vector<torch::Tensor> tokens;
    for (const auto& file : files) {
        const auto& image = of(file);
        seen.grids.push_back(image.grid);
        tokens.push_back(image.tokens);
    }
    if (!tokens.empty()) seen.tokens = tokens.size() == 1 ? tokens.front() : torch::cat(tokens);
    return seen;
}

void VisionFeatures::forgetOldest() {
    bytes_ -= recent_.back().image.tokens.nbytes();
    byFile_.erase(recent_.back().file);
    recent_.pop_back();
}

}  // namespace lvr
