#include "core/trace/heat_picture.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "core/error.h"

namespace lvr {
namespace {

constexpr double kShape = 1.6;  // of a block of pictures
constexpr int kGap = 8;         // pixels between them

cv::Mat resized(const Image& image, PictureSize size) {
    const cv::Mat original(image.height, image.width, CV_8UC3,
                           const_cast<std::uint8_t*>(image.rgb.data()));
    cv::Mat out;
    const bool larger = size.width > image.width;
    cv::resize(original, out, {size.width, size.height}, 0, 0,
               larger ? cv::INTER_LINEAR : cv::INTER_AREA);
    return out;
}

// Cells meet without a gap or an overlap at any size.
cv::Rect cellRect(PatchGrid grid, int patch, cv::Size size) {
    const int row = patch / grid.cols, col = patch % grid.cols;
    const auto x = [&](int c) { return size.width * c / grid.cols; };
    const auto y = [&](int r) { return size.height * r / grid.rows; };
    return {cv::Point(x(col), y(row)), cv::Point(x(col + 1), y(row + 1))};
}

void tint(cv::Mat& picture, const cv::Rect& where, const HeatInk& ink) {
    if (ink.alpha <= 0) return;
    const HeatColour& rgb = ink.colour;
    auto part = picture(where);
    const cv::Mat plain(part.size(), part.type(), cv::Scalar(rgb.r, rgb.g, rgb.b));
    cv::addWeighted(part, 1 - ink.alpha, plain, ink.alpha, 0, part);
}

// Those on this image, numbered among all.
void outline(cv::Mat& picture, const std::vector<Box>& rois, int image) {
    const double unit = std::max(1.0, std::max(picture.cols, picture.rows) / 320.0);
    const auto thick = [&](double width) { return static_cast<int>(std::lround(width * unit)); };
    for (std::size_t i = 0; i < rois.size(); ++i) {
        if (rois[i].image != image) continue;
        const cv::Point from(static_cast<int>(std::lround(rois[i].x0 * picture.cols)),
                             static_cast<int>(std::lround(rois[i].y0 * picture.rows)));
        const cv::Point to(static_cast<int>(std::lround(rois[i].x1 * picture.cols)),
                           static_cast<int>(std::lround(rois[i].y1 * picture.rows)));
        cv::rectangle(picture, from, to, {0, 0, 0}, thick(2));
        cv::rectangle(picture, from, to, {255, 255, 255}, thick(1));
        const auto text = std::to_string(i + 1);
        const cv::Point at(from.x + thick(3), from.y + thick(11));
        cv::putText(picture, text, at, cv::FONT_HERSHEY_SIMPLEX, 0.35 * unit, {0, 0, 0}, thick(3),
                    cv::LINE_AA);
        cv::putText(picture, text, at, cv::FONT_HERSHEY_SIMPLEX, 0.35 * unit, {255, 255, 255},
                    thick(1), cv::LINE_AA);
    }
}

Image toImage(const cv::Mat& rgb) {
    const cv::Mat whole = rgb.isContinuous() ? rgb : rgb.clone();
    return {whole.cols, whole.rows, {whole.data, whole.data + whole.total() * whole.elemSize()}};
}

}  // namespace

PictureSize sizeWithin(const Image& image, int least, int most) {
    const int longer = std::max({image.width, image.height, 1});
    if (longer > most) {
        const auto fit = [&](int side) {
            return std::max(1, static_cast<int>(std::lround(double(side) * most / longer)));
        };
        return {fit(image.width), fit(image.height)};
    }
    const int factor = longer >= least ? 1 : std::min((least + longer - 1) / longer, most / longer);
    return {image.width * factor, image.height * factor};
}

int columnsFor(int count, PictureSize each, double shape) {
    int best = 1;
    double nearest = -1;
    for (int columns = 1; columns <= count; ++columns) {
        const int rows = (count + columns - 1) / columns;
        const double found = double(columns) * each.width / (double(rows) * each.height);
        const double off = std::abs(std::log(found / shape));
        if (nearest >= 0 && off >= nearest) continue;
        nearest = off;
        best = columns;
    }
    return best;
}

HeatPictures::HeatPictures(const Trace& trace, const HeatPictureChoice& choice)
    : trace_(trace), choice_(choice), maps_(heatMaps(trace, choice.image, choice.shown)) {
    maps_.scale = limited(maps_.scale, choice.limits);
    const auto images = static_cast<int>(trace.question.images.size());
    if (choice.image < 0 || choice.image >= images)
        throw Error("there is no picture " + std::to_string(choice.image + 1) + "; the trace has " +
                    std::to_string(images));
}

int HeatPictures::count() const { return static_cast<int>(maps_.steps.size()); }
const Image& HeatPictures::picture() const { return trace_.question.images[choice_.image]; }

Image HeatPictures::draw(int step, PictureSize size) const {
    cv::Mat picture = resized(this->picture(), size);
    if (step >= 0 && choice_.heat && choice_.image < static_cast<int>(trace_.grids.size())) {
        const PatchGrid grid = trace_.grids[choice_.image];
        const auto& values = maps_.steps.at(step);
        for (std::size_t i = 0; i < values.size(); ++i)
            tint(picture, cellRect(grid, static_cast<int>(i), picture.size()),
                 inkOf(choice_.look, maps_.scale, values[i]));
    }
    if (choice_.rois) outline(picture, trace_.rois, choice_.image);
    return toImage(picture);
}

Image HeatPictures::drawAll(PictureSize each) const {
    const int columns = columnsFor(count(), each, kShape), rows = (count() + columns - 1) / columns;
    cv::Mat all(rows * (each.height + kGap) - kGap, columns * (each.width + kGap) - kGap, CV_8UC3,
                cv::Scalar(255, 255, 255));
    for (int i = 0; i < count(); ++i) {
        const Image one = draw(i, each);
        const cv::Mat picture(one.height, one.width, CV_8UC3,
                              const_cast<std::uint8_t*>(one.rgb.data()));
        picture.copyTo(all(cv::Rect(i % columns * (each.width + kGap),
                                    i / columns * (each.height + kGap), each.width, each.height)));
    }
    return toImage(all);
}

}  // namespace lvr
