#include "app/compare/set_page.h"

#include <QApplication>
#include <QClipboard>
#include <QFileDialog>
#include <QHBoxLayout>
#include <QLabel>
#include <QMenu>
#include <QPainter>
#include <QProgressBar>
#include <QPushButton>
#include <QSplitter>
#include <QVBoxLayout>
#include <utility>

#include "app/compare/background.h"
#include "app/compare/compare_export.h"
#include "app/compare/compare_run.h"
#include "app/compare/export_files.h"
#include "app/compare/set_choice_form.h"
#include "app/compare/set_scores.h"
#include "widgets/compare/disagreements.h"
#include "widgets/compare/score_table.h"
#include "widgets/compare/steps_plot.h"

namespace lvr {
namespace {

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

}  // namespace

SetPage::SetPage(CompareServices services, QWidget* parent)
    : QWidget(parent),
      services_(std::move(services)),
      files_(new Background(this)),
      choice_(new SetChoiceForm(services_.sceneKinds, this)),
      start_(new QPushButton(tr("Run"), this)),
      stop_(new QPushButton(tr("Stop"), this)),
      export_(new QPushButton(tr("Export"), this)),
      progress_(new QProgressBar(this)),
      status_(new QLabel(this)),
      parts_(new QSplitter(Qt::Vertical, this)),
      table_(new ScoreTable(this)),
      plot_(new StepsPlot(this)),
      disagreements_(new Disagreements(this)) {
    build();
    wire();
    updateWidgets();
}

SetPage::~SetPage() = default;

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
    makeExportMenu();
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
    for (auto* button : {start_, stop_, export_}) row->addWidget(button);
    return choice;
}

QWidget* SetPage::makeProgress() {
    start_->setDefault(true);
    start_->setToolTip(tr("Ask every question with every strategy of the list"));
    stop_->setToolTip(tr("Keep what there is"));
    progress_->setAccessibleName(tr("Progress of the set"));
    progress_->setFixedWidth(220);
    status_->setAccessibleName(tr("State of the set"));
    status_->setText(
        tr("Choose questions here and strategies on the left, then press Run. Stopping keeps what "
           "there is."));
    auto* line = new QWidget(this);
    auto* row = new QHBoxLayout(line);
    row->setContentsMargins(0, 0, 0, 0);
    row->addWidget(progress_);
    row->addWidget(status_, 1);
    return line;
}

void SetPage::makeExportMenu() {
    auto* menu = new QMenu(export_);
    const auto add = [&](const QString& name, const QString& text, SetExport what) {
        menu->addAction(text, this, [this, what] { chooseExport(what); })
            ->setObjectName("set.export-" + name);
    };
    add("csv", tr("Table as CSV…"), SetExport::ScoresCsv);
    add("answers", tr("Every answer as CSV…"), SetExport::AnswersCsv);
    add("json", tr("Everything as JSON…"), SetExport::Json);
    add("markdown", tr("Table as Markdown…"), SetExport::Markdown);
    add("picture", tr("Picture of table and plot…"), SetExport::Picture);
    menu->addSeparator();
    menu->addAction(
            tr("Copy the table as Markdown"), this,
            [this] {
                QApplication::clipboard()->setText(QString::fromStdString(toMarkdown(results_)));
            })
        ->setObjectName("set.copy-markdown");
    export_->setMenu(menu);
}

void SetPage::wire() {
    refresh_.setSingleShot(true);
    refresh_.setInterval(kRefresh);
    connect(&refresh_, &QTimer::timeout, this, &SetPage::showResults);
    connect(start_, &QPushButton::clicked, this, &SetPage::runAsked);
    connect(choice_, &SetChoiceForm::accepted, this, &SetPage::runAsked);
    connect(stop_, &QPushButton::clicked, this, &SetPage::stop);
    const auto against = [this](int strategy) {
        const int other = strategy == 0 && results_.strategies.size() > 1 ? 1 : strategy;
        disagreements_->choose(0, other);
    };
    connect(table_, &ScoreTable::strategyActivated, this, against);
    connect(plot_, &StepsPlot::strategyActivated, this, against);
    connect(disagreements_, &Disagreements::questionActivated, this, &SetPage::showQuestion);
}

SetChoice SetPage::choice() const { return choice_->choice(); }

void SetPage::setChoice(const SetChoice& choice) { choice_->setChoice(choice); }

// ---- Running ----

void SetPage::run(const std::vector<Strategy>& strategies) {
    if (isBusy()) return;
    if (strategies.empty()) return said(tr("There is no strategy; add some on the left."));
    const SetChoice wanted = choice();
    if (choice_->lacksFile())
        return said(tr("There is no data file; choose one, or generated scenes."));
    opening_ = true;
    stopOpening_ = false;
    status_->setText(tr("Reading the questions…"));
    progress_->setRange(0, 0);
    updateWidgets();
    Q_EMIT busyChanged();
    files_->run(
        [this, wanted, strategies, open = services_.openSet]() -> Background::Report {
            return [this, strategies, set = open(wanted)] { begin(set, strategies); };
        },
        [this](const QString& sentence) {
            Q_EMIT failed(sentence);
            settle(true);
        });
}

void SetPage::begin(SampleSet set, const std::vector<Strategy>& strategies) {
    if (stopOpening_) return settle(true);
    set_ = std::move(set);
    results_ = {.set = set_.name, .model = modelName_, .strategies = strategies};
    results_.failures.resize(strategies.size());
    decoded_ = 0;
    clock_.start();
    run_ = new CompareRun(services_, set_, strategies, CompareRun::Report::AnswersOnly, this);
    opening_ = false;
    wireRun();
    run_->start();
    showResults();
    updateWidgets();
}

