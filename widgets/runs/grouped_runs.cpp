#include "widgets/runs/grouped_runs.h"

#include "widgets/runs/runs_model.h"

namespace lvr {
namespace {

QString groupOf(const QAbstractItemModel& model, int row) {
    return model.index(row, RunsModel::Group).data(RunsModel::SortRole).toString();
}

}  // namespace

GroupedRuns::GroupedRuns(QObject* parent) : QSortFilterProxyModel(parent) {
    setSortRole(RunsModel::SortRole);
    setFilterKeyColumn(-1);
    setFilterCaseSensitivity(Qt::CaseInsensitive);
}

// Groups go upwards even where their runs go downwards.
bool GroupedRuns::lessThan(const QModelIndex& left, const QModelIndex& right) const {
    const auto a = groupOf(*sourceModel(), left.row()), b = groupOf(*sourceModel(), right.row());
    if (a != b) return (a < b) == (sortOrder() == Qt::AscendingOrder);
    return QSortFilterProxyModel::lessThan(left, right);
}

std::vector<std::pair<int, int>> GroupedRuns::groups() const {
    std::vector<std::pair<int, int>> found;
    for (int begin = 0, end = 0; begin < rowCount(); begin = end) {
        const auto group = groupOf(*this, begin);
        while (end < rowCount() && groupOf(*this, end) == group) ++end;
        if (end - begin > 1) found.emplace_back(begin, end - begin);
    }
    return found;
}

}  // namespace lvr
