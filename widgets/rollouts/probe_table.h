#pragma once

#include <QAbstractTableModel>
#include <QHash>
#include <QHeaderView>
#include <QImage>
#include <QStyledItemDelegate>
#include <vector>

#include "core/values/run.h"

namespace lvr {

// The answers of one checkpoint to the run's probe questions.
struct ProbeStep {
    int step = 0;
    std::vector<SampleRow> samples;
    std::string folder;  // holds the model of this step; empty: none is kept
    bool operator==(const ProbeStep&) const = default;
};

// One row a probe question, one column a checkpoint; a cell is null where a checkpoint was not
// asked that question.
class ProbeTable : public QAbstractTableModel {
    Q_OBJECT
public:
    static constexpr int kSampleRole = Qt::UserRole;  // const SampleRow*
    static constexpr int kPictureRole = Qt::UserRole + 1;
    using QAbstractTableModel::QAbstractTableModel;

    void show(std::vector<ProbeStep> steps);  // ascending
    void setPicture(const QString& file, const QImage& picture);
    QStringList pictureFiles() const;
    QImage picture(const QString& file) const { return pictures_.value(file); }

    const SampleRow* at(int row, int column) const;
    const SampleRow* question(int row) const;  // of the first checkpoint that was asked it
    int stepOf(int column) const { return steps_[column].step; }
    std::string folderOf(int column) const { return steps_[column].folder; }
    int columnOf(int step) const;       // -1: there is none
    QString summary(int column) const;  // "3 of 4 right"

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    std::vector<ProbeStep> steps_;
    std::vector<std::vector<const SampleRow*>> cells_;  // by row, then column; into steps_
    QHash<QString, QImage> pictures_;                   // by file
};

QString verdictOf(const SampleRow& sample);  // "✓", "✗" or nothing

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
