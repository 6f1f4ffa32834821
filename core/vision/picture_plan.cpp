#include "core/vision/picture_plan.h"

#include <algorithm>
#include <numeric>

namespace lvr {
namespace {

constexpr std::int64_t kParts = 8;  // of all positions, in which room for words is given

std::int64_t roundedUp(std::int64_t words, std::int64_t positions) {
    const auto part = std::max<std::int64_t>(1, positions / kParts);
    return (words + part - 1) / part * part;
}

std::int64_t pixelsOfAToken(const PreprocessConfig& config) {
    const std::int64_t side = config.patchSize * config.mergeSize;
    return side * side;
}

PicturePlan planWithin(const std::vector<Size>& pictures, const PreprocessConfig& limits) {
    PicturePlan plan{.limits = limits};
    for (const auto& picture : pictures) {
        plan.sizes.push_back(smartResize(picture, limits));
        plan.grids.push_back(tokenGrid(picture, limits));
    }
    return plan;
}

// With at most so many visual tokens a picture.
PicturePlan loweredTo(std::int64_t tokens, const std::vector<Size>& pictures,
                      PreprocessConfig limits) {
    limits.maxPixels = tokens * pixelsOfAToken(limits);
    auto plan = planWithin(pictures, limits);
    plan.lowered = !pictures.empty();
    return plan;
}

std::int64_t fewestTokens(const PreprocessConfig& limits) {
    const auto pixels = pixelsOfAToken(limits);
    return (limits.minPixels + pixels - 1) / pixels;
}

// The largest plan that `fits`, of those between the limits. Nothing when the smallest doesn't.
std::optional<PicturePlan> largest(const std::vector<Size>& pictures,
                                   const PreprocessConfig& limits,
                                   const std::function<bool(const PicturePlan&)>& fits) {
    auto few = fewestTokens(limits), many = limits.maxPixels / pixelsOfAToken(limits) + 1;
    if (!fits(loweredTo(few, pictures, limits))) return std::nullopt;
    while (many - few > 1) {
        const auto middle = few + (many - few) / 2;
        (fits(loweredTo(middle, pictures, limits)) ? few : many) = middle;
    }
    return loweredTo(few, pictures, limits);
}

}  // namespace

int PicturePlan::visualTokens() const {
    return std::accumulate(grids.begin(), grids.end(), 0,
                           [](int sum, const PatchGrid& grid) { return sum + grid.count(); });
}

PreprocessConfig limitedTo(const PixelLimits& limits, PreprocessConfig config) {
    config.maxPixels = limits.max.value_or(config.maxPixels);
    config.minPixels = std::min(limits.min.value_or(config.minPixels), config.maxPixels);
    return config;
}

std::optional<PicturePlan> planPictures(const std::vector<Size>& pictures,
                                        const PreprocessConfig& limits, const ReadingRoom& room) {
    const auto fitsBeside = [&](std::int64_t words) {
        return [&room, words](const PicturePlan& plan) {
            const auto thought = room.thought ? room.thought(plan.grids) : 0;
            return plan.visualTokens() + thought + words <= room.positions;
        };
    };
    // Half of it at most is kept for an answer: its length is a limit, not a forecast.
    const auto words = room.text + std::min(room.answer, room.positions / 2);
    auto asked = planWithin(pictures, limits);
    if (fitsBeside(words)(asked)) return asked;
    if (auto plan = largest(pictures, limits, fitsBeside(roundedUp(words, room.positions))))
        return plan;
    auto smallest = loweredTo(fewestTokens(limits), pictures, limits);
    return fitsBeside(room.text)(smallest) ? std::optional(std::move(smallest)) : std::nullopt;
}

}  // namespace lvr
