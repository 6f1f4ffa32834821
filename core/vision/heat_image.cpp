#include "core/vision/heat_image.h"

#include <algorithm>
#include <opencv2/imgproc.hpp>

namespace lvr {

Image heatOverlay(const Image& image, PatchGrid grid, const std::vector<float>& values, float low,
                  float high) {
    constexpr double kOpacity = 0.6;
    cv::Mat cells(grid.rows, grid.cols, CV_8U);
    for (int i = 0; i < grid.count(); ++i) {
        const float share = (values.at(i) - low) / std::max(high - low, 1e-6F);
        cells.data[i] = static_cast<std::uint8_t>(std::clamp(share, 0.0F, 1.0F) * 255);
    }
    cv::Mat large, colours;
    cv::resize(cells, large, {image.width, image.height}, 0, 0, cv::INTER_NEAREST);
    cv::applyColorMap(large, colours, cv::COLORMAP_VIRIDIS);
    cv::cvtColor(colours, colours, cv::COLOR_BGR2RGB);
    Image out = image;
    cv::Mat target(image.height, image.width, CV_8UC3, out.rgb.data());
    cv::addWeighted(target, 1 - kOpacity, colours, kOpacity, 0, target);
    return out;
}

}  // namespace lvr
