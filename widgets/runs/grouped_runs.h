#pragma once

#include <QSortFilterProxyModel>

namespace lvr {

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

}  // namespace lvr
