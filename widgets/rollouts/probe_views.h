#pragma once

#include <QHeaderView>
#include <QStyledItemDelegate>

namespace lvr {

// One answer: the picture under the mean heat of its latents, the answer and whether it is right.
class ProbeDelegate : public QStyledItemDelegate {
    Q_OBJECT
public:
    static constexpr int kCellWidth = 128, kCellHeight = 132;
    using QStyledItemDelegate::QStyledItemDelegate;
    void paint(QPainter* painter, const QStyleOptionViewItem& option,
               const QModelIndex& index) const override;
};

// The questions beside the table, wrapped.
class ProbeHeader : public QHeaderView {
    Q_OBJECT
public:
    static constexpr int kWidth = 190;
    explicit ProbeHeader(QWidget* parent = nullptr);
    QSize sizeHint() const override { return {kWidth, QHeaderView::sizeHint().height()}; }

protected:
    void paintSection(QPainter* painter, const QRect& rect, int section) const override;
};

}  // namespace lvr
