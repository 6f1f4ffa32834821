#include "app/causal/panel_page.h"

#include <QDataStream>
#include <QHBoxLayout>
#include <QIODevice>
#include <QLabel>
#include <QProgressBar>
#include <QSplitter>
#include <QVBoxLayout>
#include <utility>

#include "app/causal/panel_export.h"
#include "app/causal/panel_looks.h"
#include "app/causal/panel_question.h"
#include "app/causal/panel_run.h"
#include "core/causal/causal_json.h"
#include "widgets/causal/causal_picture.h"
#include "widgets/causal/intervention_grid.h"
#include "widgets/causal/intervention_words.h"
#include "widgets/labels.h"
#include "widgets/words.h"

namespace lvr {
namespace {

constexpr int kLeftWidth = 290, kGridHeight = 330;  // pixels

QString beforehand() {
    return QObject::tr(
        "Press Test: the question is asked once, and then what each chosen "
        "intervention on its latents makes of the answer.");
}

QString noThought() {
    return QObject::tr(
        "It did not think here: nothing can be concluded about latents. Force start, "
        "below Advanced in Ask, makes it begin with a thought.");
}

// Its own, and last the one that is lent from.
std::vector<Image> picturesOf(const PanelRequest& asked) {
    auto pictures = asked.question.question.images;
    if (asked.otherPicture && !asked.otherPicture->question.images.empty())
        pictures.push_back(asked.otherPicture->question.images[0]);
    return pictures;
}

}  // namespace

PanelPage::PanelPage(CompareServices services, QWidget* parent)
    : QWidget(parent),
      services_(std::move(services)),
      exporter_(new PanelExporter({.shown =
                                       [this] {
                                           return PanelToExport{
                                               panel_, QString::fromStdString(model_.name),
                                               QString::fromStdString(wordsOf(asked_.options)),
                                               grab().toImage(), looks_->figureInFront()};
                                       },
                                   .command =
                                       [this](const QStringList& pictures) {
                                           return panelCommand(diagnosed_, asked_, pictures);
                                       },
                                   .pictures = [this] { return picturesOf(asked_); }},
                                  this)),
      question_(new PanelQuestion),
      summary_(new FlowingLabel(this)),
      progress_(new QProgressBar(this)),
      status_(new ElidedLabel(this)),
      grid_(new InterventionGrid),
      looks_(new PanelLooks),
      sides_(new QSplitter(Qt::Horizontal, this)),
      results_(new QSplitter(Qt::Vertical)) {
    build();
    wire();
    clear();
}

PanelPage::~PanelPage() = default;

// ---- Building ----

void PanelPage::build() {
    summary_->setObjectName("causal.summary");
    summary_->setAccessibleName(tr("What came out untouched"));
    status_->setAccessibleName(tr("State of the panel"));
    status_->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    progress_->setAccessibleName(tr("Progress of the panel"));
    progress_->setTextVisible(false);
    sides_->addWidget(question_);
    sides_->addWidget(makeResults());
    sides_->setStretchFactor(1, 1);
    sides_->setChildrenCollapsible(false);
    sides_->setSizes({kLeftWidth, 3 * kLeftWidth});
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(8, 8, 8, 8);
    column->addWidget(sides_, 1);
}

QWidget* PanelPage::makeResults() {
    results_->addWidget(grid_);
    results_->addWidget(looks_);
    results_->setChildrenCollapsible(false);
    results_->setStretchFactor(0, 1);
    results_->setStretchFactor(1, 1);
    results_->setSizes({kGridHeight, kGridHeight});
    auto* line = new QHBoxLayout;
    line->addWidget(progress_);
    line->addWidget(status_, 1);
    auto* right = new QWidget(this);
    auto* column = new QVBoxLayout(right);
    column->setContentsMargins(4, 0, 0, 0);
    column->setSpacing(4);
    column->addWidget(summary_);
    column->addLayout(line);
    column->addWidget(results_, 1);
    return right;
}

void PanelPage::wire() {
    connect(question_, &PanelQuestion::testAsked, this, &PanelPage::testAsked);
    connect(question_, &PanelQuestion::stopAsked, this, &PanelPage::stop);
    connect(question_, &PanelQuestion::exportAsked, this, &PanelPage::chooseExport);
    connect(question_, &PanelQuestion::filesGiven, this, &PanelPage::filesGiven);
    connect(question_, &PanelQuestion::picturePasted, this, &PanelPage::picturePasted);
    connect(question_, &PanelQuestion::edited, this, [this] {
        if (hasPanel())
            tell(tr("The panel is of “%1”; press Test for this question.")
                     .arg(QString::fromStdString(panel_.question)));
    });
    connect(grid_, &InterventionGrid::currentChanged, this, &PanelPage::showCurrentHeat);
    connect(looks_, &PanelLooks::stepChosen, this, &PanelPage::showStep);
    connect(looks_, &PanelLooks::tokenPointedAt, &question_->picture(), &CausalPicture::lightToken);
    connect(&question_->picture(), &CausalPicture::tokenPointedAt, looks_, &PanelLooks::lightToken);
    connect(exporter_, &PanelExporter::said, this, &PanelPage::said);
    connect(exporter_, &PanelExporter::failed, this, &PanelPage::failed);
}

// ---- What is asked ----

void PanelPage::setModel(const ModelInfo& model, const DiagnosedModel& diagnosed) {
    model_ = model;
    diagnosed_ = diagnosed;
}

void PanelPage::setSample(const Sample& sample, const DecodeOptions& options,
                          const QString& origin) {
    settle();
    options_ = options;
    question_->setSample(sample, origin);
    clear();
    showAwaited();
}

void PanelPage::setRegions(const std::vector<Box>& regions) { grid_->setRegions(regions); }

PanelRequest PanelPage::makeRequest() {
    return {.question = causalQuestion(question_->sample(), {}),
            .otherQuestion = question_->otherQuestion(),
            .options = options_,
            .interventions = grid_->chosen()};
}

// ---- Testing ----

void PanelPage::test() {
    settle();
    awaited_.clear();
    if (!question_->hasPicture())
        return said(tr("There is no picture; ask something first, or draw a new scene."));
    if (question_->sample().question.text.empty())
        return said(tr("There is no question; type one."));
    if (std::holds_alternative<NoLatents>(options_.exit))
        return said(
            tr("This model has no latents under the exit rule “none”: choose another rule in "
               "Ask, or open an LVR checkpoint."));
    if (grid_->chosen().empty())
        return said(tr("No intervention is chosen; check some in the table."));
    begin();
}

void PanelPage::begin() {
    asked_ = makeRequest();
    clear();
    std::function<PanelDonors()> donors;
    if (services_.openSet && donorSet_)
        donors = [open = services_.openSet, sample = question_->sample(),
                  choice = donorChoice(donorSet_(), question_->sample(), services_.sceneKinds)] {
            const SampleSet set = open(choice, {});
            PanelDonors found = donorsFrom(set, sample);
            // Answers of the same kind of question; those of any data are no choice for a photo.
            if (choice.kind == sample.kind) found.answers = answersIn(set);
            return found;
        };
    run_ = new PanelRun(services_.runOnEngine, asked_, std::move(donors), this);
    wireRun();
    run_->start();
    progress_->setRange(0, 0);
    tell(tr("Asking the question as it is…"));
    looks_->setEmptyText(tr("This comes when every intervention has been asked."));
    updateButtons();
    Q_EMIT busyChanged();
}

void PanelPage::wireRun() {
    connect(run_, &PanelRun::begun, this,
            [this](const PanelRequest& request) { asked_ = request; });
    connect(run_, &PanelRun::untouched, this, &PanelPage::showUntouched);
    connect(run_, &PanelRun::outcome, this, &PanelPage::showOutcome);
    connect(run_, &PanelRun::finished, this, &PanelPage::showFinished);
    connect(run_, &PanelRun::stopped, this, [this] {
        const int done = run_->done(), all = run_->outcomes();
        settle();
        tell(tr("Stopped after %1 of %2 interventions.").arg(done).arg(all));
    });
    connect(run_, &PanelRun::failed, this, [this](const QString& sentence) {
        settle();
        tell(sentence);
        looks_->setEmptyText(beforehand());
        Q_EMIT failed(sentence);
    });
}

void PanelPage::stop() {
    if (run_) run_->stop();
}

void PanelPage::settle() {
    if (!run_) return;
    run_->disconnect();
    std::exchange(run_, nullptr)->deleteLater();
    updateButtons();
    Q_EMIT busyChanged();
}

// ---- What came out ----

void PanelPage::clear() {
    panel_ = {};
    kept_.clear();
    grid_->clearOutcomes();
    looks_->clear(beforehand());
    question_->picture().showHeat({}, {});
    summary_->setText(beforehand());
    tell({});
    updateButtons();
}

void PanelPage::showUntouched(const CausalPanel& panel) {
    panel_ = panel;
    panel_.outcomes.clear();
    const QImage picture = question_->shownPicture();
    question_->picture().setGrid(panel.grid);
    grid_->setPicture(picture, panel.grid);
    looks_->setPicture(picture, panel.grid);
    summary_->setText(summary());
    progress_->setRange(0, run_ ? run_->outcomes() : 1);
    showCurrentHeat();
}

void PanelPage::showOutcome(const InterventionOutcome& outcome) {
    panel_.outcomes.push_back(outcome);
    grid_->setOutcome(outcome);
    if (!run_) return;
    progress_->setValue(run_->done());
    tell(tr("%1 of %2 interventions, about %3 left")
             .arg(run_->done())
             .arg(run_->outcomes())
             .arg(durationText(static_cast<double>(run_->msLeft()) / 1000)));
}

void PanelPage::showFinished(const CausalPanel& panel) {
    panel_ = panel;
    keepPanel();
    looks_->show(panel_);
    if (panel_.latents == 0) looks_->setEmptyText(noThought());
    summary_->setText(summary());
    settle();
    int flips = 0, done = 0;
    for (const auto& outcome : panel_.outcomes) {
        done += outcome.impossible.empty();
        flips += outcome.flipped;
    }
    tell(tr("%1 of %2 change the answer. The work was that of %3 answers.")
             .arg(flips)
             .arg(done)
             .arg(panel_.decodes, 0, 'f', 1));
    updateButtons();
}

void PanelPage::keepPanel() {
    kept_ = toJsonLine({.id = question_->pictureMark().toStdString(), .panel = panel_});
}

void PanelPage::showKept(const std::string& text) {
    causalItemFrom(text);
    awaited_ = text;
    showAwaited();
}

void PanelPage::showAwaited() {
    if (awaited_.empty() || isBusy() || !question_->hasPicture()) return;
    const CausalItem kept = causalItemFrom(awaited_);
    if (kept.id != question_->pictureMark().toStdString()) return;
    const CausalPanel& panel = kept.panel;
    if (panel.question != question_->sample().question.text) question_->type(panel.question);
    asked_ = makeRequest();
    showUntouched(panel);
    for (const auto& outcome : panel.outcomes) grid_->setOutcome(outcome);
    showFinished(panel);
}

QString PanelPage::summary() const {
    if (panel_.latents == 0 && !panel_.answer.empty())
        return tr("Untouched: “%1”. ").arg(QString::fromStdString(panel_.answer)) + noThought();
    QString text = tr("Untouched: “%1”").arg(QString::fromStdString(panel_.answer));
    if (panel_.right) text += *panel_.right ? tr(", right") : tr(", wrong");
    return text + tr(" · %1 latents · log p %2 · margin %3")
                      .arg(panel_.latents)
                      .arg(changeText(panel_.logProbability), changeText(panel_.margin));
}

void PanelPage::showCurrentHeat() {
    if (!hasPanel()) return;
    const auto current = grid_->current();
    if (!current || current->heat.empty())
        return question_->picture().showHeat(panel_.heat,
                                             tr("untouched: what the answer looks at"));
    question_->picture().showHeat(
        current->heat, tr("%1: what the answer looks at").arg(titleOf(current->intervention)));
}

void PanelPage::showStep(int step) {
    if (step < 0 || step >= std::ssize(panel_.steps)) return showCurrentHeat();
    question_->picture().showHeat(panel_.steps[static_cast<std::size_t>(step)].attention,
                                  tr("attention of latent %1").arg(step + 1));
}

void PanelPage::tell(const QString& sentence) {
    status_->setText(sentence);
    status_->setToolTip(sentence);
    progress_->setVisible(isBusy());
}

void PanelPage::updateButtons() {
    question_->allow(isBusy(), !isBusy() && hasPanel());
    progress_->setVisible(isBusy());
}

// ---- Files ----

void PanelPage::chooseExport() {
    if (isBusy() || !hasPanel())
        return said(tr("There is nothing to export yet; test a question first."));
    exporter_->choose();
}

void PanelPage::exportTo(const QString& name) { exporter_->exportTo(name); }

void PanelPage::copyCommand() {
    if (!question_->hasPicture())
        return said(tr("There is no picture; ask something first, or draw a new scene."));
    if (!hasPanel()) asked_ = makeRequest();
    exporter_->copyCommand();
}

QByteArray PanelPage::saveSplitters() const {
    QByteArray all;
    QDataStream stream(&all, QIODevice::WriteOnly);
    stream << sides_->saveState() << results_->saveState();
    return all;
}

void PanelPage::restoreSplitters(const QByteArray& state) {
    QDataStream stream(state);
    QByteArray sides, results;
    stream >> sides >> results;
    if (stream.status() != QDataStream::Ok) return;
    sides_->restoreState(sides);
    results_->restoreState(results);
}

}  // namespace lvr
