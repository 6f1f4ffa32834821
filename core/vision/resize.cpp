#include "core/vision/resize.h"

#include <algorithm>
#include <cmath>
#include <opencv2/core/utility.hpp>
#include <string>

#include "core/error.h"

// A separable convolution with Keys' cubic, widened by the scale when shrinking so that it filters
// out what the smaller picture cannot show. Weights are fixed-point and each pass rounds to bytes,
// which is what makes the result equal to Pillow's.
namespace lvr {
namespace {

constexpr double kKeys = -0.5;  // Keys' parameter a
constexpr double kRadius = 2.0;
constexpr int kFractionBits = 32 - 8 - 2;  // 8 for the byte, 2 for overshoot and sign
constexpr int kPixelBytes = 3;
constexpr int kLeastBytes = 1 << 17;  // fewer are not worth another thread

double cubic(double distance) {
    const double x = std::abs(distance);
    if (x < 1.0) return ((kKeys + 2.0) * x - (kKeys + 3.0)) * x * x + 1.0;
    if (x < kRadius) return (((x - 5.0) * x + 8.0) * x - 4.0) * kKeys;
    return 0.0;
}

ResampleWindow windowAt(int position, int from, double scale) {
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
    ResampleWindow window{first, {}};
    for (const double weight : weights) {
        const double scaled = weight / sum * (1 << kFractionBits);
        window.weights.push_back(static_cast<std::int32_t>(scaled + std::copysign(0.5, scaled)));
    }
    return window;
}

std::size_t bytesOfRow(int width) { return static_cast<std::size_t>(width) * kPixelBytes; }

std::string pixelsText(int width, int height) {
    return std::to_string(width) + " x " + std::to_string(height);
}

}  // namespace

std::vector<ResampleWindow> resampleWindows(int from, int to) {
    std::vector<ResampleWindow> windows;
    windows.reserve(to);
    for (int i = 0; i < to; ++i)
        windows.push_back(windowAt(i, from, static_cast<double>(from) / to));
    return windows;
}

// This is Pillow's order since 13.0, found by trying; older ones always took the width first.
bool heightFirst(const Image& image, Size size) {
    const int shrinkage = image.height - size.height;
    return shrinkage > 0 && shrinkage > 2 * (image.width - size.width);
}

ResizedPicture::ResizedPicture(const Image& image, Size size)
    : size_(size), rows_(image.rgb.data()), readWidth_(image.width) {
    if (image.width < 1 || image.height < 1 || size.width < 1 || size.height < 1)
        throw Error("cannot resize a picture of " + pixelsText(image.width, image.height) +
                    " pixels to " + pixelsText(size.width, size.height) +
                    "; use a larger picture or a larger min_pixels");
    const bool width = size.width != image.width, height = size.height != image.height;
    const bool both = width && height, widthIsSecond = heightFirst(image, size);
    if (both) firstPass(image, widthIsSecond ? Pass::Height : Pass::Width);
    if (width && (!both || widthIsSecond)) {
        second_ = Pass::Width;
        windows_ = resampleWindows(image.width, size.width);
    } else if (height) {
        second_ = Pass::Height;
        windows_ = resampleWindows(image.height, size.height);
    }
}

void ResizedPicture::firstPass(const Image& image, Pass pass) {
    const int width = pass == Pass::Width ? size_.width : image.width;
    const int height = pass == Pass::Height ? size_.height : image.height;
    const auto length = bytesOfRow(width), read = bytesOfRow(image.width);
    first_ = std::make_unique_for_overwrite<std::uint8_t[]>(length * height);
    const auto windows = pass == Pass::Width ? resampleWindows(image.width, width)
                                             : resampleWindows(image.height, height);
    onCores(height, kLeastBytes / static_cast<int>(length) + 1, [&](int begin, int end) {
        for (int y = begin; y < end; ++y) {
            auto* out = &first_[y * length];
            if (pass == Pass::Width)
                weighPixels(&image.rgb[y * read], image.width, windows, out);
            else
                weighRows(&image.rgb[windows[y].first * read], read, windows[y].weights, length,
                          out);
        }
    });
    rows_ = first_.get();
    readWidth_ = width;
}

void ResizedPicture::readRows(int first, int count, std::uint8_t* out) const {
    const auto read = bytesOfRow(readWidth_), length = bytesOfRow(size_.width);
    for (int y = first; y < first + count; ++y, out += length) {
        if (second_ == Pass::Height)
            weighRows(rows_ + windows_[y].first * read, read, windows_[y].weights, length, out);
        else if (second_ == Pass::Width)
            weighPixels(rows_ + y * read, readWidth_, windows_, out);
        else
            std::copy_n(rows_ + y * read, length, out);
    }
}

void onCores(int count, int least, const std::function<void(int begin, int end)>& work) {
    const int parts = std::min(count / std::max(1, least), 4 * cv::getNumThreads());
    if (parts <= 1) return work(0, count);
    cv::parallel_for_(
        cv::Range(0, count), [&](const cv::Range& part) { work(part.start, part.end); }, parts);
}

Image resizeBicubic(const Image& image, Size size) {
    const ResizedPicture picture(image, size);
    const auto length = bytesOfRow(size.width);
    Image out{size.width, size.height, std::vector<std::uint8_t>(length * size.height)};
    onCores(size.height, kLeastBytes / static_cast<int>(length) + 1, [&](int begin, int end) {
        picture.readRows(begin, end - begin, &out.rgb[begin * length]);
    });
    return out;
}

}  // namespace lvr
