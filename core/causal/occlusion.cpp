#include "core/causal/occlusion.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <random>

namespace lvr {
namespace {

std::array<std::uint8_t, 3> meanColour(const Image& picture) {
    std::array<double, 3> sum{};
    for (std::size_t i = 0; i < picture.rgb.size(); ++i) sum[i % 3] += picture.rgb[i];
    std::array<std::uint8_t, 3> mean{};
    const double count = std::max<double>(1, static_cast<double>(picture.rgb.size()) / 3);
    for (int c = 0; c < 3; ++c) mean[c] = static_cast<std::uint8_t>(std::lround(sum[c] / count));
    return mean;
}

bool touches(const Box& a, const Box& b) {
    return a.x0 < b.x1 && b.x0 < a.x1 && a.y0 < b.y1 && b.y0 < a.y1;
}

double unitDraw(std::mt19937_64& random) {
    return static_cast<double>(random() >> 11) / 9007199254740992.0;  // 2^53
}

}  // namespace

Image blackened(const Image& picture) {
    auto black = picture;
    std::ranges::fill(black.rgb, std::uint8_t{0});
    return black;
}

Image covered(const Image& picture, const Box& box) {
    auto image = picture;
    const auto colour = meanColour(picture);
    const auto at = [](double fraction, int size) {
        return std::clamp(static_cast<int>(std::lround(fraction * size)), 0, size);
    };
    for (int y = at(box.y0, picture.height); y < at(box.y1, picture.height); ++y)
        for (int x = at(box.x0, picture.width); x < at(box.x1, picture.width); ++x)
            std::ranges::copy(colour,
                              image.rgb.begin() + 3 * (std::ptrdiff_t{y} * picture.width + x));
    return image;
}

Covers coversOf(const Image& picture, const std::vector<Box>& targets, int count,
                std::uint64_t seed) {
    constexpr int kTries = 200;  // a cover
    Covers covers{.target = targets.back()};
    const double width = covers.target.x1 - covers.target.x0,
                 height = covers.target.y1 - covers.target.y0;
    std::mt19937_64 random(seed + 0x9E3779B97F4A7C15ULL);
    // Whole pixels, so that each hides as much as the target's.
    const auto place = [&](double size, int pixels) {
        return std::floor(unitDraw(random) * ((1 - size) * pixels + 1)) / pixels;
    };
    for (int tries = 0; std::ssize(covers.shams) < count && tries < kTries * count; ++tries) {
        const double x = place(width, picture.width), y = place(height, picture.height);
        const Box sham{x, y, std::min(1.0, x + width), std::min(1.0, y + height), 0};
        if (std::ranges::none_of(
                targets, [&](const Box& box) { return box.image == 0 && touches(box, sham); }))
            covers.shams.push_back(sham);
    }
    if (std::ssize(covers.shams) < count) covers.shams.clear();
    return covers;
}

}  // namespace lvr
