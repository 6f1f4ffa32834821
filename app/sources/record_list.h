#pragma once

#include <QString>
#include <memory>
#include <stop_token>
#include <vector>

#include "datasets/dataset.h"

namespace lvr {

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

}  // namespace lvr