void SetPage::wireRun() {
    connect(run_, &CompareRun::questionRead, this, [this](int question, const Sample& sample) {
        results_.questions.push_back({.number = question,
                                      .id = sample.id,
                                      .kind = sample.kind,
                                      .text = sample.question.text,
                                      .expected = sample.answer});
        results_.questions.back().outcomes.resize(results_.strategies.size());
    });
    connect(run_, &CompareRun::questionFailed, this, [this](int, const QString& sentence) {
        results_.unreadable.push_back(sentence.toStdString());
        decoded_ += static_cast<int>(results_.strategies.size());
        showProgress();
    });
    connect(run_, &CompareRun::answered, this, &SetPage::keep);
    connect(run_, &CompareRun::strategyFailed, this,
            [this](int, int strategy, const QString& sentence) {
                results_.failures[static_cast<std::size_t>(strategy)] = sentence.toStdString();
                ++decoded_;
                showProgress();
            });
    connect(run_, &CompareRun::finished, this, &SetPage::settle);
}

void SetPage::keep(int, int strategy, const StrategyAnswer& answer) {
    if (answer.trace.stopped == StopReason::Cancelled) return;
    int latents = 0;
    for (const auto& step : answer.trace.steps)
        latents += std::holds_alternative<LatentStep>(step.what);
    results_.questions.back().outcomes[static_cast<std::size_t>(strategy)] =
        Outcome{.answer = answer.trace.answer,
                .right = answer.right.value_or(false),
                .latents = latents,
                .times = answer.times};
    ++decoded_;
    showProgress();
}

void SetPage::stop() {
    stopOpening_ = true;
    if (run_) run_->stop();
}

void SetPage::showProgress() {
    if (!run_) return;
    const int total = run_->questions() * static_cast<int>(results_.strategies.size());
    const int asked = static_cast<int>(results_.questions.size() + results_.unreadable.size());
    progress_->setRange(0, total);
    // Strategies that were given up make a question shorter: the questions say how far it is.
    const int least = (asked - 1) * static_cast<int>(results_.strategies.size());
    decoded_ = std::clamp(decoded_, std::max(least, 0), total);
    progress_->setValue(decoded_);
    const qint64 left = clock_.elapsed() * (total - decoded_) / std::max(decoded_, 1);
    status_->setText(tr("Question %1 of %2, about %3 left")
                         .arg(asked)
                         .arg(run_->questions())
                         .arg(duration(left)));
    if (!refresh_.isActive()) refresh_.start();
}

void SetPage::showResults() {
    const auto scores = scoresOf(results_);
    table_->setScores(scores);
    plot_->setScores(scores);
    disagreements_->setResults(results_);
}

void SetPage::settle(bool stopped) {
    opening_ = false;
    if (run_) {
        run_->disconnect();
        std::exchange(run_, nullptr)->deleteLater();
        showResults();
        const QString asked = questions(results_.questions.size());
        QString text = stopped ? tr("Stopped after %1 of %2").arg(asked).arg(set_.size)
                               : tr("%1 in %2").arg(asked, duration(clock_.elapsed()));
        if (!results_.unreadable.empty())
            text += tr("; %1 could not be read: %2")
                        .arg(questions(results_.unreadable.size()),
                             QString::fromStdString(results_.unreadable.front()));
        status_->setText(text);
    } else {
        status_->setText(tr("Nothing was run."));
    }
    updateWidgets();
    Q_EMIT busyChanged();
}

void SetPage::updateWidgets() {
    const bool busy = isBusy();
    choice_->setEnabled(!busy);
    start_->setEnabled(!busy);
    stop_->setEnabled(busy);
    export_->setEnabled(!busy && !results_.questions.empty());
    progress_->setVisible(busy);
}

void SetPage::showQuestion(int question) {
    files_->run(
        [this, question, set = set_, strategies = results_.strategies]() -> Background::Report {
            return [this, strategies, sample = set.sample(question)] {
                Q_EMIT questionChosen(sample, strategies);
            };
        },
        [this](const QString& sentence) { Q_EMIT failed(sentence); });
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

void SetPage::chooseExport(SetExport what) {
    static const char* const kNames[] = {"strategies.csv", "answers.csv", "comparison.json",
                                         "comparison.md", "comparison.png"};
    const QString file =
        QFileDialog::getSaveFileName(this, tr("Export the comparison"),
                                     QString::fromLatin1(kNames[static_cast<std::size_t>(what)]));
    if (!file.isEmpty()) exportTo(what, file);
}

void SetPage::exportTo(SetExport what, const QString& file) {
    const QImage image = what == SetExport::Picture ? picture() : QImage();
    const auto write = [what, file, image, results = results_] {
        switch (what) {
            case SetExport::ScoresCsv:
                return writeTextFile(file, scoresToCsv(results));
            case SetExport::AnswersCsv:
                return writeTextFile(file, answersToCsv(results));
            case SetExport::Json:
                return writeTextFile(file, toJson(results));
            case SetExport::Markdown:
                return writeTextFile(file, toMarkdown(results));
            case SetExport::Picture:
                return writePictureFile(file, image);
        }
    };
    files_->run(
        [this, file, write]() -> Background::Report {
            write();
            return [this, file] { Q_EMIT said(tr("Saved %1.").arg(file)); };
        },
        [this](const QString& sentence) { Q_EMIT failed(sentence); });
}

}  // namespace lvr
