#include "app/compare/set_page.h"

#include <QApplication>
#include <QClipboard>
#include <QDir>
#include <QHBoxLayout>
#include <QLabel>
#include <QMenu>
#include <QPainter>
#include <QProgressBar>
#include <QPushButton>
#include <QSplitter>
#include <QVBoxLayout>
#include <utility>

#include "app/compare/comparison_store.h"
#include "app/compare/sample_sets.h"
#include "app/compare/set_run.h"
#include "core/eval/comparison_text.h"
#include "core/eval/scores.h"
#include "widgets/compare/disagreements.h"
#include "widgets/compare/past_comparisons.h"
#include "widgets/compare/score_table.h"
#include "widgets/compare/steps_plot.h"
#include "widgets/job.h"
#include "widgets/labels.h"
#include "widgets/save_file.h"

namespace lvr {
namespace {

struct Exported {
    const char* suggestion;
    QList<SaveFormat> formats;
};

Exported exported(SetExport what) {
    switch (what) {
        case SetExport::Table:
            return {"strategies",
                    {{"csv", QObject::tr("CSV, a row a strategy")},
                     {"md", QObject::tr("Markdown table")}}};
        case SetExport::Answers:
            return {"answers", {{"csv", QObject::tr("CSV, a row a question and strategy")}}};
        case SetExport::Everything:
            return {"comparison", {{"json", QObject::tr("JSON")}}};
        case SetExport::Picture:
            return {"comparison", {{"png", QObject::tr("PNG picture")}}};
    }
    return {};
}

std::string textOf(const SetResults& results, SetExport what, const QString& ending) {
    if (what == SetExport::Answers) return answersToCsv(results);
    if (what == SetExport::Everything) return toJson(results);
    return ending == "md" ? toMarkdown(results) : scoresToCsv(results);
}

constexpr int kTableHeight = 190, kPlotWidth = 290;
constexpr int kRefresh = 300;  // ms between two looks at growing results

QString questions(std::size_t count) {
    return count == 1 ? QObject::tr("1 question") : QObject::tr("%1 questions").arg(count);
}

QString duration(qint64 ms) {
    const qint64 seconds = (ms + 999) / 1000;
    if (seconds < 60) return QObject::tr("%1 s").arg(seconds);
    if (seconds < 3600) return QObject::tr("%1 min %2 s").arg(seconds / 60).arg(seconds % 60);
    return QObject::tr("%1 h %2 min").arg(seconds / 3600).arg(seconds / 60 % 60);
}

QString unreadableText(const SetResults& results) {
    if (results.unreadable.empty()) return {};
    return QObject::tr("; %1 could not be read: %2")
        .arg(questions(results.unreadable.size()),
             QString::fromStdString(results.unreadable.front()));
}

}  // namespace

SetExporter::SetExporter(Source source, QWidget* parent)
    : QObject(parent),
      source_(std::move(source)),
      window_(parent),
      menu_(new QMenu(parent)),
      files_(new Job(this)) {
    add("table", tr("Table…"), SetExport::Table);
    add("answers", tr("Every answer…"), SetExport::Answers);
    add("json", tr("Everything as JSON…"), SetExport::Everything);
    add("picture", tr("Picture of table and plot…"), SetExport::Picture);
    menu_->addSeparator();
    menu_
        ->addAction(tr("Copy the table as Markdown"), this,
                    [this] {
                        QApplication::clipboard()->setText(
                            QString::fromStdString(toMarkdown(source_.results())));
                    })
        ->setObjectName("set.copy-markdown");
}

void SetExporter::add(const QString& name, const QString& text, SetExport what) {
    menu_->addAction(text, this, [this, what] { ask(what); })->setObjectName("set.export-" + name);
}

void SetExporter::ask(SetExport what) {
    const auto [suggestion, formats] = exported(what);
    askWhereToSave(
        window_,
        {tr("Export the comparison"), suggestion + ("." + formats.first().ending), formats},
        [this, what](const QString& file, const QString& ending) { write(what, file, ending); });
}

void SetExporter::exportTo(SetExport what, const QString& file) {
    const SaveTarget target = saveTarget(file, exported(what).formats);
    if (!target.problem.isEmpty()) return failed(target.problem);
    write(what, target.file, target.ending);
}

void SetExporter::write(SetExport what, const QString& file, const QString& ending) {
    const QImage image = what == SetExport::Picture ? source_.picture() : QImage();
    files_->add(
        [what, file, ending, image, results = source_.results()] {
            if (what == SetExport::Picture) return writePicture(file, image);
            writeFile(file, QByteArray::fromStdString(textOf(results, what, ending)));
        },
        [this, file] { Q_EMIT said(tr("Saved %1.").arg(QDir::toNativeSeparators(file))); },
        [this](const QString& sentence) { Q_EMIT failed(sentence); });
}

SetPage::SetPage(CompareServices services, QWidget* parent)
    : QWidget(parent),
      services_(std::move(services)),
      files_(new Job(this)),
      run_(new SetRun(services_, this)),
      kept_(new KeptComparisons(services_.store, this)),
      exporter_(new SetExporter(
          {[this]() -> const SetResults& { return results(); }, [this] { return picture(); }},
          this)),
      choice_(new SetChoiceForm(services_.sceneKinds, this)),
      start_(new QPushButton(tr("Run"), this)),
      goOn_(new QPushButton(tr("Go on"), this)),
      stop_(new QPushButton(tr("Stop"), this)),
      pastButton_(new QPushButton(tr("Past…"), this)),
      export_(new QPushButton(tr("Export"), this)),
      progress_(new QProgressBar(this)),
      status_(new ElidedLabel(this)),
      parts_(new QSplitter(Qt::Vertical, this)),
      table_(new ScoreTable(this)),
      plot_(new StepsPlot(this)),
      disagreements_(new Disagreements(this)) {
    build();
    wire();
    wireResults();
    wireKept();
    updateWidgets();
}

SetPage::~SetPage() { disagreements_->setResults(nullptr); }

// ---- Building ----

void SetPage::build() {
    auto* below = new QSplitter(Qt::Horizontal, this);
    below->addWidget(plot_);
    below->addWidget(disagreements_);
    below->setStretchFactor(1, 1);
    below->setChildrenCollapsible(false);
    below->setSizes({kPlotWidth, 2 * kPlotWidth});
    parts_->addWidget(table_);
    parts_->addWidget(below);
    parts_->setStretchFactor(1, 1);
    parts_->setChildrenCollapsible(false);
    parts_->setSizes({kTableHeight, 2 * kTableHeight});
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(8, 8, 8, 8);
    column->addWidget(makeChoice());
    column->addWidget(makeProgress());
    column->addWidget(parts_, 1);
}

QWidget* SetPage::makeChoice() {
    auto* choice = new QWidget(this);
    auto* row = new QHBoxLayout(choice);
    row->setContentsMargins(0, 0, 0, 0);
    row->addWidget(choice_, 1);
    for (auto* button : {start_, stop_}) row->addWidget(button);
    start_->setDefault(true);
    start_->setToolTip(tr("Ask every question with every strategy of the list"));
    goOn_->setToolTip(tr("Ask what is missing in the results below, with their strategies"));
    stop_->setToolTip(tr("Keep what there is"));
    pastButton_->setAccessibleName(tr("Past comparisons"));
    pastButton_->setToolTip(tr("Comparisons that were made before: open, go on with, delete"));
    export_->setMenu(exporter_->menu());
    return choice;
}

QWidget* SetPage::makeProgress() {
    progress_->setAccessibleName(tr("Progress of the set"));
    progress_->setFixedWidth(220);
    status_->setAccessibleName(tr("State of the set"));
    status_->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);  // a long one is cut
    status_->setText(
        tr("Choose questions here and strategies on the left, then press Run. Every answer is kept "
           "as it comes."));
    auto* line = new QWidget(this);
    auto* row = new QHBoxLayout(line);
    row->setContentsMargins(0, 0, 0, 0);
    row->addWidget(progress_);
    row->addWidget(status_, 1);
    for (auto* button : {goOn_, pastButton_, export_}) row->addWidget(button);
    return line;
}

