// What can be done with the runs of the table.

#include <QAction>
#include <QApplication>
#include <QClipboard>
#include <QMessageBox>
#include <QPushButton>
#include <QTableView>
#include <algorithm>

#include "widgets/action_tip.h"
#include "widgets/runs/config_diff.h"
#include "widgets/runs/runs_model.h"
#include "widgets/runs/runs_table.h"
#include "widgets/runs/runs_view.h"

namespace lvr {
namespace {

bool isRunning(const Run& run) { return isAlive(run.status); }
bool isBusy(const Run& run) { return run.status == RunStatus::Running; }
bool isPaused(const Run& run) { return run.status == RunStatus::Paused; }

bool canResume(const Run& run) {
    if (run.info.kind == kFollowKind) return !isRunning(run);
    return !isRunning(run) && run.status != RunStatus::Finished &&
           (run.info.kind == "sft" || run.info.kind == "grpo" || run.info.kind == "pretrain");
}

}  // namespace

void RunsTable::makeActions() {
    rename_ = add("rename", tr("Re&name…"), tr("Give the run a name"), &RunsTable::rename);
    rename_->setShortcut(Qt::Key_F2);
    tags_ = add("tags", tr("&Tags…"), tr("Words to find the run by, with commas between them"),
                &RunsTable::editTags);
    tags_->setShortcut(Qt::SHIFT | Qt::Key_F2);
    plot_ = add("plot", tr("Draw its cur&ves"),
                tr("Whether the curves of the chosen runs are drawn"), &RunsTable::togglePlotted);
    plot_->setShortcut(Qt::Key_Space);
    plot_->setCheckable(true);
    plotOnly_ =
        add("plot-only", tr("Draw on&ly these curves"),
            tr("Draw the curves of the chosen runs and of no others"), &RunsTable::plotOnlyThese);
    plotOnly_->setShortcut(Qt::SHIFT | Qt::Key_Space);
    plotAll_ = add("plot-all", tr("Draw all c&urves"), tr("Draw the curves of every run"),
                   &RunsTable::plotAll);
    pin_ = add("baseline", tr("Pin as &baseline"),
               tr("Compare the other runs' numbers and curves with this one's"),
               &RunsTable::pinBaseline);
    pin_->setShortcut(Qt::Key_B);
    pin_->setCheckable(true);
    // Letters that are typed into the filter are no commands.
    for (auto* action : {plot_, plotOnly_, pin_}) action->setShortcutContext(Qt::WidgetShortcut);
    for (auto* action : {rename_, tags_})
        action->setShortcutContext(Qt::WidgetWithChildrenShortcut);
    separate();
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

void RunsTable::separate() {
    auto* line = new QAction(this);
    line->setSeparator(true);
    table_->addAction(line);
    actions_.append(line);
}

void RunsTable::addBridge(QAction* action, int runs) {
    auto* first = actions_.front();
    table_->insertAction(first, action);
    actions_.prepend(action);
    bridges_.emplace_back(action, runs);
    updateActions();
}

QList<QAction*> RunsTable::dailyActions() const { return {stop_, pause_, resume_, folder_}; }

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
    rename_->setEnabled(runs.size() == 1);
    tags_->setEnabled(runs.size() == 1);
    plot_->setEnabled(!runs.empty());
    plot_->setChecked(!runs.empty() && std::ranges::all_of(runs, [this](const Run& run) {
        return model_->isPlotted(run.id);
    }));
    plotOnly_->setEnabled(!runs.empty());
    plotAll_->setEnabled(model_->rowCount() > 0);
    pin_->setEnabled(runs.size() == 1);
    pin_->setChecked(runs.size() == 1 && runs.front().id == model_->baseline());
    for (const auto& [action, count] : bridges_)
        allow(*action, static_cast<int>(runs.size()) == count,
              count == 1 ? tr("Choose one run first.") : tr("Choose %1 runs first.").arg(count));
}

// The column may be hidden.
void RunsTable::editCell(int column) {
    const auto rows = table_->selectionModel()->selectedRows();
    if (rows.size() != 1) return;
    columns_->showColumn(column);
    const auto cell = sorted_->index(rows.front().row(), column);
    table_->scrollTo(cell);
    table_->selectionModel()->setCurrentIndex(cell, QItemSelectionModel::NoUpdate);
    table_->edit(cell);
}

void RunsTable::rename() { editCell(RunsModel::Name); }

void RunsTable::editTags() { editCell(RunsModel::Tags); }

void RunsTable::togglePlotted() {
    const auto runs = chosen();
    const bool areAll =
        std::ranges::all_of(runs, [this](const Run& run) { return model_->isPlotted(run.id); });
    std::map<std::int64_t, bool> decided;
    for (const auto& run : runs) decided[run.id] = !areAll;
    model_->plot(decided);
}

void RunsTable::plotOnlyThese() {
    std::map<std::int64_t, bool> decided;
    for (int row = 0; row < model_->rowCount(); ++row) decided[model_->at(row).run.id] = false;
    for (const auto run : selected()) decided[run] = true;
    model_->plot(decided);
}

void RunsTable::plotAll() {
    std::map<std::int64_t, bool> decided;
    for (int row = 0; row < model_->rowCount(); ++row) decided[model_->at(row).run.id] = true;
    model_->plot(decided);
}

void RunsTable::pinBaseline() {
    const auto runs = chosen();
    if (runs.size() != 1) return;
    model_->setBaseline(runs.front().id == model_->baseline() ? 0 : runs.front().id);
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

}  // namespace lvr
