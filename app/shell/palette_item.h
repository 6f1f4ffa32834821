#pragma once

#include <QStyledItemDelegate>

namespace lvr {

// Paints one action of the palette: icon or tick, name with the letters that were found, where it
// is, and its keys at the right.
class PaletteItem : public QStyledItemDelegate {
    Q_OBJECT
public:
    enum Role { Path = Qt::UserRole, Keys, FoundAt, Checked, Usable, Index };
    using QStyledItemDelegate::QStyledItemDelegate;
    void paint(QPainter* painter, const QStyleOptionViewItem& option,
               const QModelIndex& index) const override;
    QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override;
};

}  // namespace lvr
