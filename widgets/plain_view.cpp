#include "widgets/plain_view.h"

#include <QPainter>
#include <algorithm>

#include "widgets/qt_image.h"

namespace lvr {
namespace {

constexpr int kCaptionHeight = 48;
constexpr int kLargestCopy = 2048;

QRectF part(const QRectF& whole, const Box& box) {
    return {whole.x() + box.x0 * whole.width(), whole.y() + box.y0 * whole.height(),
            (box.x1 - box.x0) * whole.width(), (box.y1 - box.y0) * whole.height()};
}

Box cellBox(int row, int col, PatchGrid grid) {
    return {double(col) / grid.cols, double(row) / grid.rows, double(col + 1) / grid.cols,
            double(row + 1) / grid.rows};
}

}  // namespace

PlainView::PlainView(const Trace& trace, const QString& reason, QWidget* parent)
    : QWidget(parent), trace_(trace), reason_(reason) {
    setFocusPolicy(Qt::StrongFocus);
}

void PlainView::setPicture(const Image& image) {
    picture_ = toQImage(shrunkTo(image, kLargestCopy));
    update();
}

void PlainView::selectStep(int step) {
    step_ = step;
    update();
}

QRectF PlainView::pictureRect() const {
    const QRectF space = QRectF(rect()).adjusted(8, 8, -8, -8 - kCaptionHeight);
    const QSizeF size = QSizeF(picture_.size()).scaled(space.size(), Qt::KeepAspectRatio);
    return {space.center() - QPointF(size.width() / 2, size.height() / 2), size};
}

void PlainView::paintHeat(QPainter& painter, const LatentStep& step) const {
    const auto cosine = cosineOn(trace_, step, 0);
    const HeatRange range = heatRange(trace_, 0);
    for (std::size_t i = 0; i < cosine.size(); ++i) {
        const PatchGrid grid = trace_.grids[0];
        const auto index = static_cast<int>(i);
        const HeatColour rgb = colourAt(ColourMap::Viridis, range.place(cosine[i]));
        painter.fillRect(
            part(pictureRect(), cellBox(index / grid.cols, index % grid.cols, grid)),
            QColor(rgb.r, rgb.g, rgb.b, 60 + static_cast<int>(130 * range.place(cosine[i]))));
    }
    painter.setPen(QPen(QColor(255, 112, 67), 3));
    for (const Patch& patch : nearestPatches(trace_, step, 0, 3))
        painter.drawRect(part(pictureRect(), cellBox(patch.row, patch.col, trace_.grids[0])));
}

void PlainView::paintRois(QPainter& painter) const {
    painter.setPen(QPen(Qt::white, 2));
    int number = 0;
    for (const Box& roi : trace_.rois) {
        const QRectF box = part(pictureRect(), roi);
        painter.drawRect(box);
        painter.drawText(box.topLeft() + QPointF(3, 14), QString::number(++number));
    }
}

QString PlainView::caption() const {
    const auto latents = latentSteps(trace_);
    const QString why = tr("%1, so this is the plain view without zoom.").arg(reason_);
    if (step_ < 0 || step_ >= static_cast<int>(latents.size())) return why;
    const LatentStep& step = latentOf(*latents[step_]);
    return tr("Step %1 of %2   norm %3   P(end) %4\n%5")
        .arg(step_ + 1)
        .arg(latents.size())
        .arg(step.norm, 0, 'f', 2)
        .arg(step.endProbability, 0, 'f', 3)
        .arg(why);
}

void PlainView::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    painter.setPen(palette().windowText().color());
    const QRect captionRect = rect().adjusted(8, height() - kCaptionHeight, -8, -4);
    painter.drawText(captionRect, Qt::TextWordWrap, caption());
    if (picture_.isNull()) {
        painter.drawText(rect(), Qt::AlignCenter,
                         tr("No picture yet.\nOpen, drop or paste one, or draw a new scene."));
        return;
    }
    painter.setRenderHint(QPainter::SmoothPixmapTransform);
    painter.drawImage(pictureRect(), picture_);
    const auto latents = latentSteps(trace_);
    if (step_ >= 0 && step_ < static_cast<int>(latents.size()))
        paintHeat(painter, latentOf(*latents[step_]));
    paintRois(painter);
}

}  // namespace lvr
