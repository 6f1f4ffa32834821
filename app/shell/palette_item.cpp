#include "app/shell/palette_item.h"

#include <QApplication>
#include <QPainter>
#include <QTextLayout>

namespace lvr {
namespace {

constexpr int kMargin = 8;
constexpr int kIcon = 20;

// The name, then where it is; found letters are bold.
void layOut(QTextLayout& layout, const QString& name, const QString& path, const QList<int>& found,
            const QColor& faint) {
    layout.setText(name + "   " + path);
    QList<QTextLayout::FormatRange> formats;
    QTextCharFormat bold, quiet;
    bold.setFontWeight(QFont::Bold);
    bold.setFontUnderline(true);
    quiet.setForeground(faint);
    formats.append({static_cast<int>(name.size()), static_cast<int>(path.size()) + 3, quiet});
    for (const int at : found) formats.append({at, 1, bold});
    layout.setFormats(formats);
    layout.beginLayout();
    layout.createLine();
    layout.endLayout();
}

QColor between(const QColor& a, const QColor& b) {
    return QColor((a.red() * 3 + b.red() * 2) / 5, (a.green() * 3 + b.green() * 2) / 5,
                  (a.blue() * 3 + b.blue() * 2) / 5);
}

}  // namespace

void PaletteItem::paint(QPainter* painter, const QStyleOptionViewItem& option,
                        const QModelIndex& index) const {
    QStyleOptionViewItem item = option;
    initStyleOption(&item, index);
    const QString name = item.text;
    const QIcon icon = item.icon;
    item.text.clear();
    item.icon = {};
    QStyle* style = item.widget ? item.widget->style() : QApplication::style();
    style->drawControl(QStyle::CE_ItemViewItem, &item, painter, item.widget);

    const bool enabled = index.data(Usable).toBool();
    const bool chosen = item.state & QStyle::State_Selected;
    const auto group = enabled ? QPalette::Normal : QPalette::Disabled;
    const QColor ink =
        item.palette.color(group, chosen ? QPalette::HighlightedText : QPalette::Text);
    const QColor faint = chosen ? ink : between(ink, item.palette.color(group, QPalette::Base));
    const QRect row = item.rect.adjusted(kMargin, 0, -kMargin, 0);
    const QRect left(row.left(), row.top(), kIcon, row.height());
    painter->save();
    painter->setPen(ink);
    painter->setFont(item.font);
    if (index.data(Checked).toBool())
        painter->drawText(left, Qt::AlignCenter, QStringLiteral("✓"));
    else
        icon.paint(painter, left, Qt::AlignCenter, enabled ? QIcon::Normal : QIcon::Disabled);
    const QString keys = index.data(Keys).toString();
    painter->drawText(row, Qt::AlignRight | Qt::AlignVCenter, keys);
    const int taken = keys.isEmpty() ? 0 : item.fontMetrics.horizontalAdvance(keys) + 2 * kMargin;
    const QRect text = row.adjusted(kIcon + kMargin, 0, -taken, 0);
    painter->setClipRect(text);
    QTextLayout layout;
    layout.setFont(item.font);
    layOut(layout, name, index.data(Path).toString(), index.data(FoundAt).value<QList<int>>(),
           faint);
    const qreal down = (text.height() - layout.boundingRect().height()) / 2;
    layout.draw(painter, QPointF(text.left(), text.top() + down));
    painter->restore();
}

QSize PaletteItem::sizeHint(const QStyleOptionViewItem& option, const QModelIndex&) const {
    return {200, option.fontMetrics.height() + 10};
}

}  // namespace lvr
