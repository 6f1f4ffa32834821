#pragma once

#include <QAbstractTableModel>
#include <QObject>
#include <QString>
#include <memory>
#include <stop_token>
#include <vector>

#include "core/values/sample.h"
#include "datasets/dataset.h"

namespace lvr {

class Job;

// The records of a data file in its order, those that can't be used among them. Never changes, so
// that any thread may read it.
class RecordList {
public:
    explicit RecordList(Dataset data);

    int size() const { return static_cast<int>(places_.size()); }
    const Dataset& data() const { return data_; }
    const DataRecord* record(int i) const;  // null: it can't be used
    const BadRecord* bad(int i) const;      // the other way round
    QString name(int i) const;              // "data.json, record 3"
    int number(int i) const;                // in its file, from 1
    // Those that hold the text in id, kind, question, answer or problem; all for an empty text.
    // Incomplete once stopped.
    std::vector<int> matching(const QString& text, const std::stop_token& stop = {}) const;

private:
    Dataset data_;
    std::vector<int> places_;  // in records; from -1 down in bad
};
using Records = std::shared_ptr<const RecordList>;

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

// Reads data files and the pictures of single records away from the GUI thread; every signal comes
// on the GUI thread, and only for what was asked last.
class RecordReader : public QObject {
    Q_OBJECT
public:
    explicit RecordReader(QObject* parent = nullptr);

    // imageRoot: of relative image paths; empty: the data's folder
    void open(const QString& data, const QString& imageRoot);
    void cancel();
    // Of several in a hurry only the newest is searched to the end.
    void filter(const Records& records, const QString& text);
    void readSample(const Records& records, int record);

Q_SIGNALS:
    void progressed(int records);
    void opened(const lvr::Records& records);
    void openFailed(const QString& sentence);
    void cancelled();
    void filtered(const std::vector<int>& rows);
    void sampleRead(const lvr::Sample& sample, int record);
    void sampleFailed(const QString& sentence);

private:
    Job *opens_, *filters_, *samples_;
    bool cancelled_ = false;  // what is being opened
};

}  // namespace lvr
