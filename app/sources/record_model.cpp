#include "app/sources/record_model.h"

#include <QFont>
#include <algorithm>

namespace lvr {
namespace {

constexpr int kLongestCell = 200;  // characters; the tool tip has all

QString shortened(const std::string& text) {
    return QString::fromStdString(text).left(kLongestCell).simplified();
}

}  // namespace

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
    QString tip = records_->name(i) + '\n' + QString::fromStdString(record.question) + '\n' +
                  QString::fromStdString(record.answer);
    if (!record.note.empty()) tip += '\n' + QString::fromStdString(record.note);
    return tip;
}

QVariant RecordModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal || role != Qt::DisplayRole) return {};
    const QString names[] = {tr("Id"), tr("Kind"), tr("Question"), tr("Answer"), tr("Boxes")};
    return section < Columns ? names[section] : QString();
}

}  // namespace lvr
