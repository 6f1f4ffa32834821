#include "app/runs/train_workspace.h"

#include <QAction>
#include <QDataStream>
#include <QDesktopServices>
#include <QDir>
#include <QFileInfo>
#include <QIODevice>
#include <QSplitter>
#include <QStackedWidget>
#include <QTabBar>
#include <QTabWidget>
#include <QToolButton>
#include <QUrl>
#include <QVBoxLayout>
#include <algorithm>
#include <set>
#include <utility>

#include "app/runs/checkpoint_panel.h"
#include "app/runs/new_run_dialog.h"
#include "app/runs/store_reader.h"
#include "app/runs/train_pages.h"
#include "app/runs/training_processes.h"
#include "app/runs/unsaved_notes.h"
#include "widgets/colours.h"
#include "widgets/message_bar.h"
#include "widgets/rollouts/step_bar.h"
#include "widgets/runs/curve_grid.h"
#include "widgets/runs/run_details.h"
#include "widgets/runs/run_news.h"
#include "widgets/runs/runs_table.h"
#include "widgets/words.h"

namespace lvr {

TrainWorkspace::TrainWorkspace(const TrainPlaces& places, QWidget* parent)
    : QWidget(parent),
      places_(places),
      reader_(new StoreReader(this)),
      trainings_(new TrainingProcesses(places.program, places.store, this)),
      unsaved_(new UnsavedNotes(places.store, reader_, this)),
      messages_(new MessageBar(this)),
      new_(new QAction(tr("&New run…"), this)),
      follow_(new QAction(tr("&Follow a training folder…"), this)),
      showOutput_(new QAction(tr("Show output"), this)),
      ask_(new QAction(tr("&Ask this model"), this)),
      compare_(new QAction(tr("Compare &with…"), this)),
      like_(new QAction(tr("New run li&ke this…"), this)),
      next_(new QAction(tr("Next training step"), this)),
      previous_(new QAction(tr("Previous training step"), this)),
      table_(new RunsTable(this)),
      details_(new RunDetails(this)),
      curves_(new CurveGrid(this)),
      checkpoints_(new CheckpointPanel(reader_, this)),
      steps_(new StepBar(this)),
      views_(new QTabWidget(this)),
      pages_(new QStackedWidget(this)),
      upper_(new QSplitter(Qt::Horizontal, this)),
      whole_(new QSplitter(Qt::Vertical, this)),
      nothing_(new NoRuns(places.store, this)) {
    build();
    new_->setObjectName("runs.new");
    follow_->setObjectName("runs.follow");
    showOutput_->setObjectName("runs.show-output");
    connect(new_, &QAction::triggered, this, &TrainWorkspace::newRun);
    connect(follow_, &QAction::triggered, this, &TrainWorkspace::chooseFollowed);
    wireReader();
    wireTable();
    wireSteps();
    wireTrainings();
    makeBridges();
    table_->keepFor(places.store);
    curves_->keepView();
    reader_->open(places.store.toStdU16String());
}

// What was written last is still stored, or kept for the next time.
TrainWorkspace::~TrainWorkspace() {
    details_->clear();
    disconnect(reader_, nullptr, this, nullptr);
    reader_->finish();
}

void TrainWorkspace::build() {
    new_->setToolTip(tr("Start a training"));
    follow_->setToolTip(
        tr("Read along with a training of another program: TensorBoard's event files, "
           "trainer_state.json and TRL's completions, as they grow"));
    for (auto* action : {new_, follow_}) action->setEnabled(!places_.store.isEmpty());
    connect(nothing_, &NoRuns::newRunWanted, this, &TrainWorkspace::newRun);
    connect(nothing_, &NoRuns::followWanted, this, &TrainWorkspace::chooseFollowed);
    upper_->addWidget(table_);
    upper_->addWidget(details_);
    upper_->setStretchFactor(0, 3);
    upper_->setStretchFactor(1, 2);
    whole_->addWidget(upper_);
    views_->setDocumentMode(true);
    for (QWidget* named : std::initializer_list<QWidget*>{views_, views_->tabBar()})
        named->setAccessibleName(tr("Views of the chosen runs"));
    views_->addTab(curves_, tr("Curves"));
    addView(checkpoints_, tr("Checkpoints"), "checkpoints",
            tr("What the checkpoints of the chosen run answered to its probe questions, and what "
               "they looked at"));
    steps_->hideRuns();
    views_->setCornerWidget(steps_, Qt::TopRightCorner);
    whole_->addWidget(views_);
    whole_->setStretchFactor(1, 1);
    whole_->setChildrenCollapsible(false);
    resetLayout();
    pages_->addWidget(nothing_);
    pages_->addWidget(whole_);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(messages_);
    column->addWidget(pages_, 1);
    pages_->setContentsMargins(8, 6, 8, 8);
}

// A tab beside the curves, and the action that shows it.
void TrainWorkspace::addView(QWidget* view, const QString& title, const QString& name,
                             const QString& toolTip) {
    views_->setTabToolTip(views_->addTab(view, title), toolTip);
    auto* action = new QAction("&" + title, this);
    action->setObjectName("runs." + name);
    action->setToolTip(toolTip);
    connect(action, &QAction::triggered, this, [this, view] {
        views_->setCurrentWidget(view);
        view->setFocus();
    });
    viewActions_ << action;
}

void TrainWorkspace::showCheckpoints() { viewActions_.front()->trigger(); }

void TrainWorkspace::wireReader() {
    connect(reader_, &StoreReader::runsChanged, this, &TrainWorkspace::showRuns);
    connect(reader_, &StoreReader::missing, this, &TrainWorkspace::showMissing);
    connect(reader_, &StoreReader::failed, this, [this](const QString& sentence) {
        fail(sentence);
        hasStoreFailed_ = true;
        nothing_->say(hasStoreFailed_);
        Q_EMIT storeFailed(sentence);
    });
    connect(reader_, &StoreReader::upToDate, this, [this] {
        upToDate_ = true;
        settle();
    });
    connect(reader_, &StoreReader::changeFailed, this, &TrainWorkspace::fail);
    connect(unsaved_, &UnsavedNotes::changed, this, &TrainWorkspace::showNotes);
    connect(reader_, &StoreReader::opened, this, [this] {
        upToDate_ = saidSettled_ = false;
        for (auto& [run, curves] : data_) curves = {};
        curves_->refresh();
    });
    connect(reader_, &StoreReader::metricsAdded, this,
            [this](std::int64_t run, const std::vector<MetricColumn>& columns) {
                data_[run].append(columns);
                curves_->refresh();
            });
}

void TrainWorkspace::wireTable() {
    connect(table_, &RunsTable::selectionChanged, this, &TrainWorkspace::choose);
    connect(table_, &RunsTable::plottedChanged, this, &TrainWorkspace::subscribe);
    connect(table_, &RunsTable::nameTyped, reader_, &StoreReader::setName);
    connect(table_, &RunsTable::tagsTyped, reader_, &StoreReader::setTags);
    connect(table_, &RunsTable::stopRequested, trainings_, &TrainingProcesses::stop);
    connect(table_, &RunsTable::killRequested, trainings_, &TrainingProcesses::kill);
    connect(table_, &RunsTable::pauseRequested, trainings_, &TrainingProcesses::pause);
    connect(table_, &RunsTable::unpauseRequested, trainings_, &TrainingProcesses::unpause);
    connect(table_, &RunsTable::resumeRequested, trainings_, &TrainingProcesses::resume);
    connect(table_, &RunsTable::deleteRequested, this,
            [this](const Run& run) { reader_->remove(run); });
    connect(table_, &RunsTable::folderRequested, this, &TrainWorkspace::openFolder);
    connect(checkpoints_, &CheckpointPanel::modelWanted, this, &TrainWorkspace::modelWanted);
    connect(details_, &RunDetails::outputWanted, trainings_, &TrainingProcesses::readOutput);
    connect(details_, &RunDetails::notesWritten, this,
            [this](std::int64_t run, const QString& notes) {
                if (run == described_.id) unsaved_->write(described_, notes);
            });
    connect(details_, &RunDetails::rolloutsRequested, this, &TrainWorkspace::rolloutsRequested);
    connect(curves_, &CurveGrid::rolloutsRequested, this, &TrainWorkspace::rolloutsRequested);
    connect(curves_, &CurveGrid::refreshed, this, &TrainWorkspace::settle);
    connect(checkpoints_, &CheckpointPanel::settled, this, &TrainWorkspace::settle);
    connect(curves_, &CurveGrid::exportFailed, this, &TrainWorkspace::fail);
    connect(curves_, &CurveGrid::exported, this, [this](const QString& file) {
        messages_->say(MessageBar::Kind::Hint, tr("Saved %1.").arg(file));
    });
}

void TrainWorkspace::wireTrainings() {
    connect(trainings_, &TrainingProcesses::started, reader_, &StoreReader::lookNow);
    connect(trainings_, &TrainingProcesses::ended, reader_, &StoreReader::lookNow);
    connect(trainings_, &TrainingProcesses::failed, this, &TrainWorkspace::failTraining);
    connect(trainings_, &TrainingProcesses::outputRead, details_, &RunDetails::showOutput);
    connect(showOutput_, &QAction::triggered, this, [this] { showOutput(output_, this); });
}

// ---- Runs ----

void TrainWorkspace::showRuns(const std::vector<RunSummary>& runs) {
    if (hasStoreFailed_) messages_->dismiss();
    hasStoreFailed_ = false;
    if (listed_) tellNews(runs);
    const bool areFirst = runs_.empty();
    runs_ = runs;
    unsaved_->setRuns(runs);
    table_->show(runs);
    pages_->setCurrentIndex(runs.empty() ? 0 : 1);
    nothing_->say(hasStoreFailed_);
    for (const auto& summary : runs) {
        const Run& run = summary.run;
        if (awaited_.isEmpty() || QString::fromStdString(run.info.out) != awaited_) continue;
        awaited_.clear();
        messages_->dismiss();
        select(run.id);
    }
    if (table_->find(wanted_)) select(std::exchange(wanted_, 0));
    if (areFirst && !runs.empty() && table_->selected().empty())
        table_->select(runs.front().run.id);
    listed_ = true;
    if (table_->plotted() == subscribed_)
        plot();  // one may have rollouts or a name by now
    else
        subscribe();
    showDetails();
}

void TrainWorkspace::tellNews(const std::vector<RunSummary>& runs) {
    for (const auto& news : newsOf(runs_, runs)) {
        messages_->say(news.needsAHand ? MessageBar::Kind::Error : MessageBar::Kind::Hint,
                       news.sentence);
        Q_EMIT alerted(news.sentence, news.isNewKind, news.needsAHand);
    }
}

// No store is how everything begins; one that goes away while it is shown is told.
void TrainWorkspace::showMissing(const QString& sentence) {
    if (listed_ && !runs_.empty()) {
        fail(sentence);
        hasStoreFailed_ = true;
        return;
    }
    if (std::exchange(hasStoreFailed_, false)) messages_->dismiss();
    nothing_->say(false);
    nothing_->sayWhere(sentence);
    pages_->setCurrentIndex(0);
}

std::vector<PlottedRun> TrainWorkspace::toPlot() const {
    const auto selected = table_->selected();
    std::vector<PlottedRun> runs;
    for (const auto id : table_->plotted())
        if (const auto* run = table_->find(id))
            runs.push_back({.id = id,
                            .name = runTitle(run->run),
                            .colour = colourSlotOf(id),
                            .hasRollouts = run->hasRollouts,
                            .isChosen = selected == std::vector{id},
                            .isBaseline = id == table_->baseline(),
                            .group = table_->groupOf(id)});
    return runs;
}

void TrainWorkspace::plot() {
    auto runs = toPlot();
    if (runs == plottedAs_) return;
    plottedAs_ = runs;
    std::set<std::int64_t> plotted;
    for (auto& run : runs) {
        run.curves = &data_[run.id];
        plotted.insert(run.id);
    }
    curves_->setRuns(runs);
    std::erase_if(data_, [&](const auto& entry) { return !plotted.contains(entry.first); });
}

void TrainWorkspace::subscribe() {
    plot();
    if (const auto plotted = table_->plotted(); plotted != subscribed_) {
        subscribed_ = plotted;
        upToDate_ = saidSettled_ = false;
        reader_->subscribe(subscribed_);
    }
}

void TrainWorkspace::choose() {
    plot();
    saidSettled_ = false;
    showDetails();
    settle();
}

// Notes that are not stored yet stand in for those of the store. What is shown of a run goes when
// a run of another store takes its number.
void TrainWorkspace::showDetails() {
    const auto chosen = table_->selected();
    const auto* found = chosen.empty() ? nullptr : table_->find(chosen.front());
    const Run now = found ? found->run : Run();
    if (!found || (now.id == described_.id && now.started != described_.started)) details_->clear();
    if (found) {
        auto shown = *found;
        if (const auto notes = unsaved_->of(now)) shown.run.notes = notes->toStdString();
        details_->show(shown);
    }
    if (now.id != described_.id) step_ = -1;
    described_ = now;
    showNotes();
    checkpoints_->showRun(now.id);
    showSteps();
    curves_->markStep(step_ >= 0 ? now.id : 0, step_);
}

void TrainWorkspace::showNotes() { details_->showNotesProblem(unsaved_->problemOf(described_)); }

// ---- The rest ----

void TrainWorkspace::select(std::int64_t run) {
    if (!table_->find(run)) {
        wanted_ = run;
        return;
    }
    table_->plot(run);
    table_->select(run);
}

std::int64_t TrainWorkspace::selected() const {
    const auto chosen = table_->selected();
    return chosen.empty() ? wanted_ : chosen.front();
}

bool TrainWorkspace::isSettled() const {
    if (places_.store.isEmpty()) return true;
    return upToDate_ && !curves_->isBusy() && checkpoints_->isSettled() &&
           table_->plotted() == subscribed_;
}

void TrainWorkspace::settle() {
    if (saidSettled_ || !isSettled()) return;
    saidSettled_ = true;
    curves_->dropEmpty();
    Q_EMIT settled();
}

std::vector<Run> TrainWorkspace::running() const {
    std::vector<Run> found;
    for (const auto& summary : runs_)
        if (isRunningHere(summary.run)) found.push_back(summary.run);
    return found;
}

void TrainWorkspace::stopRunning() {
    for (const auto& run : running()) trainings_->stop(run);
}

QList<QAction*> TrainWorkspace::runActions() const {
    return QList{new_, follow_} + table_->runActions() + viewActions_ + QList{previous_, next_};
}

QList<QAction*> TrainWorkspace::barActions() const {
    return QList{new_} + table_->dailyActions() + viewActions_;
}

void TrainWorkspace::fail(const QString& sentence) {
    messages_->say(MessageBar::Kind::Error, sentence);
}

QString TrainWorkspace::message() const { return messages_->sentence(); }

QByteArray TrainWorkspace::saveLayout() const {
    QByteArray layout;
    QDataStream stream(&layout, QIODevice::WriteOnly);
    stream << upper_->saveState() << whole_->saveState();
    return layout;
}

void TrainWorkspace::restoreLayout(const QByteArray& layout) {
    QByteArray upper, whole;
    QDataStream stream(layout);
    stream >> upper >> whole;
    upper_->restoreState(upper);
    whole_->restoreState(whole);
}

void TrainWorkspace::resetLayout() {
    upper_->setSizes({820, 440});
    whole_->setSizes({230, 420});
}

}  // namespace lvr