void SetPage::wire() {
    connect(start_, &QPushButton::clicked, this, &SetPage::runAsked);
    connect(choice_, &SetChoiceForm::accepted, this, &SetPage::runAsked);
    connect(goOn_, &QPushButton::clicked, run_, &SetRun::goOn);
    connect(stop_, &QPushButton::clicked, this, &SetPage::stop);
    connect(pastButton_, &QPushButton::clicked, this, &SetPage::showPast);
    connect(run_, &SetRun::failed, this, &SetPage::failed);
    connect(run_, &SetRun::busyChanged, this, [this] {
        if (run_->isOpening()) status_->setText(tr("Reading the questions…"));
        if (run_->isOpening()) progress_->setRange(0, 0);
        updateWidgets();
        Q_EMIT busyChanged();
    });
    connect(run_, &SetRun::finished, this, &SetPage::settle);
    connect(run_, &SetRun::notBegun, this, [this] {
        status_->setText(state_.isEmpty() ? tr("Nothing was run.") : state_);
        updateWidgets();
    });
    connect(exporter_, &SetExporter::said, this, &SetPage::said);
    connect(exporter_, &SetExporter::failed, this, &SetPage::failed);
}

void SetPage::wireResults() {
    refresh_.setSingleShot(true);
    refresh_.setInterval(kRefresh);
    connect(&refresh_, &QTimer::timeout, this, &SetPage::showScores);
    connect(run_, &SetRun::replaced, this, &SetPage::showReplaced);
    connect(run_, &SetRun::questionChanged, disagreements_, &Disagreements::update);
    connect(run_, &SetRun::progressed, this, &SetPage::showProgress);
    const auto against = [this](int strategy) {
        const int other = strategy == 0 && results().strategies.size() > 1 ? 1 : strategy;
        disagreements_->choose(0, other);
    };
    connect(table_, &ScoreTable::strategyActivated, this, against);
    connect(plot_, &StepsPlot::strategyActivated, this, against);
    connect(disagreements_, &Disagreements::questionActivated, this, &SetPage::showQuestion);
}

