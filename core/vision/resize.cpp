#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/vision/preprocess.h"

// A separable convolution with Keys' cubic, widened by the scale when shrinking so that it filters
// out what the smaller picture cannot show. Weights are fixed-point and each pass rounds to bytes,
// which is what makes the result equal to Pillow's.
namespace lvr {
namespace {

constexpr double kKeys = -0.5;  // Keys' parameter a
constexpr double kRadius = 2.0;
constexpr int kFractionBits = 32 - 8 - 2;  // 8 for the byte, 2 for overshoot and sign
constexpr int kRounding = 1 << (kFractionBits - 1);
constexpr int kLanes = 16;  // bytes weighed at a time; a constant, so that the loops vectorise
constexpr int kPixelBytes = 3;
constexpr int kColumn = kPixelBytes * kLanes;  // bytes of a column of pixels, kLanes high

double cubic(double distance) {
    const double x = std::abs(distance);
    if (x < 1.0) return ((kKeys + 2.0) * x - (kKeys + 3.0)) * x * x + 1.0;
    if (x < kRadius) return (((x - 5.0) * x + 8.0) * x - 4.0) * kKeys;
    return 0.0;
}

// What one output position takes from the input: `values` starting at `first`.
struct Window {
    int first = 0;
    std::vector<std::int32_t> values;
};

Window windowAt(int position, int from, double scale) {
    const double stretch = std::max(scale, 1.0);
    const double reach = kRadius * stretch;
    const double center = (position + 0.5) * scale;
    const int first = std::max(0, static_cast<int>(std::floor(center - reach + 0.5)));
    const int last = std::min(from, static_cast<int>(std::floor(center + reach + 0.5)));
    std::vector<double> weights;
    double sum = 0.0;
    for (int i = first; i < last; ++i) {
        weights.push_back(cubic((i - center + 0.5) * (1.0 / stretch)));
        sum += weights.back();
    }
    Window window{first, {}};
    for (const double weight : weights) {
        const double scaled = weight / sum * (1 << kFractionBits);
        window.values.push_back(static_cast<std::int32_t>(scaled + std::copysign(0.5, scaled)));
    }
    return window;
}

std::vector<Window> windowsOf(int from, int to) {
    std::vector<Window> windows;
    windows.reserve(to);
    for (int i = 0; i < to; ++i)
        windows.push_back(windowAt(i, from, static_cast<double>(from) / to));
    return windows;
}

std::uint8_t toByte(std::int32_t sum) {
    return static_cast<std::uint8_t>(std::clamp(sum >> kFractionBits, 0, 255));
}

void weighLanes(const std::uint8_t* rows, std::size_t stride, const Window& window,
                std::uint8_t* out) {
    std::int32_t sums[kLanes];
    std::fill_n(sums, kLanes, kRounding);
    for (const std::int32_t weight : window.values) {
        for (int lane = 0; lane < kLanes; ++lane) sums[lane] += weight * rows[lane];
        rows += stride;
    }
    for (int lane = 0; lane < kLanes; ++lane) out[lane] = toByte(sums[lane]);
}

// out[i] = the weighted sum of the window's rows at i; `rows` is row 0 of the input.
void weighRows(const std::uint8_t* rows, std::size_t stride, const Window& window, int length,
               std::uint8_t* out) {
    rows += window.first * stride;
    int i = 0;
    for (; i + kLanes <= length; i += kLanes) weighLanes(rows + i, stride, window, out + i);
    for (; i < length; ++i) {
        std::int32_t sum = kRounding;
        for (std::size_t k = 0; k < window.values.size(); ++k)
            sum += window.values[k] * rows[k * stride + i];
        out[i] = toByte(sum);
    }
}

// [kLanes rows, width, 3] <-> [width, 3, kLanes], so that a column of pixels becomes rows of lanes.
void toLanes(const std::uint8_t* rows, int width, int count, std::uint8_t* lanes) {
    const int length = width * kPixelBytes;
    for (int row = 0; row < count; ++row)
        for (int i = 0; i < length; ++i)
            lanes[static_cast<std::size_t>(i) * kLanes + row] =
                rows[static_cast<std::size_t>(row) * length + i];
}

void fromLanes(const std::uint8_t* lanes, int width, int count, std::uint8_t* rows) {
    const int length = width * kPixelBytes;
    for (int row = 0; row < count; ++row)
        for (int i = 0; i < length; ++i)
            rows[static_cast<std::size_t>(row) * length + i] =
                lanes[static_cast<std::size_t>(i) * kLanes + row];
}

Image resizeWidth(const Image& image, int width) {
    if (width == image.width) return image;
    Image out{width, image.height,
              std::vector<std::uint8_t>(std::size_t(width) * image.height * kPixelBytes)};
    const auto windows = windowsOf(image.width, width);
    std::vector<std::uint8_t> before(std::size_t(image.width) * kColumn);
    std::vector<std::uint8_t> after(std::size_t(width) * kColumn);
    for (int y = 0; y < image.height; y += kLanes) {
        const int count = std::min(kLanes, image.height - y);
        toLanes(&image.rgb[std::size_t(y) * image.width * kPixelBytes], image.width, count,
                before.data());
        for (int x = 0; x < width; ++x)
            weighRows(before.data(), kColumn, windows[x], kColumn,
                      &after[std::size_t(x) * kColumn]);
        fromLanes(after.data(), width, count, &out.rgb[std::size_t(y) * width * kPixelBytes]);
    }
    return out;
}

Image resizeHeight(const Image& image, int height) {
    if (height == image.height) return image;
    const int length = image.width * kPixelBytes;
    Image out{image.width, height, std::vector<std::uint8_t>(std::size_t(length) * height)};
    const auto windows = windowsOf(image.height, height);
    for (int y = 0; y < height; ++y)
        weighRows(image.rgb.data(), length, windows[y], length, &out.rgb[std::size_t(y) * length]);
    return out;
}

// Rounding between the passes makes their order visible. This is Pillow's since 13.0, found by
// trying; older ones always took the width first.
bool heightFirst(const Image& image, Size size) {
    const int shrinkage = image.height - size.height;
    return shrinkage > 0 && shrinkage > 2 * (image.width - size.width);
}

std::string pixelsText(int width, int height) {
    return std::to_string(width) + " x " + std::to_string(height);
}

}  // namespace

Image resizeBicubic(const Image& image, Size size) {
    if (image.width < 1 || image.height < 1 || size.width < 1 || size.height < 1)
        throw Error("cannot resize a picture of " + pixelsText(image.width, image.height) +
                    " pixels to " + pixelsText(size.width, size.height) +
                    "; use a larger picture or a larger min_pixels");
    if (heightFirst(image, size)) return resizeWidth(resizeHeight(image, size.height), size.width);
    return resizeHeight(resizeWidth(image, size.width), size.height);
}

}  // namespace lvr
