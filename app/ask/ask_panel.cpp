#include "app/ask/ask_panel.h"

#include <QApplication>
#include <QLabel>
#include <QMenu>
#include <QPushButton>
#include <QRadioButton>
#include <QTextCursor>
#include <QToolButton>
#include <QVBoxLayout>
#include <cmath>

#include "app/ask/detail_row.h"
#include "app/shell/look.h"
#include "widgets/colours.h"
#include "widgets/conversation/exchange_text.h"
#include "widgets/conversation/liveness_badge.h"
#include "widgets/conversation/sampling_form.h"
#include "widgets/decode_form.h"
#include "widgets/labels.h"
#include "widgets/question_line.h"
#include "widgets/token_stream.h"

namespace lvr {
namespace {

constexpr int kLongest = 48;  // characters of an answer; all of it stands above

// Of the words that make up the answer, all together; none where they can't be told apart.
std::optional<double> probabilityOf(const Trace& trace) {
    struct Word {
        std::size_t begin, end;
        double probability;
    };
    std::string said;
    std::vector<Word> words;
    for (const DecodeStep& step : trace.steps)
        if (const auto* word = std::get_if<TextStep>(&step.what)) {
            words.push_back({said.size(), said.size() + step.text.size(), word->probability});
            said += step.text;
        }
    const auto begin = said.rfind(trace.answer);
    if (trace.answer.empty() || begin == std::string::npos) return std::nullopt;
    double together = 1;
    for (const Word& word : words)
        if (word.end > begin && word.begin < begin + trace.answer.size())
            together *= word.probability;
    return std::isnan(together) ? std::nullopt : std::optional(together);
}

QString otherThoughtText(const Trace& trace) {
    const auto regions = static_cast<int>(trace.options.thought.boxes.size());
    switch (trace.options.latentFeed) {
        case LatentFeed::None:
            return QObject::tr("markers only");
        case LatentFeed::Zero:
            return QObject::tr("zeros");
        case LatentFeed::Noise:
            return QObject::tr("noise");
        case LatentFeed::Swap:
            return QObject::tr("latents of %1")
                .arg(QString::fromStdString(trace.options.borrowed.from));
        default:
            return regions == 1 ? QObject::tr("your region")
                                : QObject::tr("your %1 regions").arg(regions);
    }
}

QString movedText(const Trace& own, const Trace& other) {
    return own.answer == other.answer ? QObject::tr("→ the same answer")
                                      : QObject::tr("→ another answer");
}

// A long given thought leaves the picture less room, so that it is read smaller.
QString scaleText(const Trace& trace) {
    if (trace.grids.empty()) return {};
    const PatchGrid& grid = trace.grids.front();
    return QObject::tr(" · picture read as %1×%2 tokens").arg(grid.cols).arg(grid.rows);
}

constexpr int kHeadlineLines = 2;  // all of an answer is in the stream below

QLabel* heading(const QString& text, QWidget* parent) {
    auto* label = new QLabel(text, parent);
    QFont font = label->font();
    font.setBold(true);
    label->setFont(font);
    return label;
}

}  // namespace

QString answerWithProbability(const Trace& trace) {
    QString answer = QString::fromStdString(trace.answer).simplified();
    if (answer.isEmpty()) answer = QObject::tr("no answer");
    if (answer.size() > kLongest) answer = answer.left(kLongest) + "…";
    const auto probability = probabilityOf(trace);
    return probability ? QObject::tr("%1 (%2 %)").arg(answer).arg(*probability * 100, 0, 'f', 1)
                       : answer;
}

ThoughtRow::ThoughtRow(QWidget* parent)
    : QWidget(parent),
      use_(new QToolButton(this)),
      without_(new QToolButton(this)),
      own_(new QRadioButton(this)),
      given_(new QRadioButton(this)),
      moved_(new FlowingLabel(this)) {
    own_->setToolTip(tr("Look at the answer from the model's own thought"));
    given_->setToolTip(tr("Look at the answer from the thought that was given"));
    moved_->setObjectName("ask.moved");
    // Their texts hold answers, which may have no place to break: cut off, not widening the panel.
    for (QRadioButton* choice : {own_, given_})
        choice->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Fixed);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(2);
    for (QWidget* widget : std::initializer_list<QWidget*>{use_, without_, own_, given_, moved_})
        column->addWidget(widget);
    connect(own_, &QRadioButton::clicked, this, &ThoughtRow::ownWanted);
    connect(given_, &QRadioButton::clicked, this, &ThoughtRow::givenWanted);
    show(nullptr, nullptr, false);
}

