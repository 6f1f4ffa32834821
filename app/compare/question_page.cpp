#include "app/compare/question_page.h"

#include <QHBoxLayout>
#include <QLineEdit>
#include <QPushButton>
#include <QSignalBlocker>
#include <QVBoxLayout>
#include <utility>

#include "app/compare/compare_run.h"
#include "core/eval/comparison_text.h"
#include "widgets/compare/answer_columns.h"
#include "widgets/compare/step_strips.h"
#include "widgets/job.h"
#include "widgets/labels.h"
#include "widgets/qt_image.h"
#include "widgets/question_line.h"
#include "widgets/save_file.h"

namespace lvr {
namespace {

constexpr int kLargestPicture = 512;

QList<SaveFormat> columnFormats() {
    return {{"png", QObject::tr("Picture")}, {"csv", QObject::tr("Steps and times")}};
}

}  // namespace

QuestionPage::QuestionPage(CompareServices services, QWidget* parent)
    : QWidget(parent),
      services_(std::move(services)),
      files_(new Job(this)),
      picture_(new StepPicture(this)),
      question_(new QuestionLine(this)),
      expected_(new QLineEdit(this)),
      origin_(new ElidedLabel(this)),
      compare_(new QPushButton(tr("Compare"), this)),
      stop_(new QPushButton(tr("Stop"), this)),
      export_(new QPushButton(tr("Export…"), this)),
      stale_(new FlowingLabel(this)),
      columns_(new AnswerColumns(this)) {
    build();
    wire();
    updateButtons();
}

QuestionPage::~QuestionPage() = default;

void QuestionPage::build() {
    picture_->setFixedSize(84, 84);
    picture_->setEmptyText(tr("no picture"));
    picture_->setAccessibleName(tr("Picture"));
    expected_->setPlaceholderText(tr("right answer, if it is known"));
    expected_->setAccessibleName(tr("Right answer"));
    expected_->setClearButtonEnabled(true);
    origin_->setAccessibleName(tr("Where picture and question come from"));
    compare_->setDefault(true);
    compare_->setToolTip(tr("Ask with every strategy of the list (Enter in the question)"));
    stop_->setToolTip(tr("Keep what there is"));
    export_->setToolTip(tr("Save the columns as a picture (PNG) or their numbers as CSV"));
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(8, 8, 8, 0);
    column->addWidget(makeControls());
    column->addWidget(stale_);
    column->addWidget(columns_, 1);
    stale_->setObjectName("compare.stale");
    stale_->hide();
}

QWidget* QuestionPage::makeControls() {
    auto* controls = new QWidget(this);
    auto* buttons = new QHBoxLayout;
    buttons->addWidget(expected_, 1);
    buttons->addWidget(origin_);
    buttons->addSpacing(12);
    for (auto* each : {compare_, stop_, export_}) buttons->addWidget(each);
    auto* right = new QVBoxLayout;
    right->addWidget(question_);
    right->addLayout(buttons);
    auto* row = new QHBoxLayout(controls);
    row->setContentsMargins(0, 0, 0, 0);
    row->addWidget(picture_);
    row->addLayout(right, 1);
    return controls;
}

void QuestionPage::wire() {
    connect(question_, &QuestionLine::asked, this, &QuestionPage::asked);
    connect(question_, &QuestionLine::textChanged, this, &QuestionPage::questionEdited);
    connect(question_, &QuestionLine::filesGiven, this, &QuestionPage::filesGiven);
    connect(question_, &QuestionLine::picturePasted, this, &QuestionPage::picturePasted);
    connect(compare_, &QPushButton::clicked, this, &QuestionPage::asked);
    connect(stop_, &QPushButton::clicked, this, &QuestionPage::stop);
    connect(export_, &QPushButton::clicked, this, &QuestionPage::chooseExport);
}

// ---- What is asked ----

void QuestionPage::setSample(const Sample& sample, const QString& origin) {
    origin_->setText(origin);
    settle();
    if (columns_->count() > 0 && !stale_->isVisibleTo(this)) {
        stale_->setText(tr("The answers below are to “%1” about the picture before this one.")
                            .arg(QString::fromStdString(sample_.question.text)));
        stale_->show();
    }
    sample_ = sample;
    {
        const QSignalBlocker quiet(question_);
        question_->setPlainText(QString::fromStdString(sample.question.text));
    }
    expected_->setText(QString::fromStdString(sample.answer));
    if (sample.question.images.empty()) return picture_->showHeat({}, {});
    picture_->showHeat(toQImage(shrunkTo(sample.question.images[0], kLargestPicture)), {});
}

// The known answer was to another question then.
void QuestionPage::questionEdited() {
    if (question_->toPlainText().trimmed().toStdString() == sample_.question.text) return;
    if (expected_->text().toStdString() == sample_.answer) expected_->clear();
    sample_.rois.clear();
}

// ---- Comparing ----

void QuestionPage::compare(const std::vector<Strategy>& strategies) {
    settle();
    sample_.question.text = question_->toPlainText().trimmed().toStdString();
    sample_.answer = expected_->text().trimmed().toStdString();
    if (strategies.empty()) return said(tr("There is no strategy; add some on the left."));
    if (sample_.question.images.empty())
        return said(tr("There is no picture; open one or draw a new scene."));
    if (sample_.question.text.empty()) return said(tr("There is no question; type one."));
    stale_->hide();
    columns_->setStrategies(strategies);
    columns_->setPicture(sample_.question.images[0]);
    const SampleSet set{.size = 1, .sample = [sample = sample_](int) { return sample; }};
    run_ = new CompareRun(services_, set, strategies, CompareRun::Report::StepsToo, this);
    wireRun();
    run_->start();
    updateButtons();
    Q_EMIT busyChanged();
}

void QuestionPage::wireRun() {
    connect(run_, &CompareRun::begun, columns_,
            [this](int, int s, const std::vector<PatchGrid>& grids) { columns_->begin(s, grids); });
    connect(run_, &CompareRun::stepDecoded, columns_,
            [this](int, int s, const DecodeStep& step) { columns_->append(s, step); });
    connect(run_, &CompareRun::answered, columns_,
            [this](int, int s, const StrategyAnswer& answer) { columns_->finish(s, answer); });
    connect(run_, &CompareRun::strategyFailed, columns_,
            [this](int, int s, const QString& sentence) { columns_->fail(s, sentence); });
    connect(run_, &CompareRun::finished, this, &QuestionPage::settle);
}

void QuestionPage::stop() {
    if (run_) run_->stop();
}

void QuestionPage::settle() {
    if (!run_) return;
    run_->disconnect();
    std::exchange(run_, nullptr)->deleteLater();
    columns_->stopWaiting();
    updateButtons();
    Q_EMIT busyChanged();
}

void QuestionPage::updateButtons() {
    compare_->setEnabled(!run_);
    stop_->setEnabled(run_);
    export_->setEnabled(!run_ && columns_->count() > 0);
}

// ---- Export ----

void QuestionPage::chooseExport() {
    if (!export_->isEnabled()) return said(tr("There is nothing to export yet; compare first."));
    askWhereToSave(this,
                   {tr("Export the columns"), QStringLiteral("comparison.png"), columnFormats()},
                   [this](const QString& file, const QString&) { exportTo(file); });
}

std::string QuestionPage::toCsv() const {
    std::vector<Strategy> strategies;
    std::vector<StrategyAnswer> answers;
    for (int i = 0; i < columns_->count(); ++i) {
        strategies.push_back(columns_->column(i).strategy());
        answers.push_back(columns_->column(i).answer());
    }
    return stepsToCsv(strategies, answers);
}

void QuestionPage::exportTo(const QString& name) {
    const auto [file, ending, problem] = saveTarget(name, columnFormats());
    if (!problem.isEmpty()) return failed(problem);
    std::function<void()> write;
    if (ending == QStringLiteral("png"))
        write = [file = file, image = columns_->grabAll()] { writePicture(file, image); };
    else
        write = [file = file, csv = toCsv()] { writeFile(file, QByteArray::fromStdString(csv)); };
    files_->add(
        std::move(write), [this, file = file] { Q_EMIT said(tr("Saved %1.").arg(file)); },
        [this](const QString& sentence) { Q_EMIT failed(sentence); });
}

}  // namespace lvr
