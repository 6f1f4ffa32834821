#include "app/ask/ask_panel.h"
#include "app/ask/ask_workspace.h"
#include "app/ask/picture_panel.h"
#include "app/ask/trace_summary.h"
#include "app/engine/ask_engine.h"
#include "core/trace/heat.h"
#include "widgets/regions/region_tool.h"

// What is asked about, and what is on screen of it.
namespace lvr {
namespace {

// Regions to look at are targets where the answer is known too; otherwise the person drew them.
std::vector<Box> targetsOf(const Trace& trace) {
    return trace.expectedAnswer ? trace.rois : std::vector<Box>();
}

std::vector<Box> regionsOf(const Trace& trace) {
    if (!trace.options.thought.boxes.empty()) return trace.options.thought.boxes;
    return trace.expectedAnswer ? std::vector<Box>() : trace.rois;
}

}  // namespace

// Of what was on screen before nothing comes any more.
void AskWorkspace::leave() {
    if (!trace_.question.images.empty()) Q_EMIT leaving();
    ++newestTurn_;
    waiting_.reset();
    clearAnswer();
    trace_.question = {};
    knownRois_.clear();
}

void AskWorkspace::turnTo(const QString& title, std::vector<Box> regions) {
    turning_ = true;
    panel_->pictureChanged();
    panel_->regions().setBoxes(std::move(regions));
    updateGrids();
    turning_ = false;
    title_ = title;
    Q_EMIT pictureShown(trace_.question.images);
    Q_EMIT titleChanged(title);
    Q_EMIT allWell();
}

void AskWorkspace::showPicture(Image picture, const QString& name) {
    const bool questionWasTheSamples = isTheSamples(side_->question().toStdString());
    leave();
    sample_.reset();
    trace_.question.images = {std::move(picture)};
    turnTo(name, {});
    if (questionWasTheSamples) side_->setQuestion({});
    side_->focusQuestion();
    Q_EMIT stateChanged(tr("Ready"));
    updateVerdict();
    hintAtScenes();
}

void AskWorkspace::showSample(Sample sample) {
    leave();
    sample_ = std::move(sample);
    trace_.question.images = sample_->question.images;
    knownRois_ = sample_->rois;
    turnTo(sample_->id.empty() ? tr("%1 scene").arg(QString::fromStdString(sample_->kind))
                               : QString::fromStdString(sample_->id),
           {});
    side_->setQuestion(QString::fromStdString(sample_->question.text));
    Q_EMIT stateChanged(model_ ? tr("Ready: press Ask") : tr("Opening the model…"));
    updateVerdict();
}

void AskWorkspace::showTrace(const Trace& trace, const QString& file) {
    AskPlace place{.title = file, .trace = trace};
    place.question = hasDraft() ? side_->question() : QString::fromStdString(trace.question.text);
    if (trace.expectedAnswer)
        place.sample =
            Sample{.question = trace.question, .answer = *trace.expectedAnswer, .rois = trace.rois};
    showPlace(place);
}

void AskWorkspace::showPlace(const AskPlace& place) {
    leave();
    sample_ = place.sample;
    trace_ = place.trace;
    knownRois_ = targetsOf(trace_);
    auto regions = regionsOf(trace_);
    if (trace_.steps.empty()) {  // as in snapshot()
        trace_.grids.clear();
        trace_.expectedAnswer.reset();
    }
    turnTo(place.title, std::move(regions));
    side_->setQuestion(place.question);
    showAnswerParts();
}

AskPlace AskWorkspace::place() const {
    return {.title = title_, .question = side_->question(), .trace = snapshot(), .sample = sample_};
}

// The person's own regions belong to the picture, not to the answer.
void AskWorkspace::showAnswer(const Trace& trace) {
    ++newestTurn_;
    clearAnswer();
    trace_ = trace;
    knownRois_ = targetsOf(trace);
    showTargets();
    showAnswerParts();
}

void AskWorkspace::showAnswerParts() {
    side_->show(trace_);
    panel_->stepsChanged();
    showLastStep();
    Q_EMIT stateChanged(
        trace_.steps.empty() ? tr("Ready")
        : trace_.model.empty()
            ? summary(trace_)
            : tr("Asked of %1: %2").arg(QString::fromStdString(trace_.model), summary(trace_)));
    updateAsked();
    updateVerdict();
    updateActions();
}

bool AskWorkspace::isTheSamples(const std::string& question) const {
    return sample_ && question == sample_->question.text;
}

bool AskWorkspace::hasDraft() const {
    const auto line = side_->question().toStdString();
    return !line.empty() && !isTheSamples(line) && line != trace_.question.text;
}

Trace AskWorkspace::snapshot() const {
    const bool isWhole =
        !asking_ && !trace_.steps.empty() && (trace_.hiddenSize > 0 || latentSteps(trace_).empty());
    if (isWhole) return trace_;
    const Sample asked = sample();
    Trace trace{.question = asked.question, .rois = asked.rois};
    trace.grids.assign(asked.question.images.size(), {1, 1});  // unknown yet; a file has them
    if (isTheSamples(asked.question.text)) trace.expectedAnswer = asked.answer;
    return trace;
}

Sample AskWorkspace::sample() const {
    Sample asked;
    if (isTheSamples(side_->question().toStdString())) asked = *sample_;
    asked.question.images = trace_.question.images;
    asked.question.text = side_->question().toStdString();
    return asked;
}

}  // namespace lvr
