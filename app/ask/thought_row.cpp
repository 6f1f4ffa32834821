#include "app/ask/thought_row.h"

#include <QRadioButton>
#include <QToolButton>
#include <QVBoxLayout>

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
    return together;
}

// A long given thought leaves the picture less room, so that it is read smaller.
QString scaleText(const Trace& trace) {
    if (trace.grids.empty()) return {};
    const PatchGrid& grid = trace.grids.front();
    return QObject::tr(" · picture read as %1×%2 tokens").arg(grid.cols).arg(grid.rows);
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
      own_(new QRadioButton(this)),
      given_(new QRadioButton(this)) {
    own_->setToolTip(tr("Look at the answer from the model's own thought"));
    given_->setToolTip(tr("Look at the answer from the thought that was given"));
    // Their texts hold answers, which may have no place to break: cut off, not widening the panel.
    for (QRadioButton* choice : {own_, given_})
        choice->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Fixed);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(2);
    for (QWidget* widget : std::initializer_list<QWidget*>{use_, own_, given_})
        column->addWidget(widget);
    connect(own_, &QRadioButton::clicked, this, &ThoughtRow::ownWanted);
    connect(given_, &QRadioButton::clicked, this, &ThoughtRow::givenWanted);
    show(nullptr, nullptr, false);
}

void ThoughtRow::offer(QAction* useAsThought) { use_->setDefaultAction(useAsThought); }

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
    if (given) {
        const auto count = static_cast<int>(given->options.thought.boxes.size());
        given_->setText(count == 1 ? tr("your region: %1").arg(answer(*given))
                                   : tr("your %1 regions: %2").arg(count).arg(answer(*given)));
    }
    (givenIsShown ? given_ : own_)->setChecked(true);
    updateVisible();
}

void ThoughtRow::updateVisible() {
    use_->setVisible(regions_ > 0);
    setVisible(regions_ > 0 || compares_);
}

}  // namespace lvr
