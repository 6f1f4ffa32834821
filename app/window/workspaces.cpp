#include "app/window/workspaces.h"

#include <QDataStream>
#include <QIODevice>
#include <QInputDialog>
#include <QMap>
#include <QMenu>
#include <QObject>
#include <QSettings>
#include <utility>

#include "app/ask/ask_workspace.h"
#include "app/causal/causal_workspace.h"
#include "app/compare/compare_workspace.h"
#include "app/engine/ask_engine.h"
#include "app/runs/rollouts_workspace.h"
#include "app/runs/train_workspace.h"
#include "widgets/action_tip.h"

namespace lvr {
namespace {

constexpr auto kGroup = "layouts";

// A name may hold what would be a path in the settings.
QString keyOf(const QString& name) {
    return QString("%1/%2").arg(kGroup, QString::fromLatin1(name.toUtf8().toHex()));
}

// An ampersand in a menu marks a key.
QString shown(QString name) { return name.replace('&', "&&"); }

}  // namespace

QString titleOf(WorkspaceId id) {
    switch (id) {
        case WorkspaceId::Ask:
            return QObject::tr("Ask");
        case WorkspaceId::Train:
            return QObject::tr("Train");
        case WorkspaceId::Rollouts:
            return QObject::tr("Rollouts");
        case WorkspaceId::Compare:
            return QObject::tr("Compare");
        case WorkspaceId::Causal:
            return QObject::tr("Causal");
    }
    return {};
}

QString nameOf(WorkspaceId id) {
    switch (id) {
        case WorkspaceId::Ask:
            return "ask";
        case WorkspaceId::Train:
            return "train";
        case WorkspaceId::Rollouts:
            return "rollouts";
        case WorkspaceId::Compare:
            return "compare";
        case WorkspaceId::Causal:
            return "causal";
    }
    return {};
}

std::optional<WorkspaceId> workspaceNamed(const QString& name) {
    for (const WorkspaceId id : kWorkspaces)
        if (nameOf(id) == name) return id;
    return std::nullopt;
}

Workspaces::Workspaces(const TrainPlaces& places, const CompareServices& compare, QWidget* parent)
    : QStackedWidget(parent),
      places_(std::make_unique<TrainPlaces>(places)),
      services_(std::make_unique<CompareServices>(compare)),
      ask_(new AskWorkspace(this)) {
    addPage(WorkspaceId::Ask, ask_);
    connect(ask_, &AskWorkspace::pictureShown, this, [this] {
        hasNewPicture_ = true;
        // Its question comes with it, but after it.
        QMetaObject::invokeMethod(this, &Workspaces::sharePicture, Qt::QueuedConnection);
    });
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
        show(WorkspaceId::Compare);
        compare().addModel(folder);
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
    connect(compare_, &CompareWorkspace::filesGiven, ask_, &AskWorkspace::filesGiven);
    connect(compare_, &CompareWorkspace::picturePasted, ask_, &AskWorkspace::picturePasted);
    Q_EMIT made(WorkspaceId::Compare);
    return *compare_;
}

CausalWorkspace& Workspaces::causal() {
    if (causal_) return *causal_;
    causal_ = new CausalWorkspace(*services_, this);
    addPage(WorkspaceId::Causal, causal_);
    if (model_) causal_->setModel(*model_);
    causal_->showQuestion(causalSubject());
    if (!causalState_.isEmpty()) causal_->restoreState(causalState_);
    connect(causal_, &CausalWorkspace::busyChanged, this, &Workspaces::tellWhenSettled);
    connect(causal_, &CausalWorkspace::filesGiven, ask_, &AskWorkspace::filesGiven);
    connect(causal_, &CausalWorkspace::picturePasted, ask_, &AskWorkspace::picturePasted);
    Q_EMIT made(WorkspaceId::Causal);
    return *causal_;
}

// As the question was asked; else as it would be.
CausalSubject Workspaces::causalSubject() const {
    CausalSubject subject{.sample = ask_->sample(), .regions = ask_->regions()};
    const Trace& trace = ask_->trace();
    if (!trace.steps.empty() && trace.question.text == subject.sample.question.text)
        subject.options = trace.options;
    else if (const auto chosen = ask_->chosenOptions())
        subject.options = *chosen;
    else if (model_)
        subject.options = model_->decoding;
    subject.options.thought = {};
    if (subject.options.latentFeed != LatentFeed::Filler)
        subject.options.latentFeed = LatentFeed::Own;
    subject.options.borrowed = {};
    return subject;
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
            if (std::exchange(hasNewPicture_, false)) compare_->follow(ask_->sample());
            break;
        case WorkspaceId::Causal:
            setCurrentWidget(&causal());
            causal_->follow(causalSubject());
            break;
    }
    if (std::exchange(current_, id) != id) Q_EMIT changed(id);
}

