#include "core/train/vision_features.h"

#include <torch/torch.h>

#include "core/vision/image_file.h"

namespace lvr {

VisionFeatures::VisionFeatures(const LvrCheckpoint& checkpoint, std::size_t mostBytes)
    : checkpoint_(checkpoint), mostBytes_(mostBytes) {}

const SeenImage& VisionFeatures::of(const std::filesystem::path& file) {
    if (const auto known = byFile_.find(file.string()); known != byFile_.end()) {
        recent_.splice(recent_.begin(), recent_, known->second);
        return recent_.front().image;
    }
    const torch::NoGradGuard frozen;
    const auto pixels = preprocess({readImage(file)}, checkpoint_.preprocess);
    recent_.push_front(
        {file.string(), {pixels.grids.front(), checkpoint_.model.imageTokens(pixels)}});
    byFile_[file.string()] = recent_.begin();
    bytes_ += recent_.front().image.tokens.nbytes();
    while (bytes_ > mostBytes_ && recent_.size() > 1) forgetOldest();
    return recent_.front().image;
}

void VisionFeatures::forgetOldest() {
    bytes_ -= recent_.back().image.tokens.nbytes();
    byFile_.erase(recent_.back().file);
    recent_.pop_back();
}

}  // namespace lvr