void SetPage::wireKept() {
    connect(kept_, &KeptComparisons::failed, this, &SetPage::failed);
    connect(kept_, &KeptComparisons::found, this, &SetPage::showOpened);
    connect(kept_, &KeptComparisons::listed, this,
            [this](const std::vector<ComparisonSummary>& comparisons) {
                if (past_) past_->setComparisons(comparisons);
            });
}

SetChoice SetPage::choice() const { return choice_->choice(); }

void SetPage::setChoice(const SetChoice& choice) { choice_->setChoice(choice); }

void SetPage::setModelName(const std::string& name) { run_->setModelName(name); }

bool SetPage::isBusy() const { return run_->isBusy(); }

bool SetPage::isAsking() const { return run_->isBusy() && !run_->isOpening(); }

const SetResults& SetPage::results() const { return run_->results(); }

std::int64_t SetPage::runNumber() const { return run_->runNumber(); }

// ---- Running ----

void SetPage::run(const std::vector<Strategy>& strategies) {
    if (isBusy()) return;
    if (strategies.empty()) return said(tr("There is no strategy; add some on the left."));
    if (choice_->lacksFile())
        return said(tr("There is no data file; choose one, or generated scenes."));
    run_->begin(choice(), strategies);
}

void SetPage::stop() { run_->stop(); }

void SetPage::showProgress() {
    progress_->setRange(0, run_->steps());
    progress_->setValue(run_->step());
    const auto strategies = static_cast<int>(results().strategies.size());
    status_->setText(tr("Question %1 of %2, about %3 left")
                         .arg((run_->step() + strategies - 1) / strategies)
                         .arg(run_->steps() / strategies)
                         .arg(duration(run_->msLeft())));
    if (!refresh_.isActive()) refresh_.start();
}

void SetPage::showScores() {
    const auto scores = scoresOf(results());
    table_->setScores(scores);
    plot_->setScores(scores);
}

void SetPage::showReplaced() {
    disagreements_->setResults(&results());
    showScores();
}

void SetPage::settle(bool stopped) {
    refresh_.stop();
    showScores();
    const QString asked = questions(results().questions.size());
    const int all = run_->steps() / static_cast<int>(results().strategies.size());
    tellState((stopped ? tr("Stopped after %1 of %2").arg(asked).arg(all)
                       : tr("%1 in %2").arg(asked, duration(run_->msSpent()))) +
              unreadableText(results()));
}

void SetPage::tellState(const QString& state) {
    state_ = state;
    status_->setText(state);
    status_->setToolTip(state);
    updateWidgets();
}

void SetPage::updateWidgets() {
    const bool busy = isBusy();
    choice_->setEnabled(!busy);
    start_->setEnabled(!busy);
    goOn_->setEnabled(run_->canGoOn());
    stop_->setEnabled(busy);
    pastButton_->setEnabled(!busy && !services_.store.empty());
    export_->setEnabled(!busy && !results().questions.empty());
    progress_->setVisible(busy);
}

void SetPage::showQuestion(int question) {
    files_->replace([question, read = run_->sampleReader()] { return read(question); },
                    [this, strategies = results().strategies](const Sample& sample) {
                        Q_EMIT questionChosen(sample, strategies);
                    },
                    [this](const QString& sentence) { Q_EMIT failed(sentence); });
}

// ---- What was compared before ----

void SetPage::showPast() {
    past_ = new PastComparisons(this);
    past_->setAttribute(Qt::WA_DeleteOnClose);
    connect(past_, &PastComparisons::openAsked, this, &SetPage::open);
    connect(past_, &PastComparisons::deleteAsked, kept_, &KeptComparisons::remove);
    kept_->list();
    past_->open();
}

void SetPage::open(std::int64_t run) { kept_->read(run); }

void SetPage::showOpened(const Comparison& comparison) {
    if (isBusy()) return;
    run_->show(comparison);
    setChoice(comparison.choice);
    const QString asked = questions(results().questions.size());
    tellState(tr("Comparison %1: %2 of %3, model %4")
                  .arg(comparison.run.id)
                  .arg(asked)
                  .arg(comparison.run.info.steps)
                  .arg(QString::fromStdString(results().model)) +
              unreadableText(results()));
}

// ---- Export ----

// The table as wide as it needs to be, the plot below it.
QImage SetPage::picture() {
    constexpr int kSharp = 2, kPlot = 360;
    const int width = std::max(table_->width(), 700), rows = table_->heightOfAll();
    QImage image(QSize(width, rows + kPlot) * kSharp, QImage::Format_RGB32);
    image.setDevicePixelRatio(kSharp);
    image.fill(palette().base().color());
    const QSize before = table_->size();
    table_->resize(width, rows);
    table_->render(&image);
    table_->resize(before);
    QPainter painter(&image);
    painter.drawImage(QRect(0, rows, width, kPlot), plot_->picture({width, kPlot}, kSharp));
    return image;
}

void SetPage::exportTo(SetExport what, const QString& file) { exporter_->exportTo(what, file); }

}  // namespace lvr