void ThoughtRow::offer(QAction* useAsThought) { use_->setDefaultAction(useAsThought); }

void ThoughtRow::offerWithoutLatents(const QList<QAction*>& actions) {
    auto* menu = new QMenu(without_);
    menu->addActions(actions);
    menu->setToolTipsVisible(true);
    without_->setText(tr("Without its latents"));
    without_->setToolTip(
        tr("Answer again with something else in the place of the latents, to see whether the "
           "answer needs them"));
    without_->setMenu(menu);
    without_->setPopupMode(QToolButton::InstantPopup);
    without_->setFocusPolicy(Qt::StrongFocus);
}

void ThoughtRow::offerMore(QAction* more) {
    without_->menu()->addSeparator();
    without_->menu()->addAction(more);
}

void ThoughtRow::setAnswered(bool answered) {
    answered_ = answered;
    updateVisible();
}

void ThoughtRow::setRegions(int count) {
    regions_ = count;
    updateVisible();
}

void ThoughtRow::show(const Trace* own, const Trace* given, bool givenIsShown) {
    compares_ = given;
    own_->setVisible(given && own);
    given_->setVisible(given);
    const bool scalesDiffer = own && given && own->grids != given->grids;
    const auto answer = [&](const Trace& trace) {
        return answerWithProbability(trace) + (scalesDiffer ? scaleText(trace) : QString());
    };
    if (own) own_->setText(tr("own thought: %1").arg(answer(*own)));
    if (given) given_->setText(tr("%1: %2").arg(otherThoughtText(*given), answer(*given)));
    moved_->setVisible(own && given);
    if (own && given) moved_->setText(movedText(*own, *given));
    (givenIsShown ? given_ : own_)->setChecked(true);
    updateVisible();
}

void ThoughtRow::updateVisible() {
    use_->setVisible(regions_ > 0);
    without_->setVisible(answered_);
    setVisible(regions_ > 0 || compares_ || answered_);
}

AskPanel::AskPanel(QWidget* parent)
    : QWidget(parent),
      question_(new QuestionLine(this)),
      exitRule_(new ExitRuleForm(this)),
      sampling_(new SamplingForm(this)),
      detail_(new DetailRow(this)),
      ask_(new QPushButton(tr("Ask"), this)),
      stop_(new QPushButton(tr("Stop"), this)),
      asked_(new FlowingLabel(this)),
      answer_(new FlowingLabel(this, kHeadlineLines)),
      verdict_(new FlowingLabel(this)),
      badge_(new LivenessBadge(this)),
      thoughts_(new ThoughtRow(this)),
      stream_(new TokenStream(this)) {
    build();
    wire();
}

void AskPanel::build() {
    ask_->setDefault(true);
    ask_->setIcon(lineIcon("ask"));
    stop_->setIcon(lineIcon("stop"));
    asked_->setTextFormat(Qt::PlainText);
    asked_->setAccessibleName(tr("What was asked"));
    asked_->hide();
    answer_->setTextFormat(Qt::PlainText);
    answer_->setAccessibleName(tr("Answer"));
    answer_->hide();
    QFont large = answer_->font();
    large.setPointSizeF(large.pointSizeF() * 1.5);
    answer_->setFont(large);
    verdict_->setTextFormat(Qt::PlainText);
    verdict_->setAccessibleName(tr("Comparison with the known answer"));
    auto* buttons = new QHBoxLayout;
    buttons->addWidget(ask_, 1);
    buttons->addWidget(stop_);
    auto* column = new QVBoxLayout(this);
    column->addWidget(question_);
    column->addWidget(exitRule_);
    column->addWidget(sampling_);
    column->addWidget(detail_);
    column->addLayout(buttons);
    column->addSpacing(8);
    column->addWidget(heading(tr("Answer"), this));
    for (QWidget* widget :
         std::initializer_list<QWidget*>{asked_, answer_, verdict_, badge_, thoughts_, stream_})
        column->addWidget(widget);
    column->setStretchFactor(stream_, 1);
}

