#include "widgets/rollouts/probe_views.h"

#include <QApplication>
#include <QImage>
#include <QPainter>

#include "widgets/heat_paint.h"
#include "widgets/rollouts/heat_picture.h"
#include "widgets/rollouts/probe_table.h"
#include "widgets/rollouts/rollout_colours.h"

namespace lvr {
namespace {

constexpr int kMargin = 5;

void paintThumbnail(QPainter* painter, const QRect& space, const SampleRow& sample,
                    const QImage& picture) {
    const auto heat = heatOf(sample.grid, sample.heat, HeatPicture::kMean);
    paintPictureAndHeat(*painter, space, picture, heatImage(heat, sample.grid, scaleOf(heat)));
}

}  // namespace

void ProbeDelegate::paint(QPainter* painter, const QStyleOptionViewItem& given,
                          const QModelIndex& index) const {
    QStyleOptionViewItem option = given;
    initStyleOption(&option, index);
    option.text.clear();
    const QWidget* widget = option.widget;
    (widget ? widget->style() : QApplication::style())
        ->drawControl(QStyle::CE_ItemViewItem, &option, painter, widget);
    const auto* sample = index.data(ProbeTable::kSampleRole).value<const SampleRow*>();
    const bool selected = option.state & QStyle::State_Selected;
    const QColor ink = option.palette.color(selected ? QPalette::HighlightedText : QPalette::Text);
    const QRect space = option.rect.adjusted(kMargin, kMargin, -kMargin, -kMargin);
    const int line = option.fontMetrics.height();
    painter->save();
    painter->setRenderHint(QPainter::SmoothPixmapTransform);
    painter->setPen(faded(ink, 0.5));
    if (!sample) {
        painter->drawText(space, Qt::AlignCenter, tr("not asked"));
        painter->restore();
        return;
    }
    paintThumbnail(painter, space.adjusted(0, 0, 0, -line - 3), *sample,
                   index.data(ProbeTable::kPictureRole).value<QImage>());
    const QString verdict = verdictOf(*sample);
    const QRect words(space.left(), space.bottom() - line + 1, space.width(), line);
    const QColor colour =
        sample->right.value_or(true) ? gainColour(option.palette) : lossColour(option.palette);
    painter->setPen(selected ? ink : colour);
    painter->drawText(words, Qt::AlignLeft | Qt::AlignVCenter, verdict);
    painter->setPen(ink);
    const QRect rest = words.adjusted(option.fontMetrics.horizontalAdvance("✓ "), 0, 0, 0);
    painter->drawText(
        rest, Qt::AlignLeft | Qt::AlignVCenter,
        option.fontMetrics.elidedText(index.data().toString(), Qt::ElideRight, rest.width()));
    painter->restore();
}

ProbeHeader::ProbeHeader(QWidget* parent) : QHeaderView(Qt::Vertical, parent) {
    setSectionResizeMode(QHeaderView::Fixed);
    setDefaultSectionSize(ProbeDelegate::kCellHeight);
    setSectionsClickable(false);
}

void ProbeHeader::paintSection(QPainter* painter, const QRect& rect, int section) const {
    painter->save();
    painter->fillRect(rect, palette().window());
    painter->setPen(palette().mid().color());
    painter->drawLine(rect.bottomLeft(), rect.bottomRight());
    painter->setPen(palette().windowText().color());
    painter->drawText(rect.adjusted(kMargin, kMargin, -kMargin, -kMargin),
                      Qt::AlignLeft | Qt::AlignVCenter | Qt::TextWordWrap,
                      model()->headerData(section, Qt::Vertical, Qt::DisplayRole).toString());
    painter->restore();
}

}  // namespace lvr
