#include "widgets/qt_image.h"

#include <QPainter>
#include <algorithm>
#include <cstring>

namespace lvr {
namespace {

std::uint8_t boxMean(const Image& image, int left, int top, int size, int channel) {
    unsigned sum = 0;
    for (int y = top; y < top + size; ++y)
        for (int x = left; x < left + size; ++x)
            sum += image.rgb[(static_cast<std::size_t>(y) * image.width + x) * 3 + channel];
    return static_cast<std::uint8_t>(sum / (size * size));
}

QImage onWhite(const QImage& picture) {
    QImage flat(picture.size(), QImage::Format_RGB888);
    flat.fill(Qt::white);
    QPainter(&flat).drawImage(QPoint(0, 0), picture);
    return flat;
}

}  // namespace

Image toImage(const QImage& picture) {
    QImage flat = picture;
    flat.setDevicePixelRatio(1);
    flat = flat.hasAlphaChannel() ? onWhite(flat) : flat.convertToFormat(QImage::Format_RGB888);
    Image image{.width = flat.width(), .height = flat.height(), .rgb = {}};
    const std::size_t line = static_cast<std::size_t>(image.width) * 3;
    image.rgb.resize(line * image.height);
    for (int y = 0; y < image.height; ++y)
        std::memcpy(image.rgb.data() + line * y, flat.constScanLine(y), line);
    return image;
}

QImage toQImage(const Image& image) {
    if (image.rgb.empty()) return {};
    return QImage(image.rgb.data(), image.width, image.height, image.width * qsizetype{3},
                  QImage::Format_RGB888)
        .copy();
}

Image shrunkTo(const Image& image, int side) {
    const int factor = (std::max(image.width, image.height) + side - 1) / std::max(side, 1);
    if (factor <= 1) return image;
    // A very thin picture keeps at least one full box in its short direction.
    const int box = std::min({factor, image.width, image.height});
    Image small{.width = std::max(image.width / factor, 1),
                .height = std::max(image.height / factor, 1),
                .rgb = {}};
    small.rgb.reserve(static_cast<std::size_t>(small.width) * small.height * 3);
    for (int y = 0; y < small.height; ++y)
        for (int x = 0; x < small.width; ++x)
            for (int channel = 0; channel < 3; ++channel)
                small.rgb.push_back(boxMean(image, x * factor, y * factor, box, channel));
    return small;
}

}  // namespace lvr
