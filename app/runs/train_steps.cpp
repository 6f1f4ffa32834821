// The step that is looked at, and where one goes from a run: to another run, to its model, to its
// folder.

#include <QAction>
#include <QDesktopServices>
#include <QDir>
#include <QFileDialog>
#include <QFileInfo>
#include <QTimer>
#include <QUrl>
#include <utility>

#include "app/runs/checkpoint_panel.h"
#include "app/runs/new_run_dialog.h"
#include "app/runs/train_workspace.h"
#include "app/runs/training_processes.h"
#include "widgets/message_bar.h"
#include "widgets/rollouts/step_bar.h"
#include "widgets/runs/curve_grid.h"
#include "widgets/runs/run_details.h"
#include "widgets/runs/runs_model.h"
#include "widgets/runs/runs_table.h"
#include "widgets/words.h"

namespace lvr {
namespace {

// Where the newest model of a run is.
QString modelOf(const RunSummary& run) {
    return QString::fromStdString(run.checkpoints.empty() ? run.run.info.out
                                                          : run.checkpoints.back().folder);
}

}  // namespace

// One step for the curves' line, the checkpoints and, through stepShown(), the rollouts.
void TrainWorkspace::wireSteps() {
    const auto add = [this](QAction* action, const QString& name, Qt::Key key, int by) {
        action->setObjectName(name);
        action->setShortcut(key);
        action->setShortcutContext(Qt::WidgetWithChildrenShortcut);
        addAction(action);
        connect(action, &QAction::triggered, steps_, [this, by] { steps_->moveBy(by); });
    };
    add(previous_, "runs.previous-step", Qt::Key_BracketLeft, -1);
    add(next_, "runs.next-step", Qt::Key_BracketRight, 1);
    connect(steps_, &StepBar::stepChosen, this, &TrainWorkspace::goToStep);
    connect(checkpoints_, &CheckpointPanel::stepChosen, this, [this](int step) {
        if (checkpoints_->isVisible()) goToStep(step);
    });
    connect(curves_, &CurveGrid::stepChosen, this, [this](std::int64_t run, int step) {
        if (run != described_.id) table_->select(run);
        QTimer::singleShot(0, this, [this, step] { goToStep(step); });  // once it is described
    });
}

void TrainWorkspace::goToStep(int step) {
    if (isGoing_ || described_.id == 0) return;
    isGoing_ = true;
    steps_->chooseStep(step);
    step_ = steps_->step() >= 0 ? steps_->step() : step;
    curves_->markStep(described_.id, step_);
    checkpoints_->chooseStep(step_);
    isGoing_ = false;
    Q_EMIT stepShown(described_.id, step_);
}

void TrainWorkspace::showSteps() {
    const auto* found = table_->find(described_.id);
    steps_->setSteps(found ? found->steps : std::vector<int>());
    steps_->setVisible(found && !found->steps.empty());
    if (step_ >= 0) steps_->chooseStep(step_);
}

bool TrainWorkspace::hasRollouts() const {
    const auto* found = table_->find(described_.id);
    return found && found->hasRollouts;
}

void TrainWorkspace::makeBridges() {
    const auto add = [this](QAction* action, const QString& name, const QString& tip, auto act) {
        action->setObjectName("runs." + name);
        action->setToolTip(tip);
        connect(action, &QAction::triggered, this, [this, act] {
            const auto chosen = table_->selected();
            if (const auto* run = chosen.empty() ? nullptr : table_->find(chosen.front()))
                act(*run);
        });
    };
    add(ask_, "ask", tr("Open the newest model of this run in Ask"),
        [this](const RunSummary& run) { Q_EMIT modelWanted(modelOf(run)); });
    add(compare_, "compare-model", tr("Add the newest model of this run to what Compare compares"),
        [this](const RunSummary& run) { Q_EMIT comparisonWanted(modelOf(run)); });
    add(like_, "like", tr("Fill the form of a new run with what this one was told"),
        [this](const RunSummary& run) {
            if (const auto like = newRunLike(run.run)) {
                auto* form = makeForm();
                form->fillFrom(*like);
                return form->open();
            }
            fail(tr("Run %1 was not trained by this program; there is nothing to start it with.")
                     .arg(run.run.id));
        });
    // As buttons they are short.
    ask_->setIconText(tr("Ask"));
    compare_->setIconText(tr("Compare"));
    like_->setIconText(tr("New like this"));
    for (auto* action : {like_, compare_, ask_}) table_->addBridge(action, 1);
    for (auto* action : {ask_, compare_, like_}) details_->addBridge(action);
}

NewRunDialog* TrainWorkspace::makeForm() {
    auto* form = new NewRunDialog(places_, this);
    form->setEarlierRuns(runs_);
    form->setAttribute(Qt::WA_DeleteOnClose);
    connect(form, &NewRunDialog::startRequested, this, &TrainWorkspace::start);
    return form;
}

void TrainWorkspace::newRun() { makeForm()->open(); }

void TrainWorkspace::start(const NewRun& run) {
    awaited_ = QDir::cleanPath(QFileInfo(run.out).absoluteFilePath());
    started_ = run;
    hasStoreFailed_ = false;
    messages_->say(
        MessageBar::Kind::Hint,
        tr("Starting lvr %1; it is listed once its data and model are read.").arg(run.kind));
    trainings_->start(run);
}

void TrainWorkspace::chooseFollowed() {
    auto* dialog = new QFileDialog(this, tr("Folder that a training writes to"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setFileMode(QFileDialog::Directory);
    dialog->setOption(QFileDialog::ShowDirsOnly);
    connect(dialog, &QFileDialog::fileSelected, this, &TrainWorkspace::follow);
    dialog->open();
}

void TrainWorkspace::follow(const QString& folder) {
    awaited_ = QDir::cleanPath(QFileInfo(folder).absoluteFilePath());
    started_ = {};
    hasStoreFailed_ = false;
    messages_->say(MessageBar::Kind::Hint,
                   tr("Reading %1; it is listed as a run of its own.").arg(folder));
    trainings_->follow(awaited_);
}

void TrainWorkspace::openFolder(const QString& folder) {
    looks_.add([folder] { return QFileInfo(folder).isDir(); },
               [this, folder](bool isThere) {
                   if (isThere)
                       QDesktopServices::openUrl(QUrl::fromLocalFile(folder));
                   else
                       fail(tr("There is no folder %1; it was moved, or nothing was saved yet.")
                                .arg(folder));
               },
               [this](const QString& sentence) { fail(sentence); });
}

void TrainWorkspace::failTraining(const QString& sentence, const QString& output) {
    // Refused before it was a run: what was typed is not lost.
    if (!std::exchange(awaited_, {}).isEmpty() && !started_.kind.isEmpty()) {
        auto* form = makeForm();
        form->fillFrom(started_, sentence);
        static_cast<QWidget*>(form)->show();  // not before what was printed
    }
    output_ = output;
    messages_->say(MessageBar::Kind::Error, sentence, output.isEmpty() ? nullptr : showOutput_);
}

}  // namespace lvr
