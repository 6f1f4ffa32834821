#include "widgets/runs/runs_table.h"

#include <QAction>
#include <QApplication>
#include <QClipboard>
#include <QComboBox>
#include <QEvent>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QMessageBox>
#include <QPushButton>
#include <QTableView>
#include <QVBoxLayout>
#include <algorithm>

#include "widgets/colours.h"
#include "widgets/runs/config_diff.h"
#include "widgets/runs/runs_model.h"

namespace lvr {
namespace {

bool isRunning(const Run& run) { return isAlive(run.status); }
bool isBusy(const Run& run) { return run.status == RunStatus::Running; }
bool isPaused(const Run& run) { return run.status == RunStatus::Paused; }

bool canResume(const Run& run) {
    return !isRunning(run) && run.status != RunStatus::Finished &&
           (run.info.kind == "sft" || run.info.kind == "grpo" || run.info.kind == "pretrain");
}

}  // namespace

RunsTable::RunsTable(QWidget* parent)
    : QWidget(parent),
      model_(new RunsModel(this)),
      sorted_(new GroupedRuns(this)),
      filter_(new QLineEdit(this)),
      grouping_(new QComboBox(this)),
      table_(new QTableView(this)) {
    build();
    makeActions();
    connect(filter_, &QLineEdit::textChanged, sorted_,
            &QSortFilterProxyModel::setFilterFixedString);
    connect(grouping_, &QComboBox::currentIndexChanged, this, &RunsTable::group);
    for (const auto changed : {&QAbstractItemModel::rowsInserted, &QAbstractItemModel::rowsRemoved})
        connect(sorted_, changed, this, &RunsTable::joinGroups);
    connect(sorted_, &QAbstractItemModel::layoutChanged, this, &RunsTable::joinGroups);
    tellSoon_.setSingleShot(true);
    connect(&tellSoon_, &QTimer::timeout, this, &RunsTable::tellSelection);
    connect(table_->selectionModel(), &QItemSelectionModel::selectionChanged, this,
            [this] { tellSoon_.start(0); });
    connect(table_, &QTableView::doubleClicked, this, &RunsTable::openFolder);
}

void RunsTable::build() {
    model_->setDark(isDark(palette()));
    sorted_->setSourceModel(model_);
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
    const std::pair<int, int> widths[] = {
        {RunsModel::Id, 9},        {RunsModel::Kind, 10},  {RunsModel::Status, 13},
        {RunsModel::Progress, 19}, {RunsModel::Left, 13},  {RunsModel::Newest, 22},
        {RunsModel::Started, 18},  {RunsModel::Alerts, 9}, {RunsModel::Notes, 18},
        {RunsModel::Folder, 18},   {RunsModel::Group, 16}};
    for (const auto& [column, letters] : widths) table_->setColumnWidth(column, letters * letter);
    table_->horizontalHeader()->moveSection(RunsModel::Group, 0);
    table_->hideColumn(RunsModel::Group);
    buildHead();
}

void RunsTable::buildHead() {
    filter_->setPlaceholderText(tr("Filter: kind, status, folder, metric, notes…"));
    filter_->setClearButtonEnabled(true);
    filter_->setAccessibleName(tr("Filter runs"));
    for (const auto& name : {tr("None"), tr("Kind"), tr("Data"), tr("Model")})
        grouping_->addItem(name);
    grouping_->setAccessibleName(tr("Group runs"));
    grouping_->setToolTip(tr("Keep runs together that have this in common"));
    auto* by = new QLabel(tr("&Group by"), this);
    by->setBuddy(grouping_);
    auto* head = new QHBoxLayout;
    head->addWidget(filter_, 1);
    head->addWidget(by);
    head->addWidget(grouping_);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->addLayout(head);
    column->addWidget(table_, 1);
}

void RunsTable::group() {
    model_->setGrouping(static_cast<RunsModel::Grouping>(grouping_->currentIndex()));
    sorted_->invalidate();
    table_->setColumnHidden(RunsModel::Group, grouping_->currentIndex() == 0);
    joinGroups();
}

// One cell for all runs of a group.
void RunsTable::joinGroups() {
    table_->clearSpans();
    if (grouping_->currentIndex() == 0) return;
    for (const auto& [row, count] : sorted_->groups())
        table_->setSpan(row, RunsModel::Group, count, 1);
}

void RunsTable::makeActions() {
    stop_ =
        add("stop", tr("&Stop"), tr("Save a checkpoint and end the chosen runs"), &RunsTable::stop);
    pause_ = add("pause", tr("&Pause"),
                 tr("Hold the chosen runs: their processes keep their memory and take no time"),
                 &RunsTable::pause);
    resume_ =
        add("resume", tr("&Resume"),
            tr("Go on: where it was paused, or else where it was last saved"), &RunsTable::resume);
    delete_ = add("delete", tr("&Delete…"), tr("Forget the chosen runs; their folders stay"),
                  &RunsTable::askToDelete);
    delete_->setShortcut(QKeySequence::Delete);
    delete_->setShortcutContext(Qt::WidgetWithChildrenShortcut);
    folder_ = add("open-folder", tr("&Open folder"), tr("Show the folder the run writes to"),
                  &RunsTable::openFolder);
    copy_ = add("copy-command", tr("&Copy command line"), tr("Copy what starts this run again"),
                &RunsTable::copyCommand);
    compare_ =
        add("compare-config", tr("Compare co&nfig"),
            tr("Choose two runs to see what they were told differently"), &RunsTable::compare);
    kill_ = add("kill", tr("&Kill…"), tr("End the chosen runs at once, without a checkpoint"),
                &RunsTable::askToKill);
    updateActions();
}

QAction* RunsTable::add(const QString& name, const QString& text, const QString& toolTip,
                        void (RunsTable::*act)()) {
    auto* action = new QAction(text, this);
    action->setObjectName("runs." + name);
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
            // selectRow() would heed the keys that are held, such as those that led here.
            table_->selectionModel()->setCurrentIndex(
                sorted_->index(row, 0),
                QItemSelectionModel::ClearAndSelect | QItemSelectionModel::Rows);
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
    pause_->setEnabled(std::any_of(runs.begin(), runs.end(), isBusy));
    resume_->setEnabled((runs.size() == 1 && canResume(runs.front())) ||
                        std::any_of(runs.begin(), runs.end(), isPaused));
    delete_->setEnabled(!runs.empty() && !anyRuns);
    folder_->setEnabled(runs.size() == 1);
    copy_->setEnabled(runs.size() == 1);
    compare_->setEnabled(runs.size() == 2);
}

void RunsTable::stop() {
    for (const auto& run : chosen())
        if (isRunning(run)) Q_EMIT stopRequested(run);
}

void RunsTable::pause() {
    for (const auto& run : chosen())
        if (isBusy(run)) Q_EMIT pauseRequested(run);
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
    for (const auto& run : chosen())
        if (isPaused(run))
            Q_EMIT unpauseRequested(run);
        else if (canResume(run))
            Q_EMIT resumeRequested(run);
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
