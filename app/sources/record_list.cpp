#include "app/sources/record_list.h"

#include <QFileInfo>
#include <QObject>
#include <algorithm>
#include <numeric>
#include <utility>

namespace lvr {
namespace {

bool holds(const std::string& field, const QString& text) {
    return QString::fromStdString(field).contains(text, Qt::CaseInsensitive);
}

bool holds(const DataRecord& record, const QString& text) {
    return holds(record.question, text) || holds(record.answer, text) ||
           holds(record.questionId, text) || holds(record.dataset, text);
}

}  // namespace

RecordList::RecordList(Dataset data) : data_(std::move(data)) {
    places_.resize(data_.records.size() + data_.bad.size());
    const auto good = places_.begin() + static_cast<std::ptrdiff_t>(data_.records.size());
    std::iota(places_.begin(), good, 0);
    for (std::size_t i = 0; i < data_.bad.size(); ++i) good[i] = -1 - static_cast<int>(i);
    const auto place = [&](int i) {
        return i >= 0 ? std::pair(data_.records[i].file, data_.records[i].number)
                      : std::pair(data_.bad[-1 - i].file, data_.bad[-1 - i].number);
    };
    std::inplace_merge(places_.begin(), good, places_.end(),
                       [&](int a, int b) { return place(a) < place(b); });
}

const DataRecord* RecordList::record(int i) const {
    return places_[i] >= 0 ? &data_.records[places_[i]] : nullptr;
}

const BadRecord* RecordList::bad(int i) const {
    return places_[i] < 0 ? &data_.bad[-1 - places_[i]] : nullptr;
}

int RecordList::number(int i) const { return record(i) ? record(i)->number : bad(i)->number; }

QString RecordList::name(int i) const {
    const int file = record(i) ? record(i)->file : bad(i)->file;
    return QObject::tr("%1, record %2")
        .arg(QFileInfo(QString::fromStdString(data_.files[file])).fileName())
        .arg(number(i));
}

std::vector<int> RecordList::matching(const QString& text, const std::stop_token& stop) const {
    std::vector<int> found;
    for (int i = 0; i < size() && !stop.stop_requested(); ++i)
        if (text.isEmpty() || (record(i) ? holds(*record(i), text) : holds(bad(i)->problem, text)))
            found.push_back(i);
    return found;
}

}  // namespace lvr
