#include <QAction>

#include "app/ask/ask_panel.h"
#include "app/ask/ask_workspace.h"
#include "app/ask/detail_row.h"
#include "app/ask/picture_panel.h"
#include "app/ask/trace_summary.h"
#include "app/engine/ask_engine.h"
#include "core/error.h"
#include "widgets/action_tip.h"
#include "widgets/regions/region_tool.h"

// What the person draws on the picture, and the answer that comes of it.
namespace lvr {
namespace {

// Not from the model's own latents, but to be seen beside an answer that is.
bool isGiven(const Trace& trace) {
    return !trace.options.thought.boxes.empty() || isWithoutLatents(trace.options);
}

}  // namespace

void AskWorkspace::wireRegions() {
    RegionTool& regions = panel_->regions();
    ThoughtRow& thoughts = side_->thoughts();
    thoughts.offer(regions.actions().thought);
    connect(&regions, &RegionTool::boxesChanged, this, [this] {
        updateRois();
        updateThoughts();
        if (!turning_) Q_EMIT regionsChanged();
    });
    connect(&regions, &RegionTool::recordWanted, this, &AskWorkspace::wantRecord);
    connect(&regions, &RegionTool::thoughtWanted, this, &AskWorkspace::useAsThought);
    connect(&regions, &RegionTool::failed, this, &AskWorkspace::failed);
    connect(&thoughts, &ThoughtRow::ownWanted, this, [this] {
        if (isGiven(trace_)) showOtherThought();
    });
    connect(&thoughts, &ThoughtRow::givenWanted, this, [this] {
        if (!isGiven(trace_)) showOtherThought();
    });
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

const std::vector<std::string>& AskWorkspace::regionNames() const {
    return panel_->regions().names();
}

// The known answer where there is one, else what the model said to this question.
void AskWorkspace::wantRecord() {
    Sample record = sample();
    record.rois = regions();
    if (record.answer.empty() && record.question.text == trace_.question.text)
        record.answer = trace_.expectedAnswer.value_or(trace_.answer);
    Q_EMIT recordWanted(record, regionNames());
}

void AskWorkspace::setRegions(const std::vector<Box>& boxes,
                              const std::vector<std::string>& names) {
    turning_ = true;
    panel_->regions().setBoxes(boxes, names);
    turning_ = false;
}

void AskWorkspace::useAsThought() {
    if (regions().empty()) return;
    Asked wanted = asked();
    wanted.withRegions = true;
    put(wanted);
}

// ---- Without the latents ----

void AskWorkspace::makeLatentActions() {
    const auto add = [this](const char* name, const QString& text, const QString& tip,
                            const std::function<void()>& act) {
        auto* action = new QAction(text, this);
        action->setObjectName(QString("latents.") + name);
        action->setToolTip(tip);
        updateTip(*action);
        connect(action, &QAction::triggered, this, act);
        latentActions_.append(action);
    };
    add("none", tr("Again with the &markers only"),
        tr("Answer again with nothing between the thought's markers"),
        [this] { askWithoutLatents(LatentFeed::None); });
    add("zero", tr("Again with &zeros"), tr("Answer again with zeros in the place of the latents"),
        [this] { askWithoutLatents(LatentFeed::Zero); });
    add("noise", tr("Again with &noise"),
        tr("Answer again with noise as large as each latent in its place"),
        [this] { askWithoutLatents(LatentFeed::Noise); });
    add("swap", tr("Again with the latents of &another picture"),
        tr("Answer again with the latents of the newest answer about another picture"),
        [this] { Q_EMIT latentsOfAnotherWanted(); });
    side_->thoughts().offerWithoutLatents(latentActions_);
}

void AskWorkspace::offerTest(QAction* test) { side_->thoughts().offerMore(test); }

void AskWorkspace::askWithoutLatents(LatentFeed instead, const BorrowedLatents& borrowed) {
    if (trace_.steps.empty() || asking_) return;
    const Trace& own = isGiven(trace_) && other_ ? *other_ : trace_;
    Asked wanted{.question = own.question.text, .options = own.options};
    wanted.options.thought = {};
    wanted.options.latentFeed = LatentFeed::Own;
    wanted.options.borrowed = {};
    wanted.instead = instead;
    wanted.borrowed = borrowed;
    put(wanted);
}

std::optional<Trace> AskWorkspace::ownAnswer(const Asked& asked) const {
    const auto fits = [&](const Trace& trace) {
        return !isGiven(trace) && !trace.steps.empty() && !asking_ &&
               trace.stopped != StopReason::Cancelled && trace.model == model_->name &&
               trace.options == asked.options && trace.question.text == asked.question;
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
    updateAsked();
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
    side_->thoughts().setAnswered(!trace_.steps.empty() && !asking_);
    side_->thoughts().show(own, given, given == &trace_);
}

// Where nobody knows the regions to look at, they are the drawn ones.
void AskWorkspace::updateRois() {
    trace_.rois = knownRois_.empty() && !trace_.expectedAnswer ? regions() : knownRois_;
    showTargets();
}

void AskWorkspace::showTargets() {
    panel_->showTargets(knownRois_);
    panel_->regions().setKnown(sample_ ? sample_->rois : knownRois_);
}

void AskWorkspace::updateGrids() {
    auto grids = trace_.grids;
    side_->detail().showPictures(trace_.question.images);
    if (grids.empty()) grids = side_->detail().grids();
    panel_->regions().setGrids(std::move(grids));
    updateRois();
}

}  // namespace lvr
