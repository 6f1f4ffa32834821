#pragma once

#include <QAbstractTableModel>
#include <QSortFilterProxyModel>
#include <QStyledItemDelegate>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/values/run.h"

namespace lvr {

// The metric a run is judged by at a glance: its reward, otherwise its loss. Null when it has none.
const std::pair<const std::string, double>* headline(const RunSummary& run);

// Seconds until a running run is through, from the steps between `before` and now. Below 0: not
// known yet.
double secondsLeft(const Run& before, const Run& now);

// The runs of a store as rows. Cells that stay are kept, so that a selection outlives an update.
class RunsModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column {
        Id,
        Kind,
        Status,
        Progress,
        Left,
        Newest,
        Started,
        Alerts,
        Notes,
        Folder,
        Group,
        kColumns
    };
    // What a column is sorted by; how far a run is, 0..1.
    enum Role { SortRole = Qt::UserRole, FractionRole };

    enum class Grouping { None, Kind, Data, Model };

    using QAbstractTableModel::QAbstractTableModel;
    void show(const std::vector<RunSummary>& runs);  // all, newest first
    // Which runs have curves, and the slot of their colour.
    void setColours(const std::map<std::int64_t, int>& colourSlots);
    void setDark(bool dark);
    void setGrouping(Grouping grouping);  // by what the runs have in common

    const RunSummary& at(int row) const { return runs_[static_cast<std::size_t>(row)]; }
    const RunSummary* find(std::int64_t run) const;  // null: not there

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    void removeRowsBut(const std::vector<RunSummary>& runs);
    void insertRowsOf(const std::vector<RunSummary>& runs);
    QString groupOf(const Run& run) const;
    double leftOf(const Run& run) const;
    QVariant textOf(const RunSummary& run, int column) const;
    QVariant sortKeyOf(const RunSummary& run, int column) const;
    QVariant decorationOf(const RunSummary& run, int column) const;
    QString toolTipOf(const RunSummary& run, int column) const;
    void repaintAll();

    std::vector<RunSummary> runs_;
    std::map<std::int64_t, Run> firstSeen_;  // of the process that has it: where its speed is from
    std::map<std::int64_t, int> colours_;
    bool dark_ = false;
    Grouping grouping_ = Grouping::None;
};

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

}  // namespace lvr
