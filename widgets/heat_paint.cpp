#include "widgets/heat_paint.h"

#include <QLinearGradient>
#include <QPainter>
#include <algorithm>

namespace lvr {

QRectF fittedInto(const QRectF& space, const QSizeF& shape) {
    const QSizeF size = shape.scaled(space.size(), Qt::KeepAspectRatio);
    return {space.center() - QPointF(size.width() / 2, size.height() / 2), size};
}

QImage heatImage(std::span<const float> values, PatchGrid grid, const HeatScale& scale,
                 const HeatLook& look) {
    if (values.empty() || values.size() != static_cast<std::size_t>(grid.count())) return {};
    QImage heat(grid.cols, grid.rows, QImage::Format_RGBA8888);
    const auto pixels = heatPixels(values, scale, look);
    for (int row = 0; row < grid.rows; ++row)
        std::copy_n(pixels.begin() + row * grid.cols, grid.cols,
                    reinterpret_cast<std::uint32_t*>(heat.scanLine(row)));
    return heat;
}

void paintHeat(QPainter& painter, const QRectF& where, const QImage& heat) {
    if (heat.isNull()) return;
    const bool smooth = painter.testRenderHint(QPainter::SmoothPixmapTransform);
    painter.setRenderHint(QPainter::SmoothPixmapTransform, false);
    painter.drawImage(where, heat);
    painter.setRenderHint(QPainter::SmoothPixmapTransform, smooth);
}

void paintPictureAndHeat(QPainter& painter, const QRectF& space, const QImage& picture,
                         const QImage& heat) {
    const QRectF where = fittedInto(space, picture.isNull() ? heat.size() : picture.size());
    painter.setRenderHint(QPainter::SmoothPixmapTransform);
    if (!picture.isNull()) painter.drawImage(where, picture);
    paintHeat(painter, where, heat);
}

void paintHeatBar(QPainter& painter, const QRectF& bar, Qt::Orientation direction,
                  const HeatScale& scale, const HeatLook& look) {
    constexpr int kStops = 16;
    const bool rises = direction == Qt::Vertical;
    QLinearGradient colours(rises ? bar.bottomLeft() : bar.topLeft(),
                            rises ? bar.topLeft() : bar.topRight());
    for (int i = 0; i <= kStops; ++i) {
        const float place = static_cast<float>(i) / kStops;
        const HeatInk ink = legendInk(look, scale, place);
        QColor colour(ink.colour.r, ink.colour.g, ink.colour.b);
        colour.setAlphaF(ink.alpha);
        colours.setColorAt(place, colour);
    }
    painter.fillRect(bar, colours);
}

}  // namespace lvr
