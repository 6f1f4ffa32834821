#include "widgets/causal/causal_picture.h"

#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QStyleOption>
#include <algorithm>

#include "widgets/action_tip.h"
#include "widgets/heat_paint.h"

namespace lvr {

HeatScale spanOf(const std::vector<float>& heat) {
    if (heat.empty()) return {};
    const auto [least, most] = std::ranges::minmax(heat);
    return {.cold = least, .hot = most > least ? most : least + 1e-6f, .decimals = 3};
}

CausalPicture::CausalPicture(QWidget* parent) : QWidget(parent) {
    setAccessibleName(tr("Picture with heat"));
    setMouseTracking(true);
    setFocusPolicy(Qt::StrongFocus);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Expanding);
    setFixedKeys(*this,
                 {tr("the picture of Causal"), {{tr("Arrows"), tr("Point at a visual token")}}});
    setToolTip(
        tr("What the chosen intervention's answer, or the chosen latent, looks at; a visual "
           "token that is pointed at is lit in the map of latents, too"));
}

void CausalPicture::setPicture(const QImage& picture) {
    picture_ = picture;
    heat_ = {};
    caption_.clear();
    lit_ = -1;
    update();
}

void CausalPicture::setGrid(PatchGrid grid) {
    grid_ = grid;
    update();
}

void CausalPicture::setRegions(const std::vector<Box>& regions) {
    regions_ = regions;
    update();
}

void CausalPicture::showHeat(const std::vector<float>& heat, const QString& caption) {
    heat_ = heatImage(heat, grid_, spanOf(heat));
    caption_ = caption;
    setAccessibleDescription(caption);
    update();
}

void CausalPicture::lightToken(int token) {
    lit_ = token < grid_.count() ? token : -1;
    update();
}

QRectF CausalPicture::pictureRect() const {
    const QRectF space = QRectF(rect()).adjusted(0, 0, 0, -1.4 * fontMetrics().height());
    return fittedInto(space, picture_.isNull() ? space.size() : QSizeF(picture_.size()));
}

QRectF CausalPicture::part(const Box& box) const {
    const QRectF whole = pictureRect();
    return {whole.x() + box.x0 * whole.width(), whole.y() + box.y0 * whole.height(),
            (box.x1 - box.x0) * whole.width(), (box.y1 - box.y0) * whole.height()};
}

void CausalPicture::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    painter.setRenderHints(QPainter::Antialiasing | QPainter::SmoothPixmapTransform);
    if (picture_.isNull()) {
        painter.setPen(palette().placeholderText().color());
        painter.drawText(rect(), Qt::AlignCenter | Qt::TextWordWrap,
                         tr("There is no picture; open one in Ask or draw a new scene."));
        return;
    }
    const QRectF where = pictureRect();
    painter.drawImage(where, picture_);
    paintHeat(painter, where, heat_);
    paintMarks(painter);
    painter.setPen(palette().windowText().color());
    painter.drawText(
        QRectF(0, height() - 1.3 * fontMetrics().height(), width(), 1.3 * fontMetrics().height()),
        Qt::AlignCenter, fontMetrics().elidedText(caption_, Qt::ElideRight, width()));
    if (!hasFocus()) return;
    QStyleOptionFocusRect focus;
    focus.initFrom(this);
    style()->drawPrimitive(QStyle::PE_FrameFocusRect, &focus, &painter, this);
}

void CausalPicture::paintMarks(QPainter& painter) const {
    const auto frame = [&](const QRectF& box, const QColor& colour, double width) {
        painter.setPen(QPen(QColor(0, 0, 0, 180), width + 2));
        painter.drawRect(box);
        painter.setPen(QPen(colour, width));
        painter.drawRect(box);
    };
    painter.setBrush(Qt::NoBrush);
    for (const Box& region : regions_)
        if (region.image == 0) frame(part(region), Qt::white, 1.5);
    if (lit_ < 0 || grid_.count() == 0) return;
    const int row = lit_ / grid_.cols, column = lit_ % grid_.cols;
    frame(part({double(column) / grid_.cols, double(row) / grid_.rows,
                double(column + 1) / grid_.cols, double(row + 1) / grid_.rows}),
          QColor(255, 196, 0), 2.5);
}

int CausalPicture::tokenAt(const QPointF& at) const {
    const QRectF whole = pictureRect();
    if (picture_.isNull() || grid_.count() == 0 || !whole.contains(at)) return -1;
    const int column = static_cast<int>((at.x() - whole.x()) / whole.width() * grid_.cols);
    const int row = static_cast<int>((at.y() - whole.y()) / whole.height() * grid_.rows);
    return std::min(row, grid_.rows - 1) * grid_.cols + std::min(column, grid_.cols - 1);
}

void CausalPicture::point(int token) {
    if (token == lit_) return;
    lightToken(token);
    Q_EMIT tokenPointedAt(token);
}

void CausalPicture::mouseMoveEvent(QMouseEvent* event) { point(tokenAt(event->position())); }

void CausalPicture::leaveEvent(QEvent*) { point(-1); }

void CausalPicture::keyPressEvent(QKeyEvent* event) {
    const int key = event->key();
    const int by = key == Qt::Key_Right  ? 1
                   : key == Qt::Key_Left ? -1
                   : key == Qt::Key_Down ? grid_.cols
                   : key == Qt::Key_Up   ? -grid_.cols
                                         : 0;
    if (by == 0 || grid_.count() == 0) return QWidget::keyPressEvent(event);
    const int next = lit_ < 0 ? 0 : lit_ + by;
    if (next >= 0 && next < grid_.count()) point(next);
}

}  // namespace lvr
