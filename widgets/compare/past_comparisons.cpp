#include "widgets/compare/past_comparisons.h"

#include <QDateTime>
#include <QHeaderView>
#include <QLabel>
#include <QLocale>
#include <QMessageBox>
#include <QPushButton>
#include <QTableWidget>
#include <QVBoxLayout>

#include "widgets/action_tip.h"
#include "widgets/words.h"

namespace lvr {
namespace {

enum PastColumn { RunNumber, Date, Set, Model, Asked, Right, State, PastColumns };

// "fixed 8 92.0 %, no latents 41.0 %"
QString rightText(const ComparisonSummary& comparison) {
    QStringList parts;
    for (std::size_t i = 0; i < comparison.titles.size(); ++i) {
        const auto& tally = comparison.tallies.at(i);
        const QString title = QString::fromStdString(comparison.titles[i]);
        parts << (tally.asked == 0 ? title
                                   : QObject::tr("%1 %2 %").arg(title).arg(
                                         100.0 * tally.right / tally.asked, 0, 'f', 1));
    }
    return parts.join(QStringLiteral(", "));
}

}  // namespace

PastComparisons::PastComparisons(QWidget* parent)
    : PastComparisons({tr("Past comparisons"), tr("No comparison is kept yet; Run makes one."),
                       tr("Right"), tr("comparison")},
                      parent) {}

PastComparisons::PastComparisons(const PastWords& words, QWidget* parent)
    : QDialog(parent),
      words_(words),
      table_(new QTableWidget(0, PastColumns, this)),
      none_(new QLabel(words.none, this)),
      open_(new QPushButton(tr("&Open"), this)),
      delete_(new QPushButton(tr("&Delete…"), this)) {
    setWindowTitle(words.title);
    build();
    connect(table_, &QTableWidget::itemSelectionChanged, this, &PastComparisons::updateButtons);
    connect(table_, &QTableWidget::cellActivated, this, &PastComparisons::openChosen);
    connect(open_, &QPushButton::clicked, this, &PastComparisons::openChosen);
    connect(delete_, &QPushButton::clicked, this, &PastComparisons::deleteChosen);
    setComparisons({});
}

void PastComparisons::build() {
    table_->setAccessibleName(words_.title);
    addListAction(*table_, "past.open", tr("&Open"), {}, [this] { openChosen(); });
    addListAction(*table_, "past.delete", tr("&Delete…"), QKeySequence::Delete, [this] {
        if (chosen() != 0) deleteChosen();
    });
    table_->setEditTriggers(QAbstractItemView::NoEditTriggers);
    table_->setSelectionBehavior(QAbstractItemView::SelectRows);
    table_->setSelectionMode(QAbstractItemView::SingleSelection);
    table_->setAlternatingRowColors(true);
    table_->setTabKeyNavigation(false);
    table_->setWordWrap(false);
    table_->verticalHeader()->hide();
    table_->setHorizontalHeaderLabels({tr("Run"), tr("Date"), tr("Set"), tr("Model"),
                                       tr("Questions"), words_.column, tr("State")});
    table_->horizontalHeader()->setHighlightSections(false);
    table_->horizontalHeader()->setSectionResizeMode(QHeaderView::ResizeToContents);
    table_->horizontalHeader()->setSectionResizeMode(Right, QHeaderView::Stretch);
    auto* close = new QPushButton(tr("Close"), this);
    connect(close, &QPushButton::clicked, this, &QDialog::reject);
    auto* buttons = new QHBoxLayout;
    buttons->addWidget(delete_);
    buttons->addStretch();
    buttons->addWidget(open_);
    buttons->addWidget(close);
    delete_->setAutoDefault(false);
    open_->setDefault(true);
    auto* column = new QVBoxLayout(this);
    column->addWidget(none_);
    column->addWidget(table_, 1);
    column->addLayout(buttons);
    resize(960, 420);
}

void PastComparisons::setComparisons(const std::vector<ComparisonSummary>& comparisons) {
    const int row = table_->currentRow();
    table_->setRowCount(static_cast<int>(comparisons.size()));
    for (int i = 0; i < table_->rowCount(); ++i) fill(i, comparisons[static_cast<std::size_t>(i)]);
    if (!comparisons.empty()) table_->selectRow(std::clamp(row, 0, table_->rowCount() - 1));
    none_->setVisible(comparisons.empty());
    updateButtons();
}

void PastComparisons::fill(int row, const ComparisonSummary& comparison) {
    const Run& run = comparison.run;
    const auto date = QDateTime::fromSecsSinceEpoch(static_cast<qint64>(run.started));
    const QStringList cells = {QString::number(run.id),
                               QLocale().toString(date, QLocale::ShortFormat),
                               QString::fromStdString(run.info.data),
                               QString::fromStdString(run.info.parent),
                               tr("%1 of %2").arg(run.step).arg(run.info.steps),
                               rightText(comparison),
                               statusText(run.status)};
    for (int column = 0; column < cells.size(); ++column) {
        auto* cell = new QTableWidgetItem(cells[column]);
        cell->setToolTip(cells[column]);
        table_->setItem(row, column, cell);
    }
    table_->item(row, RunNumber)->setData(Qt::UserRole, static_cast<qint64>(run.id));
    table_->item(row, State)->setToolTip(QString::fromStdString(run.message));
}

qint64 PastComparisons::chosen() const {
    const auto* cell = table_->item(table_->currentRow(), RunNumber);
    return cell ? cell->data(Qt::UserRole).toLongLong() : 0;
}

void PastComparisons::openChosen() {
    if (chosen() == 0) return;
    Q_EMIT openAsked(chosen());
    accept();
}

void PastComparisons::deleteChosen() {
    const qint64 run = chosen();
    auto* box = new QMessageBox(QMessageBox::Question, tr("Delete %1").arg(words_.one),
                                tr("Delete %1 %2 with all its answers? They can't be brought back.")
                                    .arg(words_.one)
                                    .arg(run),
                                QMessageBox::Cancel, this);
    box->setAttribute(Qt::WA_DeleteOnClose);
    const auto* sure = box->addButton(tr("&Delete"), QMessageBox::DestructiveRole);
    connect(sure, &QPushButton::clicked, this, [this, run] { Q_EMIT deleteAsked(run); });
    box->open();
}

void PastComparisons::updateButtons() {
    open_->setEnabled(chosen() != 0);
    delete_->setEnabled(chosen() != 0);
}

}  // namespace lvr
