#pragma once

#include <QStyledItemDelegate>

namespace lvr {

// Draws one answer of a conversation in two lines: what was said and when, how and how fast. A dot
// in front of it has the colour of its liveness.
class ExchangeDelegate : public QStyledItemDelegate {
    Q_OBJECT
public:
    enum Role { IsAnswer = Qt::UserRole + 1, Details, When, Verdict, State, Shown };
    using QStyledItemDelegate::QStyledItemDelegate;

    void paint(QPainter* painter, const QStyleOptionViewItem& option,
               const QModelIndex& index) const override;
    QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override;
};

}  // namespace lvr