void AskPanel::wire() {
    connect(ask_, &QPushButton::clicked, this, &AskPanel::asked);
    connect(stop_, &QPushButton::clicked, this, &AskPanel::stopped);
    connect(question_, &QuestionLine::asked, this, &AskPanel::asked);
    connect(question_, &QuestionLine::textChanged, this, &AskPanel::questionChanged);
    connect(question_, &QuestionLine::filesGiven, this, &AskPanel::filesGiven);
    connect(question_, &QuestionLine::picturePasted, this, &AskPanel::picturePasted);
    connect(stream_, &TokenStream::stepSelected, this, &AskPanel::stepSelected);
    connect(question_, &QuestionLine::textChanged, this, &AskPanel::fitDetail);
    connect(sampling_, &SamplingForm::changed, this, &AskPanel::fitDetail);
    connect(exitRule_, &ExitRuleForm::changed, this, &AskPanel::fitDetail);
}

// The longer question and answer may be, the less room there is for pictures.
void AskPanel::fitDetail() { detail_->showQuestion(question(), options()); }

QString AskPanel::question() const { return question_->toPlainText().trimmed(); }
// As if it were typed: what was there before comes back with Undo.
void AskPanel::setQuestion(const QString& question) {
    if (question == question_->toPlainText()) return;
    QTextCursor all(question_->document());
    all.select(QTextCursor::Document);
    all.insertText(question);
}
QWidget* AskPanel::questionLine() const { return question_; }
void AskPanel::focusQuestion() { question_->setFocus(); }
DecodeOptions AskPanel::options() const {
    DecodeOptions options = sampling_->options();
    options.exit = exitRule_->rule();
    options.pixels = detail_->limits();
    return options;
}
void AskPanel::setOptions(const DecodeOptions& options) {
    sampling_->setOptions(options);
    exitRule_->setRule(options.exit);
    detail_->setLimits(options.pixels);
    fitDetail();
}
void AskPanel::setStoppable(bool stoppable) { stop_->setEnabled(stoppable); }

void AskPanel::append(const DecodeStep& step) {
    stream_->append(step);
    ++shown_;
}

void AskPanel::show(const Trace& trace) {
    if (shown_ != trace.steps.size()) stream_->show(trace);  // otherwise it came step by step
    stream_->setDialect(trace.dialect);
    shown_ = trace.steps.size();
    answer_->setText(QString::fromStdString(trace.answer));
    answer_->setHidden(trace.answer.empty());
    if (!trace.steps.empty()) badge_->show(livenessOf(trace));
}

void AskPanel::clear() {
    stream_->clear();
    shown_ = 0;
    answer_->hide();
    badge_->clear();
}

void AskPanel::showAsked(const QString& text) {
    asked_->setText(text);
    asked_->setHidden(text.isEmpty());
}

void AskPanel::compare(const std::optional<std::string>& expected, std::optional<bool> right) {
    verdict_->setVisible(expected.has_value());
    if (!expected) return;
    const QString known = QString::fromStdString(*expected);
    QPalette colours;  // all but the ink follows the window
    if (!right) {
        verdict_->setText(
            tr("The model has not answered yet. The right answer is known: %1").arg(known));
    } else {
        verdict_->setText(*right ? tr("✓ Right")
                                 : tr("✗ Wrong: the right answer is %1").arg(known));
        colours.setColor(QPalette::WindowText, verdictColour(*right, QApplication::palette(this)));
    }
    verdict_->setPalette(colours);
}

int AskPanel::latentCount() const { return stream_->latentCount(); }
void AskPanel::selectStep(int latentStep) { stream_->selectStep(latentStep); }

}  // namespace lvr
