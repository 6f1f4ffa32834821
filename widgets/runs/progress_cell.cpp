#include "widgets/runs/progress_cell.h"

#include <QPainter>

#include "widgets/runs/runs_model.h"

namespace lvr {

void ProgressCell::paint(QPainter* painter, const QStyleOptionViewItem& option,
                         const QModelIndex& index) const {
    QStyleOptionViewItem cell = option;
    initStyleOption(&cell, index);
    const bool selected = cell.state & QStyle::State_Selected;
    const double fraction = index.data(RunsModel::FractionRole).toDouble();
    cell.displayAlignment = Qt::AlignHCenter | Qt::AlignTop;
    QStyledItemDelegate::paint(painter, cell, index);
    constexpr int kHeight = 3;
    const QRectF track(cell.rect.left() + 6, cell.rect.bottom() - kHeight - 2,
                       cell.rect.width() - 12, kHeight);
    QRectF done = track;
    done.setWidth(track.width() * fraction);
    QColor ground = cell.palette.color(QPalette::Mid);
    const QColor bar =
        cell.palette.color(selected ? QPalette::HighlightedText : QPalette::Highlight);
    if (selected) ground.setAlphaF(0.5f);
    painter->save();
    painter->setRenderHint(QPainter::Antialiasing);
    painter->setPen(Qt::NoPen);
    painter->setBrush(ground);
    painter->drawRoundedRect(track, 1.5, 1.5);
    painter->setBrush(bar);
    if (done.width() >= 1) painter->drawRoundedRect(done, 1.5, 1.5);
    painter->restore();
}

}  // namespace lvr
