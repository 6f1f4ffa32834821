#pragma once

#include <QStyledItemDelegate>

namespace lvr {

// A cell with a bar under its text, as long as the model's RunsModel::FractionRole says.
class ProgressCell : public QStyledItemDelegate {
public:
    using QStyledItemDelegate::QStyledItemDelegate;
    void paint(QPainter* painter, const QStyleOptionViewItem& option,
               const QModelIndex& index) const override;
};

}  // namespace lvr
