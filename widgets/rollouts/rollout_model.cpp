#include "widgets/rollouts/rollout_model.h"

#include <algorithm>
#include <cmath>

namespace lvr {
namespace {

int alignmentOf(int column) {
    if (column == GroupModel::Outcome) return Qt::AlignCenter;
    const bool isText = column == GroupModel::Question;
    return int(isText ? Qt::AlignLeft : Qt::AlignRight) | int(Qt::AlignVCenter);
}

QString withSign(double value) {
    const QString digits = QString::number(std::abs(value), 'f', 2);
    if (digits == "0.00") return digits;
    return (value < 0 ? QStringLiteral("−") : QStringLiteral("+")) + digits;
}

QString plainNumber(double value) {
    return value == std::round(value) ? QString::number(value, 'f', 0)
                                      : QString::number(value, 'f', 2);
}

QStringList functionsOf(const GroupSummary& group) {
    QStringList names;
    for (const Rollout* rollout : group.rollouts)
        for (const auto& [name, reward] : rollout->rewards)
            if (const QString n = QString::fromStdString(name); !names.contains(n)) names << n;
    return names;
}

}  // namespace

void GroupModel::show(std::vector<GroupSummary> groups) {
    beginResetModel();
    groups_ = std::move(groups);
    endResetModel();
}

int GroupModel::rowOf(int group) const {
    const auto found = std::find_if(groups_.begin(), groups_.end(),
                                    [group](const GroupSummary& g) { return g.group == group; });
    return found == groups_.end() ? -1 : static_cast<int>(found - groups_.begin());
}

int GroupModel::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(groups_.size());
}

int GroupModel::columnCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : ColumnCount;
}

QVariant GroupModel::data(const QModelIndex& index, int role) const {
    if (!index.isValid()) return {};
    const GroupSummary& group = groups_[index.row()];
    switch (role) {
        case Qt::DisplayRole:
            return textOf(group, index.column());
        case kSortRole:
            return sortKeyOf(group, index.column());
        case Qt::ToolTipRole:
            return tr("%1\nknown answer: %2\n%3")
                .arg(QString::fromStdString(group.best->prompt).trimmed(),
                     QString::fromStdString(group.best->expected), tipOf(group.outcome));
        case Qt::AccessibleTextRole:
            if (index.column() == Outcome) return nameOf(group.outcome);
            return textOf(group, index.column());
        case Qt::TextAlignmentRole:
            return alignmentOf(index.column());
        default:
            return {};
    }
}

QVariant GroupModel::textOf(const GroupSummary& group, int column) const {
    switch (column) {
        case Outcome:
            return markOf(group.outcome);
        case Question:
            return QString::fromStdString(group.best->prompt).simplified();
        case Mean:
            return QString::number(group.mean, 'f', 2);
        case Deviation:
            return QString::number(group.deviation, 'f', 2);
        default:
            return {};
    }
}

QVariant GroupModel::sortKeyOf(const GroupSummary& group, int column) const {
    switch (column) {
        case Outcome:
            return static_cast<int>(group.outcome);
        case Question:
            return group.group;
        case Mean:
            return group.mean;
        case Deviation:
            return group.deviation;
        default:
            return {};
    }
}

QVariant GroupModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal) return {};
    const QString names[] = {QString(), tr("Question"), tr("Mean"), tr("Std")};
    const QString tips[] = {tr("◐ mixed   ● all right   ○ all wrong   = same reward"),
                            tr("The question of each group; sorts as they were drawn"),
                            tr("Mean reward of the group's rollouts"),
                            tr("Standard deviation of their rewards; 0 teaches nothing")};
    if (role == Qt::TextAlignmentRole) return alignmentOf(section);
    if (role == Qt::DisplayRole) return names[section];
    if (role == Qt::ToolTipRole) return tips[section];
    if (role == Qt::AccessibleTextRole && section == Outcome) return tr("Outcome");
    return {};
}

void RolloutModel::show(const GroupSummary& group) {
    beginResetModel();
    rows_.clear();
    functions_ = functionsOf(group);
    largestAdvantage_ = 0;
    const QString best = QString::fromStdString(group.best->completion);
    for (const Rollout* rollout : group.rollouts) {
        rows_.push_back({rollout, wordDiff(best, QString::fromStdString(rollout->completion)),
                         rollout == group.best, lvr::isUnclosed(*rollout), latentCount(*rollout)});
        largestAdvantage_ = std::max(largestAdvantage_, std::abs(rollout->advantage));
    }
    endResetModel();
}

