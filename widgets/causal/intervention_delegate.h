#pragma once

#include <QStyledItemDelegate>

namespace lvr {

// Cells of InterventionModel: bars to both sides of zero behind their numbers, pictures under heat,
// another answer in the colour of a loss.
class InterventionDelegate : public QStyledItemDelegate {
    Q_OBJECT
public:
    using QStyledItemDelegate::QStyledItemDelegate;
    void paint(QPainter* painter, const QStyleOptionViewItem& option,
               const QModelIndex& index) const override;

protected:
    void initStyleOption(QStyleOptionViewItem* option, const QModelIndex& index) const override;
};

}  // namespace lvr
