#include "widgets/runs/runs_table.h"

#include <QAction>
#include <QApplication>
#include <QClipboard>
#include <QEvent>
#include <QHeaderView>
#include <QLineEdit>
#include <QMessageBox>
#include <QPushButton>
#include <QSortFilterProxyModel>
#include <QTableView>
#include <QVBoxLayout>
#include <algorithm>

#include "widgets/runs/config_diff.h"
#include "widgets/runs/progress_cell.h"
#include "widgets/runs/run_colours.h"
#include "widgets/runs/runs_model.h"

namespace lvr {
namespace {

bool isRunning(const Run& run) { return run.status == RunStatus::Running; }

bool canResume(const Run& run) {
    return !isRunning(run) && run.status != RunStatus::Finished &&
           (run.info.kind == "sft" || run.info.kind == "grpo" || run.info.kind == "pretrain");
}

}  // namespace

RunsTable::RunsTable(QWidget* parent)
    : QWidget(parent),
      model_(new RunsModel(this)),
      sorted_(new QSortFilterProxyModel(this)),
      filter_(new QLineEdit(this)),
      table_(new QTableView(this)) {
    build();
    makeActions();
    connect(filter_, &QLineEdit::textChanged, sorted_,
            &QSortFilterProxyModel::setFilterFixedString);
    tellSoon_.setSingleShot(true);
    connect(&tellSoon_, &QTimer::timeout, this, &RunsTable::tellSelection);
    connect(table_->selectionModel(), &QItemSelectionModel::selectionChanged, this,
            [this] { tellSoon_.start(0); });
    connect(table_, &QTableView::doubleClicked, this, &RunsTable::openFolder);
}

void RunsTable::build() {
    model_->setDark(isDark(palette()));
    sorted_->setSourceModel(model_);
    sorted_->setSortRole(RunsModel::SortRole);
    sorted_->setFilterKeyColumn(-1);
    sorted_->setFilterCaseSensitivity(Qt::CaseInsensitive);
    filter_->setPlaceholderText(tr("Filter: kind, status, folder, metric…"));
    filter_->setClearButtonEnabled(true);
    filter_->setAccessibleName(tr("Filter runs"));
    table_->setModel(sorted_);
    table_->setAccessibleName(tr("Runs"));
    table_->setSelectionBehavior(QAbstractItemView::SelectRows);
    table_->setSelectionMode(QAbstractItemView::ExtendedSelection);
    table_->setSortingEnabled(true);
    table_->sortByColumn(RunsModel::Id, Qt::DescendingOrder);
    table_->setAlternatingRowColors(true);
    table_->setShowGrid(false);
    table_->setWordWrap(false);
    table_->setTextElideMode(Qt::ElideMiddle);
    table_->setTabKeyNavigation(false);
    table_->setItemDelegateForColumn(RunsModel::Progress, new ProgressCell(this));
    table_->setContextMenuPolicy(Qt::ActionsContextMenu);
    table_->verticalHeader()->hide();
    table_->verticalHeader()->setDefaultSectionSize(fontMetrics().height() + 12);
    table_->horizontalHeader()->setHighlightSections(false);
    table_->horizontalHeader()->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    table_->horizontalHeader()->setStretchLastSection(true);
    const int letter = fontMetrics().averageCharWidth();
    const std::pair<int, int> widths[] = {{RunsModel::Id, 9},       {RunsModel::Kind, 10},
                                          {RunsModel::Status, 13},  {RunsModel::Progress, 19},
                                          {RunsModel::Left, 13},    {RunsModel::Newest, 22},
                                          {RunsModel::Started, 18}, {RunsModel::Alerts, 9}};
    for (const auto& [column, letters] : widths) table_->setColumnWidth(column, letters * letter);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->addWidget(filter_);
    column->addWidget(table_, 1);
}

void RunsTable::makeActions() {
    stop_ = add(tr("&Stop"), tr("Save a checkpoint and end the chosen runs"), &RunsTable::stop);
    resume_ = add(tr("&Resume"), tr("Go on where the run was last saved"), &RunsTable::resume);
    delete_ = add(tr("&Delete…"), tr("Forget the chosen runs; their folders stay"),
                  &RunsTable::askToDelete);
    delete_->setShortcut(QKeySequence::Delete);
    delete_->setShortcutContext(Qt::WidgetWithChildrenShortcut);
    folder_ =
        add(tr("&Open folder"), tr("Show the folder the run writes to"), &RunsTable::openFolder);
    copy_ = add(tr("&Copy command line"), tr("Copy what starts this run again"),
                &RunsTable::copyCommand);
    compare_ =
        add(tr("Compare co&nfig"), tr("Choose two runs to see what they were told differently"),
            &RunsTable::compare);
    kill_ = add(tr("&Kill…"), tr("End the chosen runs at once, without a checkpoint"),
                &RunsTable::askToKill);
    updateActions();
}

QAction* RunsTable::add(const QString& text, const QString& toolTip, void (RunsTable::*act)()) {
    auto* action = new QAction(text, this);
    action->setToolTip(toolTip);
    connect(action, &QAction::triggered, this, act);
    table_->addAction(action);
    actions_.append(action);
    return action;
}

void RunsTable::show(const std::vector<RunSummary>& runs) {
    model_->show(runs);
    updateActions();
}

void RunsTable::setColours(const std::map<std::int64_t, int>& colourSlots) {
    model_->setColours(colourSlots);
}

const RunSummary* RunsTable::find(std::int64_t run) const { return model_->find(run); }

std::vector<std::int64_t> RunsTable::selected() const {
    std::vector<std::int64_t> ids;
    for (const auto& run : chosen()) ids.push_back(run.id);
    return ids;
}

std::vector<Run> RunsTable::chosen() const {
    auto rows = table_->selectionModel()->selectedRows();
    std::sort(rows.begin(), rows.end());
    std::vector<Run> runs;
    for (const auto& row : rows) runs.push_back(model_->at(sorted_->mapToSource(row).row()).run);
    return runs;
}

void RunsTable::select(std::int64_t run) {
    for (int row = 0; row < sorted_->rowCount(); ++row)
        if (model_->at(sorted_->mapToSource(sorted_->index(row, 0)).row()).run.id == run)
            table_->selectRow(row);
}

void RunsTable::tellSelection() {
    updateActions();
    if (selected() == told_) return;
    told_ = selected();
    Q_EMIT selectionChanged(told_);
}

void RunsTable::updateActions() {
    const auto runs = chosen();
    const bool anyRuns = std::any_of(runs.begin(), runs.end(), isRunning);
    stop_->setEnabled(anyRuns);
    kill_->setEnabled(anyRuns);
    resume_->setEnabled(runs.size() == 1 && canResume(runs.front()));
    delete_->setEnabled(!runs.empty() && !anyRuns);
    folder_->setEnabled(runs.size() == 1);
    copy_->setEnabled(runs.size() == 1);
    compare_->setEnabled(runs.size() == 2);
}

void RunsTable::stop() {
    for (const auto& run : chosen())
        if (isRunning(run)) Q_EMIT stopRequested(run);
}

void RunsTable::askToKill() {
    std::vector<Run> runs = chosen();
    std::erase_if(runs, [](const Run& run) { return !isRunning(run); });
    ask(runs.size() == 1 ? tr("Kill run %1?").arg(runs.front().id)
                         : tr("Kill %1 runs?").arg(runs.size()),
        tr("What was done since the last save is lost. Stop saves first."), tr("&Kill"),
        [this, runs] {
            for (const auto& run : runs) Q_EMIT killRequested(run);
        });
}

void RunsTable::resume() {
    for (const auto& run : chosen()) Q_EMIT resumeRequested(run);
}

void RunsTable::askToDelete() {
    const auto runs = chosen();
    ask(runs.size() == 1 ? tr("Forget run %1 with all its metrics?").arg(runs.front().id)
                         : tr("Forget %1 runs with all their metrics?").arg(runs.size()),
        tr("What they saved in their output folders stays."), tr("&Forget"), [this, runs] {
            for (const auto& run : runs) Q_EMIT deleteRequested(run);
        });
}

void RunsTable::ask(const QString& question, const QString& detail, const QString& yes,
                    const std::function<void()>& act) {
    auto* box =
        new QMessageBox(QMessageBox::Question, tr("Runs"), question, QMessageBox::Cancel, this);
    box->setAttribute(Qt::WA_DeleteOnClose);
    box->setInformativeText(detail);
    connect(box->addButton(yes, QMessageBox::DestructiveRole), &QPushButton::clicked, this, act);
    box->setDefaultButton(QMessageBox::Cancel);
    box->open();
}

void RunsTable::openFolder() {
    for (const auto& run : chosen()) Q_EMIT folderRequested(QString::fromStdString(run.info.out));
}

void RunsTable::copyCommand() {
    for (const auto& run : chosen())
        QApplication::clipboard()->setText(QString::fromStdString(run.info.command));
}

void RunsTable::compare() {
    auto runs = chosen();
    if (runs.size() != 2) return;
    std::sort(runs.begin(), runs.end(), [](const Run& a, const Run& b) { return a.id < b.id; });
    (new ConfigDiffDialog(runs[0], runs[1], this))->open();
}

void RunsTable::changeEvent(QEvent* event) {
    if (event->type() == QEvent::PaletteChange) model_->setDark(isDark(palette()));
    QWidget::changeEvent(event);
}

}  // namespace lvr
