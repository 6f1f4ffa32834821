#pragma once

#include <QStyledItemDelegate>

namespace lvr {

// A completion in at most two lines: markers dimmed, words that differ from the group's best on a
// tint. A long beginning that is the same is cut, so that the first difference shows.
class CompletionDelegate : public QStyledItemDelegate {
    Q_OBJECT
public:
    using QStyledItemDelegate::QStyledItemDelegate;
    void paint(QPainter* painter, const QStyleOptionViewItem& option,
               const QModelIndex& index) const override;
};

// An advantage as a number over a bar that goes right of the middle for a gain, left for a loss.
class AdvantageDelegate : public QStyledItemDelegate {
    Q_OBJECT
public:
    using QStyledItemDelegate::QStyledItemDelegate;
    void paint(QPainter* painter, const QStyleOptionViewItem& option,
               const QModelIndex& index) const override;
};

}  // namespace lvr
