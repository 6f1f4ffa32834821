#include "app/causal/tested_set_page.h"

#include <QDir>
#include <QHBoxLayout>
#include <QLabel>
#include <QPainter>
#include <QProgressBar>
#include <QPushButton>
#include <QSplitter>
#include <QTabBar>
#include <QTabWidget>
#include <QVBoxLayout>
#include <utility>

#include "app/causal/panel_text.h"
#include "app/causal/set_plots.h"
#include "app/compare/sample_sets.h"
#include "core/causal/causal_html.h"
#include "core/causal/causal_json.h"
#include "core/store/run_store.h"
#include "widgets/causal/effect_plot.h"
#include "widgets/causal/effect_table.h"
#include "widgets/causal/linear_probe_table.h"
#include "widgets/compare/past_comparisons.h"
#include "widgets/job.h"
#include "widgets/labels.h"
#include "widgets/save_file.h"
#include "widgets/words.h"

namespace lvr {
namespace {

constexpr int kRefreshEvery = 400;  // ms between two looks at growing results
constexpr QSize kPlotSize(640, 380);

QList<SaveFormat> setFormats() {
    return {{"csv", QObject::tr("Interventions, a row each")},
            {"html", QObject::tr("Report, a page of its own")},
            {"json", QObject::tr("Everything as JSON")},
            {"png", QObject::tr("Picture of table and plots")},
            {"svg", QObject::tr("Effect over dose; with none, the shift of the margin")}};
}

std::string reportText(const CausalReport& report, const QString& ending) {
    if (ending == "csv") return effectsToCsv(report.interventions, report.command);
    return ending == "html" ? toHtml(report) : toJson(report) + "\n";
}

QString questionsText(int count) {
    return count == 1 ? QObject::tr("1 question") : QObject::tr("%1 questions").arg(count);
}

// Of how many nothing is counted, and why.
QString leftOutText(const TestedSet& set) {
    int unthought = 0, problems = 0;
    QString last;
    for (const auto& item : set.items) {
        unthought += item.problem.empty() && item.item.panel.latents == 0;
        if (item.problem.empty()) continue;
        ++problems;
        last = QString::fromStdString(item.problem);
    }
    QString text;
    if (unthought > 0)
        text += QObject::tr("; %1 answered without a thought and don't count").arg(unthought);
    if (problems > 0)
        text += QObject::tr("; %1 could not be tested: %2").arg(questionsText(problems), last);
    return text;
}

}  // namespace

TestedSetPage::TestedSetPage(CompareServices services, QWidget* parent)
    : QWidget(parent),
      services_(std::move(services)),
      interventions_(standardPanel()),
      run_(new TestedSetRun(services_, this)),
      files_(new Job(this)),
      counts_(new Job(this)),
      choice_(new SetChoiceForm(services_.sceneKinds, this)),
      start_(new QPushButton(tr("Run"), this)),
      goOn_(new QPushButton(tr("Go on"), this)),
      stop_(new QPushButton(tr("Stop"), this)),
      pastButton_(new QPushButton(tr("Past…"), this)),
      export_(new QPushButton(tr("Export…"), this)),
      progress_(new QProgressBar(this)),
      status_(new ElidedLabel(this)),
      chosen_(new ElidedLabel(this)),
      verdict_(new FlowingLabel(this)),
      table_(new EffectTable(this)),
      dose_(new EffectPlot("dose", tr("Effect over dose"),
                           tr("noise, times the latents' own spread"),
                           tr("change of log p of its answer"))),
      shift_(new EffectPlot("shift", tr("Shift of the margin"),
                            tr("margin of the untouched answer"),
                            tr("shift of the margin, others' latents fed"))),
      probes_(new LinearProbeTable(this)),
      parts_(new QSplitter(Qt::Vertical, this)) {
    build();
    wire();
    wireRun();
    setInterventions(interventions_);
    updateWidgets();
}

// ---- Building ----

void TestedSetPage::build() {
    verdict_->setObjectName("causal.verdict");
    verdict_->setAccessibleName(tr("Whether the latents are used"));
    verdict_->hide();
    const QString nothing = tr("Comes with the first questions.");
    dose_->setEmptyText(tr("Choose noise of several strengths and run a set."));
    shift_->setEmptyText(nothing);
    auto* plots = new QSplitter(Qt::Horizontal);
    plots->addWidget(dose_);
    plots->addWidget(shift_);
    plots->setChildrenCollapsible(false);
    auto* below = new QTabWidget;
    below->setDocumentMode(true);
    below->setAccessibleName(tr("More about the set"));
    below->tabBar()->setAccessibleName(tr("Plots or probes"));
    below->addTab(plots, tr("Plots"));
    below->addTab(probes_, tr("Probes"));
    below->setTabToolTip(1, tr("What a linear probe reads from latents and answers; comes when "
                               "every question was asked, of 40 or more"));
    parts_->addWidget(table_);
    parts_->addWidget(below);
    parts_->setChildrenCollapsible(false);
    parts_->setSizes({320, 240});
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(8, 8, 8, 8);
    column->addWidget(makeChoice());
    column->addWidget(makeProgress());
    column->addWidget(verdict_);
    column->addWidget(parts_, 1);
}

QWidget* TestedSetPage::makeChoice() {
    auto* choice = new QWidget(this);
    auto* row = new QHBoxLayout(choice);
    row->setContentsMargins(0, 0, 0, 0);
    row->addWidget(choice_, 1);
    for (auto* button : {start_, stop_}) row->addWidget(button);
    start_->setDefault(true);
    start_->setToolTip(
        tr("Test every question with the interventions that are chosen in One question. Each is "
           "asked once before, to know the set's mean latent and what its questions lend each "
           "other"));
    stop_->setToolTip(tr("Keep what there is"));
    goOn_->setToolTip(tr("Test what is missing in the results below"));
    pastButton_->setToolTip(tr("Sets that were tested before: open, go on with, delete"));
    pastButton_->setAccessibleName(tr("Past sets"));
    export_->setToolTip(
        tr("Write table, plots or every answer, with the command that makes them "
           "again (Ctrl+E)"));
    return choice;
}

QWidget* TestedSetPage::makeProgress() {
    progress_->setAccessibleName(tr("Progress of the set"));
    progress_->setFixedWidth(180);
    status_->setAccessibleName(tr("State of the set"));
    for (auto* label : {status_, chosen_})
        label->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    chosen_->setAccessibleName(tr("Interventions that are asked"));
    status_->setText(tr("Choose questions and press Run. Every answer is kept as it comes."));
    auto* line = new QWidget(this);
    auto* row = new QHBoxLayout(line);
    row->setContentsMargins(0, 0, 0, 0);
    row->addWidget(progress_);
    row->addWidget(status_, 3);
    row->addWidget(chosen_, 1);
    for (auto* button : {goOn_, pastButton_, export_}) row->addWidget(button);
    return line;
}

void TestedSetPage::wire() {
    connect(start_, &QPushButton::clicked, this, &TestedSetPage::runAsked);
    connect(choice_, &SetChoiceForm::accepted, this, &TestedSetPage::runAsked);
    connect(goOn_, &QPushButton::clicked, run_, &TestedSetRun::goOn);
    connect(stop_, &QPushButton::clicked, this, &TestedSetPage::stop);
    connect(pastButton_, &QPushButton::clicked, this, &TestedSetPage::showPast);
    connect(export_, &QPushButton::clicked, this, &TestedSetPage::chooseExport);
    refresh_.setSingleShot(true);
    refresh_.setInterval(kRefreshEvery);
    connect(&refresh_, &QTimer::timeout, this, &TestedSetPage::showEffects);
}

void TestedSetPage::wireRun() {
    connect(run_, &TestedSetRun::failed, this, &TestedSetPage::failed);
    connect(run_, &TestedSetRun::busyChanged, this, [this] {
        if (run_->isOpening()) status_->setText(tr("Reading the questions…"));
        if (run_->isOpening()) progress_->setRange(0, 0);
        updateWidgets();
        Q_EMIT busyChanged();
    });
    connect(run_, &TestedSetRun::replaced, this, &TestedSetPage::showEffects);
    connect(run_, &TestedSetRun::progressed, this, &TestedSetPage::showProgress);
    connect(run_, &TestedSetRun::finished, this, &TestedSetPage::settle);
    connect(run_, &TestedSetRun::notBegun, this, [this] {
        status_->setText(state_.isEmpty() ? tr("Nothing was run.") : state_);
        updateWidgets();
    });
}

// ---- Running ----

SetChoice TestedSetPage::choice() const { return choice_->choice(); }

void TestedSetPage::setChoice(const SetChoice& choice) { choice_->setChoice(choice); }

void TestedSetPage::setModel(const DiagnosedModel& model) {
    model_ = model;
    run_->setModelName(model.name);
}

void TestedSetPage::setInterventions(const std::vector<Intervention>& chosen) {
    interventions_ = chosen;
    chosen_->setText(tr("%1 interventions chosen in One question").arg(chosen.size()));
}

void TestedSetPage::run(const DecodeOptions& options) {
    if (isBusy()) return;
    if (interventions_.empty())
        return said(tr("No intervention is chosen; check some in One question."));
    if (std::holds_alternative<NoLatents>(options.exit))
        return said(
            tr("This model has no latents under the exit rule “none”: choose another rule in "
               "Ask, or open an LVR checkpoint."));
    if (choice_->lacksFile())
        return said(tr("There is no data file; choose one, or generated scenes."));
    options_ = options;
    run_->begin({.choice = choice(),
                 .interventions = interventions_,
                 .options = options,
                 .command = setCommand(model_, choice(), interventions_, options).toStdString()});
}

void TestedSetPage::stop() { run_->stop(); }

void TestedSetPage::showProgress() {
    progress_->setRange(0, run_->questions());
    const bool isLooking = run_->isLooking();
    progress_->setValue(isLooking ? run_->looked() : run_->done());
    status_->setText((isLooking ? tr("Asked once: %1 of %2, about %3 until they are tested")
                                : tr("Question %1 of %2, about %3 left"))
                         .arg(isLooking ? run_->looked() : run_->done())
                         .arg(run_->questions())
                         .arg(durationText(static_cast<double>(run_->msLeft()) / 1000)));
    if (!refresh_.isActive()) refresh_.start();
}

// Away from the GUI thread; what comes meanwhile is counted afterwards.
void TestedSetPage::showEffects() {
    stale_ = true;
    if (std::exchange(counting_, true)) return;
    stale_ = false;
    counts_->add([set = set()] { return set.items.empty() ? CausalReport() : reportOf(set); },
                 [this](const CausalReport& report) {
                     showReport(report);
                     counted();
                 },
                 [this](const QString& sentence) {
                     Q_EMIT failed(sentence);
                     counted();
                 });
}

void TestedSetPage::showReport(const CausalReport& report) {
    report_ = report;
    table_->setEffects(report.interventions);
    dose_->setSeries(doseSeries(report));
    shift_->setSeries(shiftSeries(report));
    probes_->setProbes(report.probes);
    const LatentVerdict& verdict = report.verdict;
    verdict_->setVisible(!report.interventions.empty());
    verdict_->setText(QString::fromStdString(verdict.sentence));
    QStringList evidence;
    for (const auto& each : verdict.evidence) evidence << QString::fromStdString(each);
    verdict_->setToolTip(evidence.join('\n'));
}

void TestedSetPage::counted() {
    counting_ = false;
    if (stale_) return showEffects();
    Q_EMIT busyChanged();
}

void TestedSetPage::settle(bool stopped) {
    refresh_.stop();
    showEffects();
    const QString asked = questionsText(run_->done());
    tellState((stopped ? tr("Stopped after %1 of %2").arg(asked).arg(run_->questions())
                       : tr("%1 in %2").arg(asked, durationText(double(run_->msSpent()) / 1000))) +
              leftOutText(set()));
}

void TestedSetPage::tellState(const QString& state) {
    state_ = state;
    status_->setText(state);
    status_->setToolTip(state);
    updateWidgets();
}

void TestedSetPage::updateWidgets() {
    const bool busy = isBusy();
    choice_->setEnabled(!busy);
    start_->setEnabled(!busy);
    goOn_->setEnabled(run_->canGoOn());
    stop_->setEnabled(busy);
    pastButton_->setEnabled(!busy && !services_.store.empty());
    export_->setEnabled(hasExport());
    progress_->setVisible(busy);
}

// ---- What was tested before ----

void TestedSetPage::showPast() {
    if (!pastButton_->isEnabled())
        return said(services_.store.empty() ? tr("No set is kept: there is no run store.")
                                            : tr("A set is being tested; stop it first."));
    past_ = new PastComparisons({tr("Past sets"), tr("No set was tested yet; Run makes one."),
                                 tr("Interventions"), tr("set")},
                                this);
    past_->setAttribute(Qt::WA_DeleteOnClose);
    const auto list = [this, store = services_.store] {
        files_->add(
            [store] {
                return std::filesystem::exists(store)
                           ? listTestedSets(RunStore(store, RunStore::Access::Read))
                           : std::vector<ComparisonSummary>();
            },
            [this](const std::vector<ComparisonSummary>& all) {
                if (past_) past_->setComparisons(all);
            },
            [this](const QString& sentence) { Q_EMIT failed(sentence); });
    };
    connect(past_, &PastComparisons::openAsked, this, &TestedSetPage::open);
    connect(past_, &PastComparisons::deleteAsked, this,
            [this, list, store = services_.store](qint64 run) {
                files_->add([store, run] { RunStore(store).remove(run); }, list,
                            [this](const QString& sentence) { Q_EMIT failed(sentence); });
            });
    list();
    past_->open();
}

void TestedSetPage::open(std::int64_t run) {
    files_->add([store = services_.store,
                 run] { return readTestedSet(RunStore(store, RunStore::Access::Read), run); },
                [this](const TestedSet& set) { showOpened(set); },
                [this](const QString& sentence) { Q_EMIT failed(sentence); });
}

void TestedSetPage::showOpened(const TestedSet& set) {
    if (isBusy()) return;
    run_->show(set);
    setChoice(set.choice);
    tellState(tr("Set %1: %2 of %3, model %4")
                  .arg(set.run.id)
                  .arg(questionsText(run_->done()))
                  .arg(set.run.info.steps)
                  .arg(QString::fromStdString(set.run.info.parent)) +
              leftOutText(set));
}

// ---- Files ----

QString TestedSetPage::command() const {
    if (!set().interventions.empty()) return QString::fromStdString(set().run.info.command);
    return setCommand(model_, choice(), interventions_, options_);
}

// The table as wide as it needs to be, the plots below it.
QImage TestedSetPage::picture() {
    constexpr int kSharp = 2, kWidth = 1100;
    const int rows = table_->heightOfAll(), plot = kWidth / 2;
    QImage image(QSize(kWidth, rows + kPlotSize.height()) * kSharp, QImage::Format_RGB32);
    image.setDevicePixelRatio(kSharp);
    image.fill(Qt::white);
    const QSize before = table_->size();
    table_->resize(kWidth, rows);
    table_->render(&image);
    table_->resize(before);
    QPainter painter(&image);
    const QSize size(plot, kPlotSize.height());
    painter.drawImage(QRect(QPoint(0, rows), size), dose_->image(size, kSharp));
    painter.drawImage(QRect(QPoint(plot, rows), size), shift_->image(size, kSharp));
    painter.end();
    image.setText("Command", command());
    return image;
}

void TestedSetPage::chooseExport() {
    if (!hasExport()) return said(tr("There is nothing to export yet; run a set first."));
    askWhereToSave(this, {tr("Export the set"), QStringLiteral("causal-set.csv"), setFormats()},
                   [this](const QString& file, const QString&) { exportTo(file); });
}

void TestedSetPage::exportTo(const QString& name) {
    const auto [file, ending, problem] = saveTarget(name, setFormats());
    if (!problem.isEmpty()) return failed(problem);
    const QString made = command();
    std::function<void()> write;
    if (ending == "png")
        write = [file = file, image = picture()] { writePicture(file, image); };
    else if (ending == "svg")
        write = [file = file, svg = (dose_->isEmpty() ? shift_ : dose_)->svg(kPlotSize, made)] {
            writeFile(file, svg);
        };
    else
        write = [file = file, ending = ending, set = set()] {
            writeFile(file, QByteArray::fromStdString(reportText(reportOf(set), ending)));
        };
    files_->add(
        std::move(write),
        [this, file = file] { Q_EMIT said(tr("Saved %1.").arg(QDir::toNativeSeparators(file))); },
        [this](const QString& sentence) { Q_EMIT failed(sentence); });
}

}  // namespace lvr
