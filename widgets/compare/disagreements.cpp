#include "widgets/compare/disagreements.h"

#include <QComboBox>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QSignalBlocker>
#include <QTableWidget>
#include <QVBoxLayout>
#include <algorithm>

namespace lvr {
namespace {

enum Column { Number, Asked, Expected, FirstSaid, SecondSaid, Count };

bool belongs(const Outcome& a, const Outcome& b, Disagreements::Which which) {
    switch (which) {
        case Disagreements::Which::AnswersDiffer:
            return a.answer != b.answer;
        case Disagreements::Which::OnlyFirstRight:
            return a.right && !b.right;
        case Disagreements::Which::OnlySecondRight:
            return b.right && !a.right;
        case Disagreements::Which::BothWrong:
            return !a.right && !b.right;
        case Disagreements::Which::All:
            return true;
    }
    return true;
}

QString answerText(const Outcome& outcome) {
    return (outcome.right ? QStringLiteral("✓ ") : QStringLiteral("✗ ")) +
           QString::fromStdString(outcome.answer).simplified();
}

}  // namespace

Disagreements::Disagreements(QWidget* parent)
    : QWidget(parent),
      first_(new QComboBox(this)),
      second_(new QComboBox(this)),
      which_(new QComboBox(this)),
      count_(new QLabel(this)),
      table_(new QTableWidget(0, Column::Count, this)) {
    build();
    for (auto* choice : {first_, second_, which_})
        connect(choice, &QComboBox::currentIndexChanged, this, &Disagreements::refresh);
    const auto activate = [this](int row) {
        Q_EMIT questionActivated(table_->item(row, Number)->data(Qt::UserRole).toInt());
    };
    connect(table_, &QTableWidget::cellActivated, this, activate);
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
    table_->setHorizontalHeaderLabels(
        {tr("No."), tr("Question"), tr("Right answer"), tr("First"), tr("Second")});
    table_->horizontalHeader()->setHighlightSections(false);
    table_->horizontalHeader()->setSectionResizeMode(Number, QHeaderView::ResizeToContents);
    table_->horizontalHeader()->setSectionResizeMode(Asked, QHeaderView::Stretch);
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

void Disagreements::setResults(const SetResults& results) {
    const bool sameStrategies = results.strategies == results_.strategies;
    results_ = results;
    if (!sameStrategies) fillChoices();
    refresh();
}

void Disagreements::fillChoices() {
    const QSignalBlocker quietFirst(first_), quietSecond(second_);
    for (auto* choice : {first_, second_}) {
        choice->clear();
        for (const auto& strategy : results_.strategies) choice->addItem(titleOf(strategy));
    }
    first_->setCurrentIndex(0);
    second_->setCurrentIndex(std::min<int>(1, second_->count() - 1));
}

void Disagreements::choose(int first, int second, Which which) {
    {
        const QSignalBlocker quietFirst(first_), quietSecond(second_), quietWhich(which_);
        first_->setCurrentIndex(first);
        second_->setCurrentIndex(second);
        which_->setCurrentIndex(static_cast<int>(which));
    }
    refresh();
}

int Disagreements::shown() const { return table_->rowCount(); }

void Disagreements::refresh() {
    table_->setRowCount(0);
    count_->clear();
    const int a = first_->currentIndex(), b = second_->currentIndex();
    if (a < 0 || b < 0) return;
    const auto which = static_cast<Which>(which_->currentIndex());
    for (std::size_t q = 0; q < results_.questions.size(); ++q) {
        const SetQuestion& question = results_.questions[q];
        const auto &first = question.outcomes.at(a), &second = question.outcomes.at(b);
        if (!first || !second || !belongs(*first, *second, which)) continue;
        const int row = table_->rowCount();
        table_->insertRow(row);
        const QStringList cells = {QString::number(question.number + 1),
                                   QString::fromStdString(question.text).simplified(),
                                   QString::fromStdString(question.expected), answerText(*first),
                                   answerText(*second)};
        for (int column = 0; column < cells.size(); ++column) {
            table_->setItem(row, column, new QTableWidgetItem(cells[column]));
            table_->item(row, column)->setToolTip(cells[column]);
        }
        table_->item(row, Number)->setData(Qt::UserRole, question.number);
    }
    count_->setText(shown() == 1 ? tr("1 question") : tr("%1 questions").arg(shown()));
}

}  // namespace lvr
