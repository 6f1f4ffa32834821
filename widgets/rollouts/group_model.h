#pragma once

#include <QAbstractTableModel>

#include "widgets/rollouts/group_summary.h"

namespace lvr {

// The groups of a step as rows: outcome, question, mean and deviation of the rewards.
class GroupModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column { Outcome, Question, Mean, Deviation, ColumnCount };
    static constexpr int kSortRole = Qt::UserRole;
    using QAbstractTableModel::QAbstractTableModel;

    // The rollouts the groups point to must outlive them here.
    void show(std::vector<GroupSummary> groups);
    const GroupSummary& at(int row) const { return groups_[row]; }
    int rowOf(int group) const;  // -1: not shown

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    QVariant textOf(const GroupSummary& group, int column) const;
    QVariant sortKeyOf(const GroupSummary& group, int column) const;

    std::vector<GroupSummary> groups_;
};

}  // namespace lvr
