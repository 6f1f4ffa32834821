#include "app/ask/ask_workspace.h"

#include <QAction>
#include <QApplication>
#include <QClipboard>
#include <QEvent>
#include <QPushButton>
#include <QVBoxLayout>
#include <utility>

#include "app/ask/ask_panel.h"
#include "app/ask/detail_row.h"
#include "app/ask/figure.h"
#include "app/ask/panel_docks.h"
#include "app/ask/picture_panel.h"
#include "app/ask/trace_summary.h"
#include "app/engine/ask_engine.h"
#include "app/shell/look.h"
#include "core/trace/heat.h"
#include "widgets/action_tip.h"
#include "widgets/conversation/exchange_text.h"
#include "widgets/job.h"
#include "widgets/latent/latent_state.h"
#include "widgets/regions/region_list.h"
#include "widgets/regions/region_tool.h"

namespace lvr {
namespace {

constexpr int kSideWidth = 460;
constexpr double kSlowEnoughToWatch = 300;  // ms a latent step; faster answers are replayed

}  // namespace

AskWorkspace::AskWorkspace(QWidget* parent)
    : QWidget(parent),
      figures_(new Job(this)),
      panel_(new PicturePanel(trace_, this)),
      side_(new AskPanel(this)),
      docks_(new PanelDocks(panel_, this)) {
    docks_->addPanel("ask/question", tr("Question and answer"), side_, Qt::RightDockWidgetArea,
                     true);
    docks_->setWidth("ask/question", kSideWidth);
    docks_->addPanel("ask/regions", tr("Regions"), panel_->regions().list(),
                     Qt::RightDockWidgetArea, false);
    panel_->regions().list()->setVisible(true);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->addWidget(docks_);
    offered_ = side_->options();
    makeCopyAction();
    makeLatentActions();
    wire();
}

AskWorkspace::~AskWorkspace() = default;

void AskWorkspace::wire() {
    connect(side_, &AskPanel::asked, this, [this] { ask(); });
    connect(side_, &AskPanel::stopped, this, &AskWorkspace::stopWanted);
    connect(side_, &AskPanel::questionChanged, this, &AskWorkspace::updateVerdict);
    connect(side_, &AskPanel::filesGiven, this, &AskWorkspace::filesGiven);
    connect(side_, &AskPanel::picturePasted, this, &AskWorkspace::picturePasted);
    connect(&side_->detail(), &DetailRow::changed, this, &AskWorkspace::updateGrids);
    connect(docks_, &PanelDocks::panelAdded, this, &AskWorkspace::panelAdded);
    connect(panel_, &PicturePanel::stepSelected, side_, &AskPanel::selectStep);
    connect(side_, &AskPanel::stepSelected, panel_, [this](int step) {
        panel_->pause();
        panel_->selectStep(step);
    });
    wireRegions();
    panel_->regions().actions().draw->setIcon(lineIcon("region"));
}

void AskWorkspace::makeCopyAction() {
    copyFigure_ = new QAction(tr("&Copy figure"), this);
    copyFigure_->setObjectName("view.copy-figure");
    copyFigure_->setShortcut(Qt::CTRL | Qt::ALT | Qt::Key_C);
    copyFigure_->setToolTip(
        tr("Copy the picture under the shown step's heat, with legend and "
           "caption, to be pasted elsewhere"));
    updateTip(*copyFigure_);
    connect(copyFigure_, &QAction::triggered, this, &AskWorkspace::copyFigure);
}

void AskWorkspace::copyFigure() {
    const LatentViewState& view = panel_->view();
    const FigureChoice choice{.picture = pictureAsSeen(view),
                              .nearest = view.nearest ? view.nearestCount : 0,
                              .step = view.selectedStep,
                              .allSteps = view.multiples && view.selectedStep >= 0,
                              .scale = 2};
    figures_->replace([trace = std::make_shared<const Trace>(trace_),
                       choice] { return Figure(*trace, choice).image(); },
                      [this](const QImage& figure) {
                          QApplication::clipboard()->setImage(figure);
                          Q_EMIT stateChanged(tr("Copied the figure"));
                      },
                      [this](const QString& sentence) { Q_EMIT failed(sentence); });
}

// The arrow keys step through what has come, but whoever types on goes on typing.
void AskWorkspace::focusPicture() {
    const QWidget* focus = QApplication::focusWidget();
    const bool typesOn =
        focus == side_->questionLine() && side_->question().toStdString() != trace_.question.text;
    const bool askedHere =
        focus == side_->questionLine() || qobject_cast<const QPushButton*>(focus);
    if (askedHere && !typesOn && side_->isAncestorOf(focus)) panel_->setFocus();
}

// A picture from outside means nothing to a model that has only ever seen drawn scenes. One whose
// answer is known was not from outside when its trace was kept.
void AskWorkspace::hintAtScenes() {
    const bool isKnown = sample_ || trace_.expectedAnswer;
    if (!model_ || !model_->drawnScenesOnly || isKnown || trace_.question.images.empty()) return;
    Q_EMIT hinted(
        tr("This model knows drawn scenes only, so its answer about this picture will "
           "be a guess: draw a new scene, or open a Qwen2.5-VL, Qwen3-VL or LVR checkpoint."));
}

// ---- The model ----

void AskWorkspace::modelIsOpening(const QString& name) {
    openingModel_ = name;
    updateActions();
}

// What a waiting question was asked with stays, unless nobody had chosen it.
void AskWorkspace::showModel(const ModelInfo& model) {
    openingModel_.clear();
    model_ = std::make_unique<ModelInfo>(model);
    side_->detail().showModel(model_.get());
    auto waiting = std::exchange(waiting_, std::nullopt);
    const bool stay = std::exchange(optionsStay_, false) || (waiting && chosenOptions());
    const DecodeOptions chosen = side_->options();
    side_->setOptions(model.decoding);
    offered_ = side_->options();
    if (stay) side_->setOptions(chosen);
    Q_EMIT stateChanged(tr("Ready"));
    hintAtScenes();
    updateGrids();
    if (waiting && waiting->asOffered) waiting->options = offered_;
    if (waiting) put(*waiting);
    updateActions();
}

void AskWorkspace::modelDidNotOpen() {
    openingModel_.clear();
    waiting_.reset();
    updateActions();
}

void AskWorkspace::modelClosed() {
    model_.reset();
    side_->detail().showModel(nullptr);
    updateGrids();
    updateActions();
}

std::optional<DecodeOptions> AskWorkspace::chosenOptions() const {
    const DecodeOptions options = side_->options();
    return options == offered_ ? std::nullopt : std::optional(options);
}

void AskWorkspace::setChosenOptions(const DecodeOptions& options) {
    side_->setOptions(options);
    optionsStay_ = true;
}

// ---- Asking ----

QString AskWorkspace::question() const { return side_->question(); }
void AskWorkspace::setQuestion(const QString& question) { side_->setQuestion(question); }

AskWorkspace::Asked AskWorkspace::asked() const {
    return {.question = side_->question().toStdString(),
            .options = side_->options(),
            .asOffered = !chosenOptions()};
}

void AskWorkspace::ask() { put(asked()); }

void AskWorkspace::ask(const QString& question) {
    setQuestion(question);
    ask();
}

void AskWorkspace::ask(const QString& question, const DecodeOptions& options) {
    put({.question = question.toStdString(), .options = options});
}

void AskWorkspace::edit(const QString& question, const DecodeOptions& options) {
    side_->setOptions(options);
    side_->setQuestion(question);
    side_->focusQuestion();
}

void AskWorkspace::put(Asked asked) {
    otherNext_.reset();
    if (!mayAsk(asked)) return;
    if (!asked.isBesideOwn()) return begin(asked);
    auto own = ownAnswer(asked);
    const Asked whole = asked;
    if (own && asked.withRegions) asked.options.thought = {.boxes = regions()};
    if (own) asked.options.latentFeed = asked.instead;
    if (own) asked.options.borrowed = asked.borrowed;
    begin(asked);
    if (!own) otherNext_ = whole;
    other_ = std::move(own);
    updateThoughts();
}

bool AskWorkspace::mayAsk(const Asked& asked) {
    if (trace_.question.images.empty()) {
        Q_EMIT failed(
            tr("There is no picture to ask about; open, drop or paste one, or draw a new "
               "scene."));
        return false;
    }
    if (asked.question.empty()) {
        Q_EMIT failed(tr("There is no question; type one and press Enter."));
        return false;
    }
    if (isOpening()) {
        waiting_ = asked;
        Q_EMIT stateChanged(tr("Will ask when %1 is open…").arg(openingModel_));
        return false;
    }
    if (!model_) {
        Q_EMIT modelWanted(tr("No model is open; choose one with Open model…"));
        return false;
    }
    return true;
}

void AskWorkspace::begin(const Asked& asked) {
    clearAnswer();
    knownRois_.clear();
    if (isTheSamples(asked.question)) {
        knownRois_ = sample_->rois;
        trace_.expectedAnswer = sample_->answer;
    }
    updateRois();
    hintAtScenes();
    trace_.question.text = asked.question;
    trace_.options = asked.options;
    trace_.model = model_->name;
    asking_ = true;
    updateAsked();
    Q_EMIT askWanted(trace_.question, trace_.options);
    Q_EMIT stateChanged(tr("Reading picture and question…"));
    updateActions();
}

void AskWorkspace::forgetWaitingQuestion() {
    waiting_.reset();
    otherNext_.reset();
}

void AskWorkspace::showReading(const ReadingProgress& progress) {
    if (!asking_) return;
    Q_EMIT readingChanged(progress.fraction);
    Q_EMIT stateChanged(readingText(progress));
}

void AskWorkspace::begun(const std::vector<PatchGrid>& grids) {
    trace_.grids = grids;
    panel_->stepsChanged();
    updateGrids();
}

void AskWorkspace::append(const DecodeStep& step) {
    if (trace_.steps.empty()) Q_EMIT readingChanged(std::nullopt);
    trace_.steps.push_back(step);
    side_->append(step);
    panel_->stepsChanged();
    Q_EMIT stateChanged(tr("Thinking… %1 latent steps, %2 positions")
                            .arg(side_->latentCount())
                            .arg(trace_.steps.size()));
}

void AskWorkspace::finish(Trace trace) {
    asking_ = false;
    trace.rois = std::move(trace_.rois);
    trace.expectedAnswer = std::move(trace_.expectedAnswer);
    trace.question = std::move(trace_.question);
    trace_ = std::move(trace);
    Q_EMIT readingChanged(std::nullopt);
    side_->detail().learn(trace_);
    side_->show(trace_);
    panel_->stepsChanged();
    Q_EMIT stateChanged(summary(trace_));
    updateAsked();
    updateVerdict();
    const auto latents = static_cast<double>(latentSteps(trace_).size());
    if (trace_.stopped != StopReason::Cancelled && latents > 1 &&
        trace_.timings.decode < latents * kSlowEnoughToWatch)
        panel_->play();
    updateActions();
    focusPicture();
    Q_EMIT answered(trace_);
    const auto next = std::exchange(otherNext_, std::nullopt);
    const bool canBe = next && (!next->withRegions || !regions().empty());
    if (canBe && ownAnswer(*next)) put(*next);
    Q_EMIT settled();
}

void AskWorkspace::fail() {
    asking_ = false;
    otherNext_.reset();
    Q_EMIT readingChanged(std::nullopt);
    trace_.stopped = StopReason::Cancelled;
    updateActions();
}

void AskWorkspace::clearAnswer() {
    if (std::exchange(asking_, false)) Q_EMIT answerUnwanted();
    Q_EMIT readingChanged(std::nullopt);
    Trace empty;
    empty.question = std::move(trace_.question);
    trace_ = std::move(empty);
    other_.reset();
    side_->clear();
    updateAsked();
    panel_->stepsChanged();
    if (!isOpening()) Q_EMIT allWell();
    updateVerdict();
    updateActions();
}

// The line may hold another question by now, and the form other options.
void AskWorkspace::updateAsked() {
    side_->showAsked(asking_ || !trace_.steps.empty() ? askedText(trace_) : QString());
}

void AskWorkspace::updateVerdict() {
    const bool toCome =
        trace_.steps.empty() && !asking_ && isTheSamples(side_->question().toStdString());
    side_->compare(toCome ? std::optional(sample_->answer) : trace_.expectedAnswer,
                   asking_ || trace_.steps.empty() ? std::nullopt : isRight(trace_));
}

// ---- State ----

void AskWorkspace::updateActions() {
    side_->setStoppable(canStop());
    const bool canAsk = model_ && !isOpening() && !asking_;
    for (QAction* action : latentActions_)
        allow(*action, canAsk && !trace_.steps.empty(),
              canAsk ? tr("There is no answer yet; ask first.")
                     : tr("No model is open, or it is answering."));
    allow(*copyFigure_, !trace_.question.images.empty(), tr("There is no picture."));
    panel_->regions().setThoughtAllowed(model_ && !isOpening() && !asking_);
    updateThoughts();
    Q_EMIT actionsChanged();
}

void AskWorkspace::showLastStep() {
    panel_->pause();
    panel_->selectStep(side_->latentCount() - 1);
}

QWidget* AskWorkspace::picture() const { return panel_; }
QWidget* AskWorkspace::questionLine() const { return side_->questionLine(); }
const LatentViewState& AskWorkspace::view() const { return panel_->view(); }
void AskWorkspace::rememberView() { panel_->rememberView(); }
QList<QAction*> AskWorkspace::stepActions() const { return panel_->stepActions(); }
QList<QAction*> AskWorkspace::viewActions() const {
    return panel_->viewActions() + QList<QAction*>{copyFigure_};
}
QList<QAction*> AskWorkspace::modeActions() const { return panel_->modeActions(); }
QList<QAction*> AskWorkspace::regionActions() const { return panel_->regions().actions().menu(); }

// ---- Panels ----

QDockWidget* AskWorkspace::addPanel(const QString& id, const QString& title, QWidget* panel,
                                    Qt::DockWidgetArea area, bool shown) {
    return docks_->addPanel(id, title, panel, area, shown);
}

QList<QAction*> AskWorkspace::panelActions() const { return docks_->panelActions(); }
QByteArray AskWorkspace::saveLayout() const { return docks_->saveLayout(); }
void AskWorkspace::restoreLayout(const QByteArray& layout) { docks_->restoreLayout(layout); }
void AskWorkspace::resetLayout() { docks_->resetLayout(); }

void AskWorkspace::changeEvent(QEvent* event) {
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange && side_) updateVerdict();
}

}  // namespace lvr
