#include "widgets/compare/disagreements.h"

#include <QComboBox>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QSignalBlocker>
#include <QTableView>
#include <QVBoxLayout>
#include <algorithm>

#include "widgets/compare/strategy.h"

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

Disagreements::Disagreements(QWidget* parent)
    : QWidget(parent),
      model_(new DisagreementModel(this)),
      first_(new QComboBox(this)),
      second_(new QComboBox(this)),
      which_(new QComboBox(this)),
      count_(new QLabel(this)),
      table_(new QTableView(this)) {
    build();
    for (auto* choice : {first_, second_, which_})
        connect(choice, &QComboBox::currentIndexChanged, this, &Disagreements::refresh);
    connect(table_, &QTableView::activated, this, [this](const QModelIndex& at) {
        Q_EMIT questionActivated(model_->question(at.row()));
    });
}

void Disagreements::build() {
    first_->setAccessibleName(tr("First strategy"));
    second_->setAccessibleName(tr("Second strategy"));
    which_->setAccessibleName(tr("Which questions"));
    which_->addItems({tr("answers differ"), tr("only the first is right"),
                      tr("only the second is right"), tr("both are wrong"), tr("all questions")});
    for (auto* choice : {first_, second_}) {
        choice->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
        choice->setMinimumContentsLength(7);
    }
    table_->setModel(model_);
    table_->setAccessibleName(tr("Questions"));
    table_->setToolTip(tr("Double click a question to see every strategy on it"));
    table_->setEditTriggers(QAbstractItemView::NoEditTriggers);
    table_->setSelectionBehavior(QAbstractItemView::SelectRows);
    table_->setSelectionMode(QAbstractItemView::SingleSelection);
    table_->setAlternatingRowColors(true);
    table_->setTabKeyNavigation(false);
    table_->setWordWrap(false);
    table_->verticalHeader()->hide();
    table_->verticalHeader()->setDefaultSectionSize(fontMetrics().height() + 8);
    table_->horizontalHeader()->setHighlightSections(false);
    table_->horizontalHeader()->setSectionResizeMode(DisagreementModel::Number,
                                                     QHeaderView::ResizeToContents);
    table_->horizontalHeader()->setSectionResizeMode(DisagreementModel::Asked,
                                                     QHeaderView::Stretch);
    auto* row = new QHBoxLayout;
    row->addWidget(first_, 1);
    row->addWidget(second_, 1);
    row->addWidget(which_);
    row->addWidget(count_);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->addLayout(row);
    column->addWidget(table_, 1);
}

void Disagreements::setResults(const SetResults* results) {
    model_->setResults(results);
    const auto strategies = results ? results->strategies : std::vector<Strategy>();
    if (strategies != strategies_) fillChoices(strategies);
    refresh();
}

void Disagreements::update(std::size_t place) {
    model_->update(place);
    count();
}

void Disagreements::fillChoices(const std::vector<Strategy>& strategies) {
    strategies_ = strategies;
    const QSignalBlocker quietFirst(first_), quietSecond(second_);
    for (auto* choice : {first_, second_}) {
        choice->clear();
        for (const auto& strategy : strategies)
            choice->addItem(colourSquare(colourOf(strategy)), titleOf(strategy));
    }
    first_->setCurrentIndex(0);
    second_->setCurrentIndex(std::min<int>(1, second_->count() - 1));
}

void Disagreements::choose(int first, int second, Disagreement which) {
    {
        const QSignalBlocker quietFirst(first_), quietSecond(second_), quietWhich(which_);
        first_->setCurrentIndex(first);
        second_->setCurrentIndex(second);
        which_->setCurrentIndex(static_cast<int>(which));
    }
    refresh();
}

int Disagreements::shown() const { return model_->rowCount(); }

void Disagreements::refresh() {
    model_->choose(first_->currentIndex(), second_->currentIndex(),
                   static_cast<Disagreement>(which_->currentIndex()));
    count();
}

void Disagreements::count() {
    count_->setText(strategies_.empty() ? QString()
                    : shown() == 1      ? tr("1 question")
                                        : tr("%1 questions").arg(shown()));
}

}  // namespace lvr