// One that comes while Compare or Causal is in front is meant for it, and stops what runs there.
void Workspaces::sharePicture() {
    if (ask_->trace().question.images.empty()) return;
    if (current_ == WorkspaceId::Causal) causal_->showQuestion(causalSubject());
    if (current_ != WorkspaceId::Compare) return;
    if (std::exchange(hasNewPicture_, false)) compare_->showQuestion(ask_->sample());
}

void Workspaces::setModel(const ModelInfo& model) {
    model_ = std::make_unique<ModelInfo>(model);
    if (compare_) compare_->setModel(model);
    if (causal_) causal_->setModel(model);
}

void Workspaces::compareQuestion() {
    compare().showQuestion(ask_->sample());
    show(WorkspaceId::Compare);
    compare_->compare();
}

void Workspaces::testQuestion() {
    causal().showQuestion(causalSubject());
    show(WorkspaceId::Causal);
    causal_->test();
}

bool Workspaces::isBusy() const {
    switch (current_) {
        case WorkspaceId::Train:
            return !train_->isSettled();
        case WorkspaceId::Rollouts:
            return !rollouts_->isSettled();
        case WorkspaceId::Compare:
            return compare_->isBusy();
        case WorkspaceId::Causal:
            return causal_->isBusy();
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

QByteArray Workspaces::causalState() const { return causal_ ? causal_->saveState() : causalState_; }

void Workspaces::restoreCausal(const QByteArray& state) {
    causalState_ = state;
    if (causal_ && !state.isEmpty()) causal_->restoreState(state);
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

LayoutMenu::LayoutMenu(QMenu* menu, Layout layout, QWidget* window)
    : QObject(window), menu_(menu), layout_(std::move(layout)), window_(window) {
    connect(menu, &QMenu::aboutToShow, this, &LayoutMenu::fill);
    fill();
}

QStringList LayoutMenu::names() {
    QSettings settings;
    settings.beginGroup(kGroup);
    QStringList names;
    for (const QString& key : settings.childKeys())
        names << QString::fromUtf8(QByteArray::fromHex(key.toLatin1()));
    names.sort(Qt::CaseInsensitive);
    return names;
}

void LayoutMenu::saveAs(const QString& name) {
    if (name.isEmpty()) return;
    QSettings().setValue(keyOf(name), layout_.save());
    fillSoon();
}

void LayoutMenu::take(const QString& name) {
    layout_.restore(QSettings().value(keyOf(name)).toByteArray());
}

void LayoutMenu::forget(const QString& name) {
    QSettings().remove(keyOf(name));
    fillSoon();
}

void LayoutMenu::fillSoon() {
    QMetaObject::invokeMethod(this, &LayoutMenu::fill, Qt::QueuedConnection);
}

void LayoutMenu::fill() {
    menu_->clear();
    if (deletes_) std::exchange(deletes_, nullptr)->deleteLater();
    menu_->addAction(tr("&Save layout as…"), this, &LayoutMenu::askForName)
        ->setObjectName("layouts.save");
    menu_->addAction(tr("&Reset layout"), this, [this] { layout_.reset(); })
        ->setObjectName("layouts.reset");
    const QStringList all = names();
    if (all.isEmpty()) return;
    menu_->addSeparator();
    for (const QString& name : all)
        menu_->addAction(shown(name), this, [this, name] { take(name); })
            ->setObjectName("layouts.take-" + name);
    menu_->addSeparator();
    deletes_ = menu_->addMenu(tr("&Delete"));
    for (const QString& name : all)
        deletes_->addAction(shown(name), this, [this, name] { forget(name); })
            ->setObjectName("layouts.delete-" + name);
}

void LayoutMenu::askForName() {
    auto* dialog = new QInputDialog(window_);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setWindowTitle(tr("Save layout"));
    dialog->setLabelText(tr("Name; one that is there already is replaced:"));
    dialog->setComboBoxItems(names());
    dialog->setComboBoxEditable(true);
    connect(dialog, &QInputDialog::textValueSelected, this,
            [this](const QString& name) { saveAs(name.trimmed()); });
    dialog->open();
}

}  // namespace lvr
