#pragma once

#include <QStyledItemDelegate>

namespace lvr {

// A file as its small picture with its name below; traces and unreadable files are marked.
class FileDelegate : public QStyledItemDelegate {
    Q_OBJECT
public:
    using QStyledItemDelegate::QStyledItemDelegate;
    // The file on screen.
    void setOpenFile(const QString& path) { openFile_ = path; }

    QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override;
    void paint(QPainter* painter, const QStyleOptionViewItem& option,
               const QModelIndex& index) const override;

private:
    QString openFile_;
};

}  // namespace lvr
