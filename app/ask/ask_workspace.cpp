#include "app/ask/ask_workspace.h"

#include <QAction>
#include <QEvent>
#include <QVBoxLayout>
#include <utility>

#include "app/ask/ask_panel.h"
#include "app/ask/detail_row.h"
#include "app/ask/panel_docks.h"
#include "app/ask/picture_panel.h"
#include "app/ask/thought_row.h"
#include "app/ask/trace_summary.h"
#include "app/look/icons.h"
#include "app/window/ask_engine.h"
#include "core/heat/heat.h"
#include "widgets/conversation/exchange_text.h"
#include "widgets/regions/region_tool.h"

namespace lvr {
namespace {

constexpr int kSideWidth = 460;
constexpr double kSlowEnoughToWatch = 300;  // ms a latent step; faster answers are replayed

bool isGiven(const Trace& trace) { return !trace.options.thought.boxes.empty(); }

}  // namespace

AskWorkspace::AskWorkspace(QWidget* parent)
    : QWidget(parent),
      panel_(new PicturePanel(trace_, this)),
      side_(new AskPanel(this)),
      docks_(new PanelDocks(panel_, this)) {
    docks_->addPanel("ask/question", tr("Question and answer"), side_, Qt::RightDockWidgetArea,
                     true);
    docks_->setWidth("ask/question", kSideWidth);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->addWidget(docks_);
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
}

void AskWorkspace::wireRegions() {
    RegionTool& regions = panel_->regions();
    ThoughtRow& thoughts = side_->thoughts();
    addAction(regions.actions().draw);  // R works beside the picture too
    thoughts.offer(regions.actions().thought);
    connect(&regions, &RegionTool::boxesChanged, this, [this] {
        updateRois();
        updateThoughts();
    });
    connect(&regions, &RegionTool::thoughtWanted, this, &AskWorkspace::useAsThought);
    connect(&regions, &RegionTool::failed, this, &AskWorkspace::failed);
    connect(&thoughts, &ThoughtRow::ownWanted, this, [this] {
        if (isGiven(trace_)) showOtherThought();
    });
    connect(&thoughts, &ThoughtRow::givenWanted, this, [this] {
        if (!isGiven(trace_)) showOtherThought();
    });
}

// ---- What is asked about ----

void AskWorkspace::showPicture(Image picture, const QString& name) {
    const bool questionWasTheSamples = sampleIsAsked();
    sample_.reset();
    clearAnswer();
    trace_.question.images = {std::move(picture)};
    knownRois_.clear();
    panel_->pictureChanged();
    updateGrids();
    Q_EMIT pictureShown(trace_.question.images);
    if (questionWasTheSamples) side_->setQuestion({});
    side_->focusQuestion();
    Q_EMIT allWell();
    Q_EMIT titleChanged(name);
    Q_EMIT stateChanged(tr("Ready"));
    hintAtScenes();
}

void AskWorkspace::showSample(Sample sample) {
    clearAnswer();
    sample_ = std::move(sample);
    trace_.question.images = sample_->question.images;
    trace_.rois = knownRois_ = sample_->rois;
    panel_->pictureChanged();
    updateGrids();
    Q_EMIT pictureShown(trace_.question.images);
    side_->setQuestion(QString::fromStdString(sample_->question.text));
    Q_EMIT allWell();
    Q_EMIT titleChanged(sample_->id.empty()
                            ? tr("%1 scene").arg(QString::fromStdString(sample_->kind))
                            : QString::fromStdString(sample_->id));
    Q_EMIT stateChanged(model_ ? tr("Ready: press Ask") : tr("Opening the model…"));
    updateVerdict();
}

void AskWorkspace::showTrace(const Trace& trace, const QString& file) {
    clearAnswer();
    trace_ = trace;
    if (trace_.steps.empty()) trace_.grids.clear();  // as in snapshot()
    sample_.reset();
    if (trace.expectedAnswer)
        sample_ =
            Sample{.question = trace.question, .answer = *trace.expectedAnswer, .rois = trace.rois};
    knownRois_ = trace.rois;
    panel_->pictureChanged();
    panel_->regions().setBoxes(trace.options.thought.boxes);
    updateGrids();
    Q_EMIT pictureShown(trace_.question.images);
    Q_EMIT titleChanged(file);
    showAnswerParts();
}

void AskWorkspace::showAnswer(const Trace& trace) {
    clearAnswer();
    trace_ = trace;
    knownRois_ = trace.rois;
    showAnswerParts();
}

void AskWorkspace::showAnswerParts() {
    side_->setQuestion(QString::fromStdString(trace_.question.text));
    side_->setOptions(trace_.options);
    side_->show(trace_);
    panel_->stepsChanged();
    showLastStep();
    Q_EMIT stateChanged(
        trace_.steps.empty()
            ? tr("Ready")
            : tr("Asked of %1: %2").arg(QString::fromStdString(trace_.model), summary(trace_)));
    updateVerdict();
    updateActions();
}

// A picture from outside means nothing to a model that has only ever seen drawn scenes.
void AskWorkspace::hintAtScenes() {
    if (!model_ || !model_->drawnScenesOnly || sample_ || trace_.question.images.empty()) return;
    Q_EMIT hinted(
        tr("This model knows drawn scenes only, so its answer about this picture will "
           "be a guess: draw a new scene, or open a Qwen2.5-VL or LVR checkpoint."));
}

bool AskWorkspace::sampleIsAsked() const {
    return sample_ && side_->question().toStdString() == sample_->question.text;
}

Trace AskWorkspace::snapshot() const {
    const bool isWhole =
        !asking_ && !trace_.steps.empty() && (trace_.hiddenSize > 0 || latentSteps(trace_).empty());
    if (isWhole) return trace_;
    const Sample asked = sample();
    Trace trace{.question = asked.question, .rois = asked.rois};
    trace.grids.assign(asked.question.images.size(), {1, 1});  // unknown yet; a file has them
    if (sampleIsAsked()) trace.expectedAnswer = asked.answer;
    return trace;
}

Sample AskWorkspace::sample() const {
    Sample asked;
    if (sampleIsAsked()) asked = *sample_;
    asked.question.images = trace_.question.images;
    asked.question.text = side_->question().toStdString();
    return asked;
}

// ---- The model ----

void AskWorkspace::modelIsOpening(const QString& name) {
    openingModel_ = name;
    updateActions();
}

void AskWorkspace::showModel(const ModelInfo& model) {
    openingModel_.clear();
    model_ = std::make_unique<ModelInfo>(model);
    side_->detail().showModel(model_.get());
    side_->setOptions(model.decoding);
    Q_EMIT stateChanged(tr("Ready"));
    hintAtScenes();
    updateGrids();
    if (std::exchange(askWhenOpen_, false)) ask();
    updateActions();
}

void AskWorkspace::modelDidNotOpen() {
    openingModel_.clear();
    askWhenOpen_ = false;
    updateActions();
}

void AskWorkspace::modelClosed() {
    model_.reset();
    side_->detail().showModel(nullptr);
    updateGrids();
    updateActions();
}

// ---- Asking ----

void AskWorkspace::ask(const QString& question) {
    setQuestion(question);
    ask();
}

QString AskWorkspace::question() const { return side_->question(); }
void AskWorkspace::setQuestion(const QString& question) { side_->setQuestion(question); }
void AskWorkspace::ask(const QString& question, const DecodeOptions& options) {
    side_->setOptions(options);
    side_->setQuestion(question);
    thoughtIsNext_ = false;
    if (mayAsk()) begin(options.thought);
}

void AskWorkspace::edit(const QString& question, const DecodeOptions& options) {
    side_->setOptions(options);
    side_->setQuestion(question);
    side_->focusQuestion();
}

void AskWorkspace::ask() {
    thoughtIsNext_ = false;
    if (mayAsk()) begin({});
}

bool AskWorkspace::mayAsk() {
    if (trace_.question.images.empty()) {
        Q_EMIT failed(
            tr("There is no picture to ask about; open, drop or paste one, or draw a new "
               "scene."));
        return false;
    }
    if (side_->question().isEmpty()) {
        Q_EMIT failed(tr("There is no question; type one and press Enter."));
        return false;
    }
    if (isOpening()) {
        askWhenOpen_ = true;
        Q_EMIT stateChanged(tr("Will ask when %1 is open…").arg(openingModel_));
        return false;
    }
    if (!model_) {
        Q_EMIT modelWanted(tr("No model is open; choose one with Open model…"));
        return false;
    }
    return true;
}

void AskWorkspace::begin(GivenThought thought) {
    clearAnswer();
    knownRois_.clear();
    if (sampleIsAsked()) {
        knownRois_ = sample_->rois;
        trace_.expectedAnswer = sample_->answer;
    }
    updateRois();
    hintAtScenes();
    trace_.question.text = side_->question().toStdString();
    trace_.options = side_->options();
    trace_.options.thought = std::move(thought);
    trace_.model = model_->name;
    asking_ = true;
    Q_EMIT askWanted(trace_.question, trace_.options);
    Q_EMIT stateChanged(tr("Reading picture and question…"));
    updateActions();
}

const std::vector<Box>& AskWorkspace::regions() const { return panel_->regions().boxes(); }

void AskWorkspace::drawRegion(const Box& box) {
    const auto pictures = trace_.question.images.size();
    if (static_cast<std::size_t>(box.image) < pictures) return panel_->regions().add(box);
    Q_EMIT failed(pictures == 0 ? tr("There is no picture to draw a region on; open one first.")
                                : tr("The region is on picture %1, counted from 0; there are %2.")
                                      .arg(box.image)
                                      .arg(pictures));
}

void AskWorkspace::useAsThought() {
    const std::vector<Box> boxes = panel_->regions().boxes();
    if (boxes.empty() || !mayAsk()) return;
    auto own = ownAnswer();
    begin(own ? GivenThought{boxes} : GivenThought{});
    thoughtIsNext_ = !own;
    other_ = std::move(own);
    updateThoughts();
}

std::optional<Trace> AskWorkspace::ownAnswer() const {
    const auto fits = [this](const Trace& trace) {
        return !isGiven(trace) && !trace.steps.empty() && !asking_ &&
               trace.stopped != StopReason::Cancelled && trace.model == model_->name &&
               trace.options == side_->options() &&
               trace.question.text == side_->question().toStdString();
    };
    if (fits(trace_)) return trace_;
    return other_ && fits(*other_) ? other_ : std::nullopt;
}

void AskWorkspace::showOtherThought() {
    if (!other_ || asking_) return updateThoughts();
    std::swap(trace_, *other_);
    side_->clear();
    side_->show(trace_);
    panel_->stepsChanged();
    panel_->selectStep(side_->latentCount() - 1);
    Q_EMIT stateChanged(summary(trace_));
    updateRois();
    updateVerdict();
    updateActions();
}

void AskWorkspace::updateThoughts() {
    const Trace *own = nullptr, *given = nullptr;
    for (const Trace* trace : {other_ ? &*other_ : nullptr, asking_ ? nullptr : &trace_})
        if (trace && (isGiven(*trace) || !trace->steps.empty()))
            (isGiven(*trace) ? given : own) = trace;
    side_->thoughts().setRegions(static_cast<int>(panel_->regions().boxes().size()));
    side_->thoughts().show(own, given, given == &trace_);
}

// Where nobody knows the regions to look at, they are the drawn ones.
void AskWorkspace::updateRois() {
    const auto& boxes = panel_->regions().boxes();
    trace_.rois = knownRois_.empty() ? boxes : knownRois_;
    panel_->regions().setKnown(sample_ ? sample_->rois : knownRois_);
}

void AskWorkspace::updateGrids() {
    auto grids = trace_.grids;
    side_->detail().showPictures(trace_.question.images);
    if (grids.empty()) grids = side_->detail().grids();
    panel_->regions().setGrids(std::move(grids));
    updateRois();
}

void AskWorkspace::forgetWaitingQuestion() {
    askWhenOpen_ = false;
    thoughtIsNext_ = false;
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
    updateVerdict();
    const auto latents = static_cast<double>(latentSteps(trace_).size());
    if (trace_.stopped != StopReason::Cancelled && latents > 1 &&
        trace_.timings.decode < latents * kSlowEnoughToWatch)
        panel_->play();
    updateActions();
    Q_EMIT answered(trace_);
    if (std::exchange(thoughtIsNext_, false) && ownAnswer()) useAsThought();
    Q_EMIT settled();
}

void AskWorkspace::fail() {
    asking_ = thoughtIsNext_ = false;
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
    panel_->stepsChanged();
    if (!isOpening()) Q_EMIT allWell();
    updateVerdict();
    updateActions();
}

void AskWorkspace::updateVerdict() {
    const bool toCome = trace_.steps.empty() && sampleIsAsked();
    side_->compare(toCome ? std::optional(sample_->answer) : trace_.expectedAnswer,
                   asking_ || trace_.steps.empty() ? std::nullopt : isRight(trace_));
}

// ---- State ----

void AskWorkspace::updateActions() {
    side_->setStoppable(canStop());
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
QList<QAction*> AskWorkspace::stepActions() const { return panel_->stepActions(); }
QList<QAction*> AskWorkspace::viewActions() const { return panel_->viewActions(); }
QList<QAction*> AskWorkspace::modeActions() const { return panel_->modeActions(); }
QList<QAction*> AskWorkspace::regionActions() const { return panel_->regions().actions().menu(); }
void AskWorkspace::recolour(const QColor& ink) {
    side_->recolour(ink);
    panel_->regions().actions().draw->setIcon(icon(IconName::Region, ink));
}

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
