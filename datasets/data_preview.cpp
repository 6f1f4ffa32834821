#include "datasets/data_preview.h"

#include <algorithm>
#include <array>
#include <opencv2/imgproc.hpp>

#include "core/vision/image_file.h"
#include "core/vision/patch_grid.h"

namespace lvr {
namespace {

constexpr int kLeastSide = 560;  // pixels, of the longer side

// Okabe and Ito's colours, told apart by the colour-blind too.
cv::Scalar colourOf(std::size_t box) {
    static const std::array<cv::Scalar, 6> colours{
        cv::Scalar{230, 159, 0},  {86, 180, 233}, {0, 158, 115},
        cv::Scalar{240, 228, 66}, {213, 94, 0},   {204, 121, 167}};
    return colours[box % colours.size()];
}

cv::Rect pixelsOf(const Box& box, cv::Size size) {
    const auto x = [&](double v) { return static_cast<int>(std::clamp(v, 0.0, 1.0) * size.width); };
    const auto y = [&](double v) {
        return static_cast<int>(std::clamp(v, 0.0, 1.0) * size.height);
    };
    return {cv::Point(x(box.x0), y(box.y0)), cv::Point(x(box.x1), y(box.y1))};
}

void tint(cv::Mat& picture, const cv::Rect& where, const cv::Scalar& colour) {
    constexpr double kOpacity = 0.45;
    auto part = picture(where);
    const cv::Mat plain(part.size(), part.type(), colour);
    cv::addWeighted(part, 1 - kOpacity, plain, kOpacity, 0, part);
}

cv::Mat drawImage(const DataRecord& record, int image, const PreprocessConfig& config) {
    const auto original = readImage(record.images[image]);
    const auto size = smartResize({original.height, original.width}, config);
    auto resized = resizeBicubic(original, size);
    cv::Mat picture(resized.height, resized.width, CV_8UC3, resized.rgb.data());
    const int scale = std::max(1, (kLeastSide + std::max(picture.rows, picture.cols) - 1) /
                                      std::max(picture.rows, picture.cols));
    cv::resize(picture, picture, {}, scale, scale, cv::INTER_NEAREST);
    const int cell = config.patchSize * config.mergeSize;
    const PatchGrid grid{size.height / cell, size.width / cell};
    const auto onThis = [&](std::size_t box) { return record.boxes[box].image == image; };
    for (std::size_t b = 0; b < record.boxes.size(); ++b)
        if (onThis(b))
            for (const int token : boxTokens(record.boxes[b], grid))
                tint(picture, pixelsOf(tokenBox(token, grid), picture.size()), colourOf(b));
    const cv::Scalar line(128, 128, 128);
    for (int x = cell * scale; x < picture.cols; x += cell * scale)
        cv::line(picture, {x, 0}, {x, picture.rows - 1}, line);
    for (int y = cell * scale; y < picture.rows; y += cell * scale)
        cv::line(picture, {0, y}, {picture.cols - 1, y}, line);
    for (std::size_t b = 0; b < record.boxes.size(); ++b)
        if (onThis(b))
            cv::rectangle(picture, pixelsOf(record.boxes[b], picture.size()), colourOf(b), 3);
    return picture.clone();
}

}  // namespace

Image previewRecord(const DataRecord& record, const PreprocessConfig& preprocess) {
    std::vector<cv::Mat> pictures;
    int height = 0;
    for (int i = 0; i < static_cast<int>(record.images.size()); ++i) {
        pictures.push_back(drawImage(record, i, preprocess));
        height = std::max(height, pictures.back().rows);
    }
    for (auto& picture : pictures)
        cv::copyMakeBorder(picture, picture, 0, height - picture.rows, 0, 0, cv::BORDER_CONSTANT);
    cv::Mat all;
    cv::hconcat(pictures, all);
    return {all.cols, all.rows, {all.datastart, all.dataend}};
}

}  // namespace lvr
