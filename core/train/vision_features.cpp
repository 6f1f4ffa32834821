#include "core/train/vision_features.h"

#include <ATen/Parallel.h>

#include "core/error.h"
#include "core/torch.h"
#include "core/train/feature_cache.h"
#include "core/vision/image_file.h"

namespace lvr {

namespace {

constexpr std::size_t kMostComing = 64;

Pixels readPixels(const std::vector<std::filesystem::path>& files, const PreprocessConfig& config) {
    std::vector<Image> images;
    for (const auto& file : files) images.push_back(readImage(file));
    return preprocess(images, config);
}

// Said before the encoder runs, which takes long for such a picture.
void checkFits(const Pixels& pixels, const LvrCheckpoint& checkpoint) {
    const auto most = checkpoint.model.config().text.maxPositionEmbeddings;
    std::int64_t tokens = 0;
    for (const auto& grid : pixels.grids) tokens += grid.count();
    if (tokens < most) return;
    throw Error((pixels.grids.size() == 1 ? "its picture makes " : "its pictures make ") +
                std::to_string(tokens) + " visual tokens, and this model reads at most " +
                std::to_string(most) + " positions; lower --max-pixels");
}

}  // namespace

VisualTokens visualTokensOf(const LvrCheckpoint& checkpoint,
                            const std::vector<std::filesystem::path>& files) {
    const auto pixels = readPixels(files, checkpoint.preprocess);
    checkFits(pixels, checkpoint);
    return checkpoint.model.visualTokens(pixels);
}

VisionFeatures::VisionFeatures(const LvrCheckpoint& checkpoint, const std::filesystem::path& cache,
                               std::size_t mostBytes)
    : checkpoint_(checkpoint),
      cache_(cache.empty() ? nullptr : std::make_shared<FeatureCache>(cache, checkpoint)),
      mostBytes_(mostBytes) {}

VisionFeatures::~VisionFeatures() = default;

void VisionFeatures::prefetch(const std::vector<std::filesystem::path>& files) {
    auto before = std::move(coming_);
    coming_.clear();
    for (const auto& file : files) {
        if (coming_.size() >= kMostComing) return;
        if (byFile_.count(file.string())) continue;
        if (auto known = before.extract(file.string()))
            coming_.insert(std::move(known));
        else if (!coming_.count(file.string()))
            coming_[file.string()] = startReading(file);
    }
}

std::future<VisionFeatures::Coming> VisionFeatures::startReading(
    const std::filesystem::path& file) const {
    const auto task = std::make_shared<std::packaged_task<Coming()>>(
        [file, config = checkpoint_.preprocess,
         cache = std::shared_ptr<const FeatureCache>(cache_)] {
            return read(file, config, cache.get());
        });
    auto coming = task->get_future();
    at::launch([task] { (*task)(); });
    return coming;
}

std::string VisionFeatures::trouble() { return cache_ ? cache_->trouble() : std::string(); }

VisionFeatures::Coming VisionFeatures::read(const std::filesystem::path& file,
                                            const PreprocessConfig& config,
                                            const FeatureCache* cache) {
    if (cache)
        if (auto cached = cache->find(file)) return {std::move(cached), {}};
    return {{}, readPixels({file}, config)};
}

VisualTokens VisionFeatures::encode(const std::filesystem::path& file) {
    const torch::NoGradGuard frozen;
    auto coming = coming_.extract(file.string());
    auto here = coming ? coming.mapped().get() : read(file, checkpoint_.preprocess, cache_.get());
    if (here.cached) return *std::move(here.cached);
    checkFits(here.pixels, checkpoint_);
    auto image = checkpoint_.model.visualTokens(here.pixels);
    if (cache_) cache_->keep(file, image);
    return image;
}

const VisualTokens& VisionFeatures::of(const std::filesystem::path& file) {
    if (const auto known = byFile_.find(file.string()); known != byFile_.end()) {
        recent_.splice(recent_.begin(), recent_, known->second);
        return recent_.front().image;
    }
    recent_.push_front({file.string(), encode(file)});
    byFile_[file.string()] = recent_.begin();
    bytes_ += recent_.front().image.bytes();
    while (bytes_ > mostBytes_ && recent_.size() > 1) forgetOldest();
    return recent_.front().image;
}

VisualTokens VisionFeatures::of(const std::vector<std::filesystem::path>& files) {
    std::vector<VisualTokens> images;
    for (const auto& file : files) images.push_back(of(file));
    return joined(images);
}

void VisionFeatures::forgetOldest() {
    bytes_ -= recent_.back().image.bytes();
    byFile_.erase(recent_.back().file);
    recent_.pop_back();
}

}  // namespace lvr
