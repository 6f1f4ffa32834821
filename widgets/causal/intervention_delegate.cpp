#include "widgets/causal/intervention_delegate.h"

#include <QApplication>
#include <QPainter>
#include <algorithm>
#include <cmath>

#include "widgets/causal/intervention_model.h"
#include "widgets/colours.h"
#include "widgets/heat_paint.h"

namespace lvr {
namespace {

// Zero is in the middle; a divergence, which is never below it, starts there too, so that the
// columns compare.
void paintBar(QPainter& painter, const QStyleOptionViewItem& option, const QModelIndex& index) {
    const QVariant bar = index.data(InterventionModel::BarRole);
    if (!bar.isValid() || !std::isfinite(bar.toDouble())) return;
    const QRectF room = QRectF(option.rect).adjusted(3, 0, -3, -3);
    const double most = index.data(InterventionModel::MostRole).toDouble();
    const double share = std::clamp(bar.toDouble() / most, -1.0, 1.0);
    const double middle = room.center().x(), height = 5, top = room.bottom() - height;
    painter.setPen(QPen(faded(option.palette.text().color(), 0.35), 1));
    painter.drawLine(QPointF(middle, top - 2), QPointF(middle, room.bottom()));
    const double end = middle + share * room.width() / 2;
    const QColor colour = share < 0 ? lossColour(option.palette) : gainColour(option.palette);
    painter.fillRect(
        QRectF(QPointF(std::min(middle, end), top), QPointF(std::max(middle, end), room.bottom())),
        colour);
}

}  // namespace

void InterventionDelegate::initStyleOption(QStyleOptionViewItem* option,
                                           const QModelIndex& index) const {
    QStyledItemDelegate::initStyleOption(option, index);
    if (index.data(InterventionModel::BarRole).isValid())
        option->displayAlignment = Qt::AlignHCenter | Qt::AlignTop;
    const bool impossible = index.column() == InterventionModel::Answer &&
                            !index.data(InterventionModel::ImpossibleRole).toString().isEmpty();
    if (impossible) {
        option->font.setItalic(true);
        option->palette.setColor(QPalette::Text, option->palette.placeholderText().color());
    } else if (index.column() == InterventionModel::Answer &&
               index.data(InterventionModel::FlippedRole).toBool()) {
        option->font.setBold(true);
        option->palette.setColor(QPalette::Text, lossColour(option->palette));
    }
}

void InterventionDelegate::paint(QPainter* painter, const QStyleOptionViewItem& option,
                                 const QModelIndex& index) const {
    QStyledItemDelegate::paint(painter, option, index);
    painter->save();
    painter->setRenderHint(QPainter::Antialiasing);
    paintBar(*painter, option, index);
    const auto heat = index.data(InterventionModel::PictureRole).value<QImage>();
    if (!heat.isNull()) {
        painter->setRenderHint(QPainter::SmoothPixmapTransform);
        painter->drawImage(
            fittedInto(QRectF(option.rect).adjusted(2, 1, -2, -1), QSizeF(heat.size())), heat);
    }
    painter->restore();
}

}  // namespace lvr