void RolloutModel::clear() {
    beginResetModel();
    rows_.clear();
    endResetModel();
}

int RolloutModel::rowOf(int index) const {
    const auto found = std::find_if(rows_.begin(), rows_.end(),
                                    [index](const Row& r) { return r.rollout->index == index; });
    return found == rows_.end() ? -1 : static_cast<int>(found - rows_.begin());
}

int RolloutModel::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(rows_.size());
}

int RolloutModel::columnCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : completionColumn() + 1;
}

RolloutModel::Cell RolloutModel::cellOf(const Row& row, int column) const {
    const Rollout& r = *row.rollout;
    if (column == 0) return {tr("%1%2").arg(r.index).arg(row.isBest ? " ★" : ""), r.index};
    if (column == 1) return {plainNumber(r.reward), r.reward};
    if (column < advantageColumn()) {
        const auto reward = r.rewards.find(functions_[column - 2].toStdString());
        if (reward == r.rewards.end()) return {QStringLiteral("–"), -HUGE_VAL};
        return {plainNumber(reward->second), reward->second};
    }
    switch (column - advantageColumn()) {
        case 0:
            return {withSign(r.advantage), r.advantage};
        case 1:
            return {QString::number(r.tokens.size()), static_cast<int>(r.tokens.size())};
        case 2:
            return {QString::number(row.latents), row.latents};
        case 3: {
            const QString end =
                row.isUnclosed ? tr("%1, unclosed").arg(exitText(r.stopped)) : exitText(r.stopped);
            return {end, end};
        }
        default: {
            const QString said = QString::fromStdString(r.completion);
            return {said, said};
        }
    }
}

QString RolloutModel::tipOf(const Row& row, int column) const {
    if (column == 0 && row.isBest)
        return tr("★ The best of its group: others are compared with it.");
    if (column == completionColumn())
        return QString::fromStdString(row.rollout->completion).left(2000);
    if (column == advantageColumn() + 3 && row.isUnclosed)
        return tr("A thought was begun and its end token never came.");
    return headerData(column, Qt::Horizontal, Qt::ToolTipRole).toString();
}

int RolloutModel::alignmentOf(int column) const {
    if (column == advantageColumn()) return Qt::AlignCenter;
    const bool isText = column > advantageColumn() + 2;
    return int(isText ? Qt::AlignLeft : Qt::AlignRight) | int(Qt::AlignVCenter);
}

QVariant RolloutModel::data(const QModelIndex& index, int role) const {
    if (!index.isValid()) return {};
    const Row& row = rows_[index.row()];
    switch (role) {
        case Qt::DisplayRole:
            return cellOf(row, index.column()).text;
        case kSortRole:
            return cellOf(row, index.column()).sortKey;
        case kPiecesRole:
            return QVariant::fromValue(row.pieces);
        case kShareRole:
            return largestAdvantage_ > 0 ? row.rollout->advantage / largestAdvantage_ : 0.0;
        case Qt::ToolTipRole:
            return tipOf(row, index.column());
        case Qt::TextAlignmentRole:
            return alignmentOf(index.column());
        default:
            return {};
    }
}

QVariant RolloutModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal || section >= columnCount()) return {};
    if (role == Qt::TextAlignmentRole) return alignmentOf(section);
    const bool wantsTip = role == Qt::ToolTipRole;
    if (role != Qt::DisplayRole && !wantsTip) return {};
    if (section == 0) return wantsTip ? tr("Place in the group; ★ is the best of it") : tr("#");
    if (section == 1)
        return wantsTip ? tr("Weighted sum of the rewards of all functions") : tr("Reward");
    if (section < advantageColumn())
        return wantsTip ? tr("Reward of the function “%1”").arg(functions_[section - 2])
                        : functions_[section - 2];
    switch (section - advantageColumn()) {
        case 0:
            return wantsTip ? tr("How much better than its group: what the training pushes by")
                            : tr("Advantage");
        case 1:
            return wantsTip ? tr("Generated positions, latent ones too") : tr("Length");
        case 2:
            return wantsTip ? tr("Positions at which a hidden state was fed") : tr("Latents");
        case 3:
            return wantsTip ? tr("How it ended, and whether its thought was closed") : tr("Ended");
        default:
            return wantsTip ? tr("What it said; marked words differ from the best of the group")
                            : tr("Completion");
    }
}

}  // namespace lvr
