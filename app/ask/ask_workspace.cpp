#include "app/ask/ask_workspace.h"

#include <QAction>
#include <QEvent>
#include <QVBoxLayout>
#include <utility>

#include "app/ask/ask_panel.h"
#include "app/ask/panel_docks.h"
#include "app/ask/picture_panel.h"
#include "app/ask/trace_summary.h"
#include "app/window/ask_engine.h"
#include "widgets/heat.h"

namespace lvr {
namespace {

constexpr int kSideWidth = 460;
constexpr double kSlowEnoughToWatch = 300;  // ms a latent step; faster answers are replayed

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
    connect(docks_, &PanelDocks::panelAdded, this, &AskWorkspace::panelAdded);
    connect(panel_, &PicturePanel::stepSelected, side_, &AskPanel::selectStep);
    connect(side_, &AskPanel::stepSelected, panel_, [this](int step) {
        panel_->pause();
        panel_->selectStep(step);
    });
}

// ---- What is asked about ----

void AskWorkspace::showPicture(Image picture, const QString& name) {
    const bool questionWasTheSamples = sampleIsAsked();
    sample_.reset();
    clearAnswer();
    trace_.question.images = {std::move(picture)};
    panel_->pictureChanged();
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
    trace_.rois = sample_->rois;
    panel_->pictureChanged();
    side_->setQuestion(QString::fromStdString(sample_->question.text));
    Q_EMIT allWell();
    Q_EMIT titleChanged(tr("%1 scene").arg(QString::fromStdString(sample_->kind)));
    Q_EMIT stateChanged(model_ ? tr("Ready: press Ask") : tr("Opening the model…"));
    updateVerdict();
}

void AskWorkspace::showTrace(const Trace& trace, const QString& file) {
    clearAnswer();
    trace_ = trace;
    sample_.reset();
    if (trace.expectedAnswer)
        sample_ =
            Sample{.question = trace.question, .answer = *trace.expectedAnswer, .rois = trace.rois};
    side_->setQuestion(QString::fromStdString(trace.question.text));
    side_->setRule(trace.options.exit);
    side_->show(trace_);
    panel_->pictureChanged();
    panel_->selectStep(side_->latentCount() - 1);
    Q_EMIT titleChanged(file);
    Q_EMIT stateChanged(
        tr("Asked of %1: %2").arg(QString::fromStdString(trace.model), summary(trace)));
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
    side_->setRule(model.exit);
    Q_EMIT stateChanged(tr("Ready"));
    hintAtScenes();
    if (std::exchange(askWhenOpen_, false)) ask();
    updateActions();
}

void AskWorkspace::modelDidNotOpen() {
    openingModel_.clear();
    askWhenOpen_ = false;
    updateActions();
}

// ---- Asking ----

void AskWorkspace::ask(const QString& question) {
    side_->setQuestion(question);
    ask();
}

void AskWorkspace::ask() {
    const QString text = side_->question();
    if (trace_.question.images.empty()) {
        Q_EMIT failed(
            tr("There is no picture to ask about; open, drop or paste one, or draw a new "
               "scene."));
        return;
    }
    if (text.isEmpty()) {
        Q_EMIT failed(tr("There is no question; type one and press Enter."));
        return;
    }
    if (isOpening()) {
        askWhenOpen_ = true;
        Q_EMIT stateChanged(tr("Will ask when %1 is open…").arg(openingModel_));
        return;
    }
    if (!model_) {
        Q_EMIT modelWanted(tr("No model is open; choose one with Open model…"));
        return;
    }
    clearAnswer();
    if (sampleIsAsked()) {
        trace_.rois = sample_->rois;
        trace_.expectedAnswer = sample_->answer;
    }
    hintAtScenes();
    trace_.question.text = text.toStdString();
    trace_.options.exit = side_->rule();
    trace_.model = model_->name;
    asking_ = true;
    Q_EMIT askWanted(trace_.question, trace_.options);
    Q_EMIT stateChanged(tr("Reading picture and question…"));
    updateActions();
}

void AskWorkspace::forgetWaitingQuestion() { askWhenOpen_ = false; }

void AskWorkspace::begun(const std::vector<PatchGrid>& grids) {
    trace_.grids = grids;
    panel_->stepsChanged();
}

void AskWorkspace::append(const DecodeStep& step) {
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
    side_->show(trace_);
    panel_->stepsChanged();
    Q_EMIT stateChanged(summary(trace_));
    updateVerdict();
    const auto latents = static_cast<double>(latentSteps(trace_).size());
    if (trace_.stopped != StopReason::Cancelled && latents > 1 &&
        trace_.timings.decode < latents * kSlowEnoughToWatch)
        panel_->play();
    updateActions();
    Q_EMIT settled();
}

void AskWorkspace::fail() {
    asking_ = false;
    trace_.stopped = StopReason::Cancelled;
    updateActions();
}

void AskWorkspace::clearAnswer() {
    if (std::exchange(asking_, false)) Q_EMIT answerUnwanted();
    Trace empty;
    empty.question = std::move(trace_.question);
    trace_ = std::move(empty);
    side_->clear();
    panel_->stepsChanged();
    if (!isOpening()) Q_EMIT allWell();
    updateVerdict();
    updateActions();
}

void AskWorkspace::updateVerdict() {
    const bool toCome = trace_.steps.empty() && sampleIsAsked();
    side_->compare(toCome ? std::optional(sample_->answer) : trace_.expectedAnswer,
                   trace_.answer.empty() || asking_ ? std::nullopt : std::optional(trace_.answer));
}

// ---- State ----

void AskWorkspace::updateActions() {
    side_->setStoppable(canStop());
    Q_EMIT actionsChanged();
}

void AskWorkspace::showLastStep() {
    panel_->pause();
    panel_->selectStep(side_->latentCount() - 1);
}

QList<QAction*> AskWorkspace::stepActions() const { return panel_->stepActions(); }
QList<QAction*> AskWorkspace::viewActions() const { return panel_->viewActions(); }
QList<QAction*> AskWorkspace::modeActions() const { return panel_->modeActions(); }
void AskWorkspace::recolour(const QColor& ink) { side_->recolour(ink); }

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
