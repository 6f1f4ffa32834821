#include "app/causal/panel_page.h"

#include <QDataStream>
#include <QHBoxLayout>
#include <QIODevice>
#include <QLabel>
#include <QLineEdit>
#include <QProgressBar>
#include <QPushButton>
#include <QSignalBlocker>
#include <QSplitter>
#include <QVBoxLayout>
#include <utility>

#include "app/causal/panel_export.h"
#include "app/causal/panel_looks.h"
#include "app/causal/panel_run.h"
#include "widgets/causal/causal_picture.h"
#include "widgets/causal/intervention_grid.h"
#include "widgets/causal/intervention_words.h"
#include "widgets/labels.h"
#include "widgets/qt_image.h"
#include "widgets/question_line.h"
#include "widgets/words.h"

namespace lvr {
namespace {

constexpr int kLargestShown = 768, kLeftWidth = 290, kGridHeight = 330;  // pixels

QString beforehand() {
    return QObject::tr(
        "Press Test: the question is asked once, and then what each chosen "
        "intervention on its latents makes of the answer.");
}

QString noThought() {
    return QObject::tr("It did not think here: nothing can be concluded about latents.");
}

}  // namespace

PanelPage::PanelPage(CompareServices services, QWidget* parent)
    : QWidget(parent),
      services_(std::move(services)),
      exporter_(new PanelExporter(
          {.shown =
               [this] {
                   return PanelToExport{panel_, QString::fromStdString(model_.name),
                                        QString::fromStdString(wordsOf(asked_.options)),
                                        grab().toImage(), looks_->figureInFront()};
               },
           .command =
               [this](const QString& picture) { return panelCommand(diagnosed_, asked_, picture); },
           .picture = [this] { return sample_.question.images.at(0); }},
          this)),
      picture_(new CausalPicture),
      question_(new QuestionLine(this)),
      expected_(new QLineEdit(this)),
      other_(new QLineEdit(this)),
      origin_(new ElidedLabel(this)),
      test_(new QPushButton(tr("Test"), this)),
      stop_(new QPushButton(tr("Stop"), this)),
      export_(new QPushButton(tr("Export…"), this)),
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
    expected_->setPlaceholderText(tr("right answer, if it is known"));
    expected_->setAccessibleName(tr("Right answer"));
    expected_->setClearButtonEnabled(true);
    other_->setPlaceholderText(tr("another question about this picture"));
    other_->setAccessibleName(tr("Another question about this picture"));
    other_->setToolTip(
        tr("It lends its latents to “another question's latents” and “another question's "
           "beginning”"));
    other_->setClearButtonEnabled(true);
    origin_->setAccessibleName(tr("Where picture and question come from"));
    summary_->setObjectName("causal.summary");
    summary_->setAccessibleName(tr("What came out untouched"));
    status_->setAccessibleName(tr("State of the panel"));
    status_->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    progress_->setAccessibleName(tr("Progress of the panel"));
    progress_->setTextVisible(false);
    test_->setDefault(true);
    test_->setToolTip(tr("Ask with every chosen intervention (Enter in the question)"));
    stop_->setToolTip(tr("Keep what there is"));
    export_->setToolTip(
        tr("Write the panel, a figure or a picture of the page, with the command "
           "that makes it again (Ctrl+E)"));
    sides_->addWidget(makeQuestion());
    sides_->addWidget(makeResults());
    sides_->setStretchFactor(1, 1);
    sides_->setChildrenCollapsible(false);
    sides_->setSizes({kLeftWidth, 3 * kLeftWidth});
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(8, 8, 8, 8);
    column->addWidget(sides_, 1);
}

QWidget* PanelPage::makeQuestion() {
    auto* left = new QWidget(this);
    auto* buttons = new QHBoxLayout;
    for (auto* each : {test_, stop_, export_}) buttons->addWidget(each, 1);
    auto* column = new QVBoxLayout(left);
    column->setContentsMargins(0, 0, 4, 0);
    column->setSpacing(4);
    column->addWidget(question_);
    column->addWidget(expected_);
    column->addWidget(other_);
    column->addLayout(buttons);
    column->addWidget(picture_, 1);
    column->addWidget(origin_);
    return left;
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
    connect(question_, &QuestionLine::asked, this, &PanelPage::testAsked);
    connect(question_, &QuestionLine::textChanged, this, &PanelPage::questionEdited);
    connect(question_, &QuestionLine::filesGiven, this, &PanelPage::filesGiven);
    connect(question_, &QuestionLine::picturePasted, this, &PanelPage::picturePasted);
    for (auto* each : {expected_, other_})
        connect(each, &QLineEdit::returnPressed, this, &PanelPage::testAsked);
    connect(test_, &QPushButton::clicked, this, &PanelPage::testAsked);
    connect(stop_, &QPushButton::clicked, this, &PanelPage::stop);
    connect(export_, &QPushButton::clicked, this, &PanelPage::chooseExport);
    connect(grid_, &InterventionGrid::currentChanged, this, &PanelPage::showCurrentHeat);
    connect(looks_, &PanelLooks::stepChosen, this, &PanelPage::showStep);
    connect(looks_, &PanelLooks::tokenPointedAt, picture_, &CausalPicture::lightToken);
    connect(picture_, &CausalPicture::tokenPointedAt, looks_, &PanelLooks::lightToken);
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
    sample_ = sample;
    options_ = options;
    origin_->setText(origin);
    {
        const QSignalBlocker quiet(question_);
        question_->setPlainText(QString::fromStdString(sample.question.text));
    }
    expected_->setText(QString::fromStdString(sample.answer));
    other_->setText(QString::fromStdString(anotherQuestion(sample.question.text)));
    const auto& images = sample.question.images;
    picture_->setPicture(images.empty() ? QImage() : toQImage(shrunkTo(images[0], kLargestShown)));
    picture_->setRegions(sample.rois);
    clear();
}

