#include "widgets/rollouts/group_model.h"

#include <algorithm>

namespace lvr {
namespace {

int alignmentOf(int column) {
    if (column == GroupModel::Outcome) return Qt::AlignCenter;
    const bool isText = column == GroupModel::Question;
    return int(isText ? Qt::AlignLeft : Qt::AlignRight) | int(Qt::AlignVCenter);
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

}  // namespace lvr
