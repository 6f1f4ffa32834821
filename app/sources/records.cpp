#include "app/sources/records.h"

#include <QFileInfo>
#include <QFont>
#include <QObject>
#include <QSet>
#include <algorithm>
#include <filesystem>
#include <numeric>
#include <utility>

#include "app/sources/benchmark_records.h"
#include "core/error.h"
#include "datasets/record_sample.h"
#include "widgets/job.h"

namespace lvr {
namespace {

bool holds(const std::string& field, const QString& text) {
    return QString::fromStdString(field).contains(text, Qt::CaseInsensitive);
}

bool holds(const DataRecord& record, const QString& text) {
    return holds(record.question, text) || holds(record.answer, text) ||
           holds(record.questionId, text) || holds(record.dataset, text);
}

constexpr int kLongestCell = 200;  // characters; the tool tip has all

QString shortened(const std::string& text) {
    return QString::fromStdString(text).left(kLongestCell).simplified();
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
    QSet<QString> seen;
    for (const DataRecord& each : data_.records) {
        const QString kind = QString::fromStdString(each.dataset);
        if (kind.isEmpty() || seen.contains(kind)) continue;
        seen.insert(kind);
        kinds_ << kind;
    }
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

std::vector<int> RecordList::matching(const QString& text, const QString& kind,
                                      const std::stop_token& stop) const {
    const auto isOf = [this, kind = kind.toStdString()](int i) {
        return kind.empty() || (record(i) && record(i)->dataset == kind);
    };
    std::vector<int> found;
    for (int i = 0; i < size() && !stop.stop_requested(); ++i)
        if (isOf(i) && (text.isEmpty() ||
                        (record(i) ? holds(*record(i), text) : holds(bad(i)->problem, text))))
            found.push_back(i);
    return found;
}

void RecordModel::show(Records records, std::vector<int> rows) {
    beginResetModel();
    records_ = std::move(records);
    rows_ = std::move(rows);
    endResetModel();
}

int RecordModel::rowOf(int record) const {
    const auto found = std::lower_bound(rows_.begin(), rows_.end(), record);
    return found == rows_.end() || *found != record ? -1 : static_cast<int>(found - rows_.begin());
}

int RecordModel::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(rows_.size());
}

int RecordModel::columnCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : Columns;
}

QString RecordModel::text(int i, int column) const {
    const DataRecord* record = records_->record(i);
    if (column == Id && (!record || record->questionId.empty()))
        return QString::number(records_->number(i));
    if (!record) return column == Question ? shortened(records_->bad(i)->problem) : QString();
    switch (column) {
        case Id:
            return shortened(record->questionId);
        case Kind:
            return shortened(record->dataset);
        case Question:
            return shortened(record->question);
        case Answer:
            return shortened(record->answer);
        case Boxes:
            return QString::number(record->boxes.size());
    }
    return {};
}

QVariant RecordModel::data(const QModelIndex& index, int role) const {
    if (!index.isValid()) return {};
    const int i = record(index.row());
    if (role == Qt::DisplayRole) return text(i, index.column());
    if (role == Qt::TextAlignmentRole && index.column() == Boxes)
        return int(Qt::AlignRight | Qt::AlignVCenter);
    if (role == Qt::FontRole && records_->bad(i)) {
        QFont font;
        font.setItalic(true);
        return font;
    }
    if (role != Qt::ToolTipRole) return {};
    if (const BadRecord* bad = records_->bad(i))
        return tr("%1 can't be used: %2")
            .arg(records_->name(i), QString::fromStdString(bad->problem));
    const DataRecord& record = *records_->record(i);
    QStringList head{records_->name(i)};
    for (const std::string& each : {record.questionId, record.dataset})
        if (!each.empty()) head << shortened(each);
    if (!record.boxes.empty()) head << tr("%1 boxes").arg(record.boxes.size());
    QString tip = head.join(QStringLiteral(" · ")) + '\n' +
                  QString::fromStdString(record.question) + '\n' +
                  QString::fromStdString(record.answer);
    if (!record.note.empty()) tip += '\n' + QString::fromStdString(record.note);
    return tip;
}

QVariant RecordModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal || role != Qt::DisplayRole) return {};
    const QString names[] = {tr("Id"), tr("Kind"), tr("Question"), tr("Answer"), tr("Boxes")};
    return section < Columns ? names[section] : QString();
}

RecordReader::RecordReader(QObject* parent)
    : QObject(parent), opens_(new Job(this)), filters_(new Job(this)), samples_(new Job(this)) {}

void RecordReader::open(const QString& data, const QString& imageRoot) {
    cancelled_ = false;
    const auto read = [this, data, imageRoot](const Job::Turn& turn) {
        const auto tell = [&](int records) {
            turn.tell([this, records] { Q_EMIT progressed(records); });
        };
        const std::filesystem::path place = data.toStdU16String();
        const ReadHooks hooks{.onRecords = tell, .stop = turn.stop};
        const bool isBenchmark = is_directory(place) && !exists(place / "data.json");
        return std::make_shared<const RecordList>(
            isBenchmark
                ? benchmarkRecords(place, hooks)
                : readDataset({.data = place, .imageRoot = imageRoot.toStdU16String()}, hooks));
    };
    opens_->replace(
        read,
        [this](const Records& records) {
            if (cancelled_) return Q_EMIT cancelled();
            Q_EMIT opened(records);
        },
        [this](const QString& sentence) {
            if (cancelled_) return Q_EMIT cancelled();
            Q_EMIT openFailed(sentence);
        });
}

void RecordReader::cancel() {
    cancelled_ = true;
    opens_->requestStop();
}

void RecordReader::filter(const Records& records, const QString& text, const QString& kind) {
    filters_->replace(
        [records, text, kind](const Job::Turn& turn) {
            return records->matching(text, kind, turn.stop);
        },
        [this](const std::vector<int>& rows) { Q_EMIT filtered(rows); },
        [](const QString& sentence) { qWarning("%s", qUtf8Printable(sentence)); });
}

void RecordReader::readSample(const Records& records, int place) {
    const auto read = [records, place] {
        if (const BadRecord* bad = records->bad(place))
            throw Error(records->name(place).toStdString() + " can't be used: " + bad->problem);
        Sample sample = lvr::readSample(records->data(), *records->record(place));
        sample.id = records->name(place).toStdString();
        return sample;
    };
    samples_->replace(
        read, [this, place](const Sample& sample) { Q_EMIT sampleRead(sample, place); },
        [this](const QString& sentence) { Q_EMIT sampleFailed(sentence); });
}

}  // namespace lvr