void PanelPage::setRegions(const std::vector<Box>& regions) { grid_->setRegions(regions); }

// The known answer was to another question then.
void PanelPage::questionEdited() {
    if (question_->toPlainText().trimmed().toStdString() == sample_.question.text) return;
    if (expected_->text().toStdString() == sample_.answer) expected_->clear();
    other_->setText(
        QString::fromStdString(anotherQuestion(question_->toPlainText().toStdString())));
    sample_.rois.clear();
    sample_.kind.clear();
    picture_->setRegions({});
    if (hasPanel())
        tell(tr("The panel is of “%1”; press Test for this question.")
                 .arg(QString::fromStdString(panel_.question)));
}

PanelRequest PanelPage::makeRequest() {
    sample_.question.text = question_->toPlainText().trimmed().toStdString();
    sample_.answer = expected_->text().trimmed().toStdString();
    PanelRequest request{.question = causalQuestion(sample_, {}),
                         .options = options_,
                         .interventions = grid_->chosen()};
    const QString other = other_->text().trimmed();
    if (!other.isEmpty())
        request.otherQuestion = Sample{.question = {sample_.question.images, other.toStdString()}};
    return request;
}

// ---- Testing ----

void PanelPage::test() {
    settle();
    if (sample_.question.images.empty())
        return said(tr("There is no picture; ask something first, or draw a new scene."));
    if (question_->toPlainText().trimmed().isEmpty())
        return said(tr("There is no question; type one."));
    if (grid_->chosen().empty())
        return said(tr("No intervention is chosen; check some in the table."));
    begin();
}

void PanelPage::begin() {
    asked_ = makeRequest();
    clear();
    std::function<PanelDonors()> donors;
    if (services_.openSet && donorSet_)
        donors = [open = services_.openSet, sample = sample_,
                  choice = donorChoice(donorSet_(), sample_, services_.sceneKinds)] {
            return donorsFrom(open(choice, {}), sample);
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
    grid_->clearOutcomes();
    looks_->clear(beforehand());
    picture_->showHeat({}, {});
    summary_->setText(beforehand());
    tell({});
    updateButtons();
}

void PanelPage::showUntouched(const CausalPanel& panel) {
    panel_ = panel;
    panel_.outcomes.clear();
    const QImage picture = toQImage(shrunkTo(sample_.question.images[0], kLargestShown));
    picture_->setGrid(panel.grid);
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

void PanelPage::showPanel(const CausalPanel& panel) {
    if (isBusy() || sample_.question.images.empty()) return;
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
        return picture_->showHeat(panel_.heat, tr("untouched: what the answer looks at"));
    picture_->showHeat(current->heat,
                       tr("%1: what the answer looks at").arg(titleOf(current->intervention)));
}

void PanelPage::showStep(int step) {
    if (step < 0 || step >= std::ssize(panel_.steps)) return showCurrentHeat();
    picture_->showHeat(panel_.steps[static_cast<std::size_t>(step)].attention,
                       tr("attention of latent %1").arg(step + 1));
}

void PanelPage::tell(const QString& sentence) {
    status_->setText(sentence);
    status_->setToolTip(sentence);
    progress_->setVisible(isBusy());
}

void PanelPage::updateButtons() {
    stop_->setEnabled(isBusy());
    export_->setEnabled(!isBusy() && hasPanel());
    progress_->setVisible(isBusy());
}

// ---- Files ----

void PanelPage::chooseExport() {
    if (!export_->isEnabled())
        return said(tr("There is nothing to export yet; test a question first."));
    exporter_->choose();
}

void PanelPage::exportTo(const QString& name) { exporter_->exportTo(name); }

void PanelPage::copyCommand() {
    if (sample_.question.images.empty())
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
