#pragma once

#include <QAbstractTableModel>

#include "app/sources/record_list.h"

namespace lvr {

// The records that match the filter. Holds their numbers alone; a cell is made when it is looked
// at.
class RecordModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column { Id, Kind, Question, Answer, Boxes, Columns };
    using QAbstractTableModel::QAbstractTableModel;

    void show(Records records, std::vector<int> rows);
    int record(int row) const { return rows_[row]; }  // its place in the list
    int rowOf(int record) const;                      // -1: filtered out

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    QString text(int record, int column) const;

    Records records_;
    std::vector<int> rows_;  // ascending
};

}  // namespace lvr
