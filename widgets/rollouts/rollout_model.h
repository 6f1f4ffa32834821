#pragma once

#include <QAbstractTableModel>
#include <QStringList>

#include "widgets/rollouts/group_summary.h"
#include "widgets/word_diff.h"

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

// The rollouts of one group as rows: index, rewards (all, then by function), advantage, length,
// latents, how it ended and what it said, compared with the best of the group.
class RolloutModel : public QAbstractTableModel {
    Q_OBJECT
public:
    static constexpr int kSortRole = Qt::UserRole;
    static constexpr int kPiecesRole = Qt::UserRole + 1;  // of a completion: vector<DiffPiece>
    static constexpr int kShareRole = Qt::UserRole + 2;   // of an advantage: -1..1 of the largest
    using QAbstractTableModel::QAbstractTableModel;

    void show(const GroupSummary& group);  // its rollouts must outlive it here
    void clear();
    const Rollout& at(int row) const { return *rows_[row].rollout; }
    int rowOf(int index) const;  // of Rollout::index; -1: not shown
    int advantageColumn() const { return 2 + static_cast<int>(functions_.size()); }
    int completionColumn() const { return advantageColumn() + 4; }

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    struct Row {
        const Rollout* rollout;
        std::vector<DiffPiece> pieces;
        bool isBest = false, isUnclosed = false;
        int latents = 0;
    };
    struct Cell {
        QString text;
        QVariant sortKey;
    };
    Cell cellOf(const Row& row, int column) const;
    int alignmentOf(int column) const;
    QString tipOf(const Row& row, int column) const;

    std::vector<Row> rows_;
    QStringList functions_;        // of the rewards
    double largestAdvantage_ = 0;  // its size
};

}  // namespace lvr
