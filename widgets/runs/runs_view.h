#pragma once

#include <QSortFilterProxyModel>
#include <QStyledItemDelegate>
#include <QTimer>
#include <utility>
#include <vector>

class QHeaderView;
class QMenu;
class QTableView;

namespace lvr {

class RunsModel;

// The runs, filtered and sorted, those of a group together whatever they are sorted by.
class GroupedRuns : public QSortFilterProxyModel {
    Q_OBJECT
public:
    explicit GroupedRuns(QObject* parent = nullptr);

    // [first row, number of rows] of each group of more than one.
    std::vector<std::pair<int, int>> groups() const;

protected:
    bool lessThan(const QModelIndex& left, const QModelIndex& right) const override;
};

// A cell with a bar under its text, as long as the model's RunsModel::FractionRole says.
class ProgressCell : public QStyledItemDelegate {
public:
    using QStyledItemDelegate::QStyledItemDelegate;
    void paint(QPainter* painter, const QStyleOptionViewItem& option,
               const QModelIndex& index) const override;
};

// Which columns the table of runs has, in which order and how wide: chosen from the header's menu
// and kept for the next time.
class RunColumns : public QObject {
    Q_OBJECT
public:
    RunColumns(QTableView* view, RunsModel* model);
    void restore();               // as they were the last time
    void showColumn(int column);  // of the model

private:
    void choose(const QPoint& place);
    void addExtras(QMenu* menu, const QString& kind, const QString& title);
    void setExtra(const QString& column, bool shown);
    void reset();
    void save();

    QTimer soon_;  // a window that is resized changes widths many times

    QTableView* view_;
    QHeaderView* header_;
    RunsModel* model_;
    QByteArray first_;  // as it is before anything is chosen
};

}  // namespace lvr
