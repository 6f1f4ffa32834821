#pragma once

#include <QAbstractTableModel>
#include <map>
#include <vector>

#include "core/values/run.h"

namespace lvr {

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

}  // namespace lvr
