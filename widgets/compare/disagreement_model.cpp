#include "widgets/compare/disagreement_model.h"

#include <algorithm>

namespace lvr {
namespace {

bool disagree(const Outcome& a, const Outcome& b, Disagreement which) {
    switch (which) {
        case Disagreement::AnswersDiffer:
            return a.answer != b.answer;
        case Disagreement::OnlyFirstRight:
            return a.right && !b.right;
        case Disagreement::OnlySecondRight:
            return b.right && !a.right;
        case Disagreement::BothWrong:
            return !a.right && !b.right;
        case Disagreement::All:
            return true;
    }
    return true;
}

QString saidText(const std::optional<Outcome>& outcome) {
    return (outcome->right ? QStringLiteral("✓ ") : QStringLiteral("✗ ")) +
           QString::fromStdString(outcome->answer).simplified();
}

}  // namespace

void DisagreementModel::setResults(const SetResults* results) {
    results_ = results;
    fill();
}

void DisagreementModel::choose(int first, int second, Disagreement which) {
    first_ = first;
    second_ = second;
    which_ = which;
    fill();
}

void DisagreementModel::fill() {
    beginResetModel();
    rows_.clear();
    for (std::size_t place = 0; results_ && place < results_->questions.size(); ++place)
        if (belongs(place)) rows_.push_back(place);
    endResetModel();
}

bool DisagreementModel::belongs(std::size_t place) const {
    const auto& outcomes = results_->questions.at(place).outcomes;
    const auto has = [&](int strategy) {
        return strategy >= 0 && strategy < std::ssize(outcomes) && outcomes[strategy].has_value();
    };
    return has(first_) && has(second_) && disagree(*outcomes[first_], *outcomes[second_], which_);
}

void DisagreementModel::update(std::size_t place) {
    if (!results_ || !belongs(place)) return;
    const auto at = std::lower_bound(rows_.begin(), rows_.end(), place);
    if (at != rows_.end() && *at == place) return;
    const int row = static_cast<int>(at - rows_.begin());
    beginInsertRows({}, row, row);
    rows_.insert(at, place);
    endInsertRows();
}

int DisagreementModel::question(int row) const { return results_->questions[rows_.at(row)].number; }

int DisagreementModel::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(rows_.size());
}

int DisagreementModel::columnCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : ColumnCount;
}

QVariant DisagreementModel::data(const QModelIndex& index, int role) const {
    if (!index.isValid() || (role != Qt::DisplayRole && role != Qt::ToolTipRole)) return {};
    const SetQuestion& q = results_->questions[rows_.at(index.row())];
    switch (index.column()) {
        case Number:
            return QString::number(q.number + 1);
        case Asked:
            return QString::fromStdString(q.text).simplified();
        case Expected:
            return QString::fromStdString(q.expected);
        case FirstSaid:
            return saidText(q.outcomes[first_]);
        case SecondSaid:
            return saidText(q.outcomes[second_]);
    }
    return {};
}

QVariant DisagreementModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (role != Qt::DisplayRole || orientation != Qt::Horizontal) return {};
    return QStringList{tr("No."), tr("Question"), tr("Right answer"), tr("First"), tr("Second")}
        .value(section);
}

}  // namespace lvr
