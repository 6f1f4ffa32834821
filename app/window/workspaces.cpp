#include "app/window/workspaces.h"

#include <QDataStream>
#include <QIODevice>
#include <QMap>
#include <utility>

#include "app/ask/ask_workspace.h"
#include "app/compare/compare_workspace.h"
#include "app/engine/ask_engine.h"
#include "app/runs/rollouts_workspace.h"
#include "app/runs/train_workspace.h"
#include "widgets/action_tip.h"

namespace lvr {

Workspaces::Workspaces(const TrainPlaces& places, const CompareServices& compare, QWidget* parent)
    : QStackedWidget(parent),
      places_(std::make_unique<TrainPlaces>(places)),
      services_(std::make_unique<CompareServices>(compare)),
      ask_(new AskWorkspace(this)) {
    addPage(WorkspaceId::Ask, ask_);
}

Workspaces::~Workspaces() = default;

void Workspaces::addPage(WorkspaceId id, QWidget* page) {
    page->setProperty(kActionPlace, titleOf(id));
    addWidget(page);
}

TrainWorkspace& Workspaces::train() {
    if (train_) return *train_;
    train_ = new TrainWorkspace(*places_, this);
    addPage(WorkspaceId::Train, train_);
    layOut(WorkspaceId::Train);
    if (place_.run != 0) train_->select(place_.run);
    connect(train_, &TrainWorkspace::rolloutsRequested, this, [this](std::int64_t run, int step) {
        rollouts().showStep(run, step);
        show(WorkspaceId::Rollouts);
    });
    connect(train_, &TrainWorkspace::modelWanted, this, &Workspaces::modelWanted);
    connect(train_, &TrainWorkspace::comparisonWanted, this, [this](const QString& folder) {
        Q_EMIT modelWanted(folder);
        show(WorkspaceId::Compare);
    });
    connect(train_, &TrainWorkspace::stepShown, this, [this](std::int64_t run, int step) {
        if (rollouts_ && current_ == WorkspaceId::Train && train_->hasRollouts())
            rollouts_->showStep(run, step);
    });
    connect(train_, &TrainWorkspace::alerted, this, &Workspaces::alerted);
    connect(train_, &TrainWorkspace::storeFailed, this, &Workspaces::failed);
    connect(train_, &TrainWorkspace::settled, this, &Workspaces::tellWhenSettled);
    Q_EMIT made(WorkspaceId::Train);
    return *train_;
}

RolloutsWorkspace& Workspaces::rollouts() {
    if (rollouts_) return *rollouts_;
    rollouts_ = new RolloutsWorkspace(train().reader(), this);
    addPage(WorkspaceId::Rollouts, rollouts_);
    connect(rollouts_, &RolloutsWorkspace::checkpointsRequested, this, [this](std::int64_t run) {
        if (run != 0) train().select(run);
        show(WorkspaceId::Train);
        train().showCheckpoints();
    });
    connect(rollouts_, &RolloutsWorkspace::settled, this, &Workspaces::tellWhenSettled);
    connect(rollouts_, &RolloutsWorkspace::stepShown, this, [this](std::int64_t run, int step) {
        if (current_ == WorkspaceId::Rollouts && train_->selected() == run) train_->goToStep(step);
    });
    if (place_.rolloutsRun != 0) rollouts_->showStep(place_.rolloutsRun, place_.rolloutsStep);
    if (train_->step() >= 0 && train_->hasRollouts())
        rollouts_->showStep(train_->selected(), train_->step());
    Q_EMIT made(WorkspaceId::Rollouts);
    return *rollouts_;
}

CompareWorkspace& Workspaces::compare() {
    if (compare_) return *compare_;
    compare_ = new CompareWorkspace(*services_, this);
    addPage(WorkspaceId::Compare, compare_);
    if (model_) compare_->setModel(*model_);
    compare_->showQuestion(ask_->sample());
    if (!compareState_.isEmpty()) compare_->restoreState(compareState_);
    connect(compare_, &CompareWorkspace::busyChanged, this, &Workspaces::tellWhenSettled);
    Q_EMIT made(WorkspaceId::Compare);
    return *compare_;
}

void Workspaces::show(WorkspaceId id) {
    switch (id) {
        case WorkspaceId::Ask:
            setCurrentWidget(ask_);
            break;
        case WorkspaceId::Train:
            setCurrentWidget(&train());
            break;
        case WorkspaceId::Rollouts:
            setCurrentWidget(&rollouts());
            break;
        case WorkspaceId::Compare:
            setCurrentWidget(&compare());
            break;
    }
    if (std::exchange(current_, id) != id) Q_EMIT changed(id);
}

void Workspaces::setModel(const ModelInfo& model) {
    model_ = std::make_unique<ModelInfo>(model);
    if (compare_) compare_->setModel(model);
}

void Workspaces::compareQuestion() {
    compare().showQuestion(ask_->sample());
    show(WorkspaceId::Compare);
    compare_->compare();
}

bool Workspaces::isBusy() const {
    switch (current_) {
        case WorkspaceId::Train:
            return !train_->isSettled();
        case WorkspaceId::Rollouts:
            return !rollouts_->isSettled();
        case WorkspaceId::Compare:
            return compare_->isBusy();
        case WorkspaceId::Ask:
            return false;  // who asks knows
    }
    return false;
}

void Workspaces::tellWhenSettled() {
    if (!isBusy()) Q_EMIT settled();
}

Workspaces::Place Workspaces::place() const {
    Place place = place_;
    if (train_) place.run = train_->selected();
    if (rollouts_ && rollouts_->run() != 0) {
        place.rolloutsRun = rollouts_->run();
        place.rolloutsStep = rollouts_->step();
    }
    return place;
}

void Workspaces::goTo(const Place& place) {
    place_ = place;
    if (train_ && place.run != 0) train_->select(place.run);
    if (rollouts_ && place.rolloutsRun != 0)
        rollouts_->showStep(place.rolloutsRun, place.rolloutsStep);
}

QByteArray Workspaces::compareState() const {
    return compare_ ? compare_->saveState() : compareState_;
}

void Workspaces::restoreCompare(const QByteArray& state) {
    compareState_ = state;
    if (compare_ && !state.isEmpty()) compare_->restoreState(state);
}

// ---- Layout ----

QByteArray Workspaces::saveLayout() const {
    QMap<QString, QByteArray> parts;
    for (const auto& [id, layout] : layouts_) parts[nameOf(id)] = layout;
    parts[nameOf(WorkspaceId::Ask)] = ask_->saveLayout();
    if (train_) parts[nameOf(WorkspaceId::Train)] = train_->saveLayout();
    QByteArray all;
    QDataStream stream(&all, QIODevice::WriteOnly);
    stream << parts;
    return all;
}

void Workspaces::restoreLayout(const QByteArray& layout) {
    QMap<QString, QByteArray> parts;
    QDataStream stream(layout);
    stream >> parts;
    if (stream.status() != QDataStream::Ok) return;
    for (const WorkspaceId id : kWorkspaces) {
        if (!parts.contains(nameOf(id))) continue;
        layouts_[id] = parts[nameOf(id)];
        layOut(id);
    }
}

void Workspaces::layOut(WorkspaceId id) {
    const auto layout = layouts_.find(id);
    if (layout == layouts_.end()) return;
    if (id == WorkspaceId::Ask) ask_->restoreLayout(layout->second);
    if (id == WorkspaceId::Train && train_) train_->restoreLayout(layout->second);
}

void Workspaces::resetLayout() {
    layouts_.clear();
    ask_->resetLayout();
    if (train_) train_->resetLayout();
}

}  // namespace lvr
