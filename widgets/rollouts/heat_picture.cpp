#include "widgets/rollouts/heat_picture.h"

#include <QMouseEvent>
#include <QPainter>
#include <algorithm>

#include "widgets/colours.h"
#include "widgets/heat_paint.h"

namespace lvr {
namespace {

constexpr int kHeatMargin = 8;
constexpr double kScale = 127;  // of the stored bytes

}  // namespace

int latentCount(PatchGrid grid, const std::vector<std::int8_t>& heat) {
    return grid.count() > 0 ? static_cast<int>(heat.size() / grid.count()) : 0;
}

std::vector<float> heatOf(PatchGrid grid, const std::vector<std::int8_t>& heat, int latent) {
    const int count = latentCount(grid, heat);
    if (latent >= count || count == 0) return {};
    const auto cells = static_cast<std::size_t>(grid.count());
    const std::size_t first = latent < 0 ? 0 : latent, last = latent < 0 ? count : first + 1;
    std::vector<float> mean(cells, 0);
    for (std::size_t step = first; step < last; ++step)
        for (std::size_t i = 0; i < cells; ++i)
            mean[i] += static_cast<float>(heat[step * cells + i] / kScale / (last - first));
    return mean;
}

HeatScale scaleOf(const std::vector<float>& heat) {
    if (heat.empty()) return {};
    const auto [low, high] = std::minmax_element(heat.begin(), heat.end());
    return {.cold = *low, .hot = *high};
}

HeatPicture::HeatPicture(QWidget* parent) : QWidget(parent) {
    setMouseTracking(true);
    setAccessibleName(tr("Picture with the heat of the latents"));
}

void HeatPicture::showHeat(PatchGrid grid, const std::vector<std::int8_t>& heat) {
    grid_ = grid;
    heat_ = heat;
    selectLatent(kMean);
}

void HeatPicture::selectLatent(int latent) {
    latent_ = latent < latentCount(grid_, heat_) ? latent : kMean;
    shown_ = heatOf(grid_, heat_, latent_);
    scale_ = scaleOf(shown_);
    for (int i = 0; latent_ != kMean && i < latentCount(grid_, heat_); ++i)
        scale_ = joined(scale_, scaleOf(heatOf(grid_, heat_, i)));
    setAccessibleDescription(caption());
    update();
}

void HeatPicture::showPicture(const QImage& picture) {
    picture_ = picture;
    reason_.clear();
    update();
}

void HeatPicture::showNoPicture(const QString& reason) {
    picture_ = {};
    reason_ = reason;
    update();
}

// Without a picture the heat is drawn in the grid's own shape.
QRectF HeatPicture::pictureRect() const {
    const double line = fontMetrics().height();
    const QRectF space =
        QRectF(rect()).adjusted(kHeatMargin, kHeatMargin, -kHeatMargin, -2.8 * line - kHeatMargin);
    const QSizeF whole = picture_.isNull() ? QSizeF(grid_.cols, grid_.rows) : picture_.size();
    return fittedInto(space, whole);
}

QString HeatPicture::caption() const {
    const int count = latentCount(grid_, heat_);
    if (!hovered_.isEmpty()) return hovered_;
    if (count == 0) return tr("No latent looked at this picture.");
    if (latent_ == kMean && count > 1)
        return tr("Mean of %1 latents; click a number for one alone").arg(count);
    if (count == 1) return tr("The only latent");
    return tr("Latent %1 of %2").arg(latent_ + 1).arg(count);
}

QString HeatPicture::emptyText() const {
    return reason_.isEmpty() ? tr("Choose a rollout to see its picture.") : reason_;
}

QString HeatPicture::explain(const QPoint& at) const {
    const QRectF whole = pictureRect();
    if (shown_.empty() || !whole.contains(at)) return {};
    const int col =
        std::min(int((at.x() - whole.x()) / whole.width() * grid_.cols), grid_.cols - 1);
    const int row =
        std::min(int((at.y() - whole.y()) / whole.height() * grid_.rows), grid_.rows - 1);
    return tr("row %1, column %2: cosine %3")
        .arg(row + 1)
        .arg(col + 1)
        .arg(shown_[row * grid_.cols + col], 0, 'f', 2);
}

void HeatPicture::paintLegend(QPainter& painter) const {
    const int line = fontMetrics().height();
    const QRectF space(kHeatMargin, height() - line - kHeatMargin, width() - 2 * kHeatMargin, line);
    const QString low = QString::number(scale_.cold, 'f', 2),
                  high = QString::number(scale_.hot, 'f', 2);
    const double left = space.left() + fontMetrics().horizontalAdvance(low) + 6;
    const double right = space.right() - fontMetrics().horizontalAdvance(high) - 6;
    paintHeatBar(painter, QRectF(left, space.top() + line * 0.25, right - left, line * 0.5),
                 Qt::Horizontal, scale_);
    painter.drawText(space, Qt::AlignLeft | Qt::AlignVCenter, low);
    painter.drawText(space, Qt::AlignRight | Qt::AlignVCenter, high);
}

void HeatPicture::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    painter.setRenderHint(QPainter::SmoothPixmapTransform);
    painter.setPen(palette().windowText().color());
    const QRectF where = pictureRect();
    if (!picture_.isNull()) painter.drawImage(where, picture_);
    if (picture_.isNull() && shown_.empty())
        painter.drawText(rect().adjusted(kHeatMargin, kHeatMargin, -kHeatMargin, -kHeatMargin),
                         Qt::AlignCenter | Qt::TextWordWrap, emptyText());
    if (shown_.empty() && picture_.isNull()) return;
    paintHeat(painter, where, heatImage(shown_, grid_, scale_));
    if (picture_.isNull())
        painter.drawText(where, Qt::AlignHCenter | Qt::AlignTop | Qt::TextWordWrap, reason_);
    const int line = fontMetrics().height();
    painter.drawText(
        QRectF(kHeatMargin, height() - 2.4 * line - kHeatMargin, width() - 2 * kHeatMargin, line),
        Qt::AlignCenter, caption());
    if (!shown_.empty()) paintLegend(painter);
}

void HeatPicture::mouseMoveEvent(QMouseEvent* event) {
    hovered_ = explain(event->pos());
    update();
}

void HeatPicture::leaveEvent(QEvent*) {
    hovered_.clear();
    update();
}

}  // namespace lvr
