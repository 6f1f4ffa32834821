#include "widgets/compare/answer_column.h"

#include <QApplication>
#include <QGridLayout>
#include <QLabel>
#include <QWidget>

#include "widgets/compare/step_strips.h"
#include "widgets/compare/strategy.h"
#include "widgets/labels.h"
#include "widgets/word_diff.h"

namespace lvr {
namespace {

enum Row { Title, Text, Verdict, Steps, First, Total, Ends, Distances, Picture, Caption, Strip };

// Not a widget's own palette: one hears of a change of theme earlier than another.
bool isDark(const QWidget* widget) {
    return QApplication::palette(widget).window().color().lightness() < 128;
}
QColor inkOf(const QWidget* widget) { return QApplication::palette(widget).windowText().color(); }

QColor verdictColour(bool right, bool dark) {
    if (right) return dark ? QColor(98, 204, 120) : QColor(20, 120, 50);
    return dark ? QColor(255, 130, 120) : QColor(180, 30, 20);
}

QString milliseconds(double ms) {
    return ms < 10000 ? QObject::tr("%1 ms").arg(ms, 0, 'f', ms < 10 ? 1 : 0)
                      : QObject::tr("%1 s").arg(ms / 1000, 0, 'f', 1);
}

std::optional<int> capOf(const ExitRule& rule) {
    return std::visit(
        [](const auto& r) -> std::optional<int> {
            if constexpr (requires { r.cap; }) return r.cap;
            return std::nullopt;
        },
        rule);
}

QLabel* label(const QString& name, QWidget* parent) {
    auto* label = new FlowingLabel(parent);
    label->setAccessibleName(name);
    label->setTextFormat(Qt::PlainText);
    return label;
}

// What was added stands out by weight and underline, what is missing is struck out, so that neither
// needs colour alone.
QString toHtml(const std::vector<DiffPiece>& pieces, const QColor& mark) {
    QString html;
    for (const auto& [text, change] : pieces) {
        const QString escaped = text.toHtmlEscaped();
        switch (change) {
            case WordChange::Same:
                html += escaped;
                break;
            case WordChange::Added:
                html += QStringLiteral("<span style='background-color:%1'><b><u>%2</u></b></span>")
                            .arg(mark.name(), escaped);
                break;
            case WordChange::Missing:
                html += QStringLiteral("<s>%1</s> ").arg(escaped.trimmed());
                break;
        }
    }
    return html;
}

void colour(QLabel* label, const QColor& colour) {
    QPalette palette;
    palette.setColor(QPalette::WindowText, colour);
    label->setPalette(palette);
}

}  // namespace

QStringList AnswerColumn::rowNames() {
    return {{},
            tr("Answer"),
            tr("Right?"),
            tr("Latent steps"),
            tr("First word"),
            tr("Total"),
            tr("P(end)"),
            tr("Distance\nto end"),
            tr("Selected\nstep"),
            {},
            tr("All steps")};
}

AnswerColumn::AnswerColumn(QGridLayout* grid, int column, const Strategy& strategy, QObject* parent)
    : QObject(parent), strategy_(strategy) {
    build(grid, column);
    for (auto* line : {ends_, distances_})
        connect(line, &Sparkline::stepSelected, this, &AnswerColumn::stepSelected);
    connect(strip_, &HeatStrip::stepSelected, this, &AnswerColumn::stepSelected);
    refresh();
}

void AnswerColumn::build(QGridLayout* grid, int column) {
    QWidget* parent = grid->parentWidget();
    const QString name = titleOf(strategy_);
    const QColor colour = strategyColour(colourOf(strategy_));
    title_ = label(tr("Strategy"), parent);
    title_->setTextFormat(Qt::RichText);
    title_->setText(QStringLiteral("<span style='color:%1'>■</span> <b>%2</b>")
                        .arg(colour.name(), name.toHtmlEscaped()));
    title_->setToolTip(describe(strategy_.options));
    text_ = label(tr("Answer of %1").arg(name), parent);
    verdict_ = label(tr("Verdict on %1").arg(name), parent);
    steps_ = label(tr("Latent steps of %1").arg(name), parent);
    first_ = label(tr("Time to first word of %1").arg(name), parent);
    total_ = label(tr("Total time of %1").arg(name), parent);
    caption_ = label(tr("Selected step of %1").arg(name), parent);
    ends_ = new Sparkline(tr("P(end) of %1").arg(name), tr("no latent steps"), parent);
    distances_ = new Sparkline(tr("Distance to end of %1").arg(name),
                               tr("the model has no end vector, or no latent steps"), parent);
    for (auto* line : {ends_, distances_}) line->setColour(colour);
    stepPicture_ = new StepPicture(parent);
    stepPicture_->setEmptyText(tr("not this many steps"));
    strip_ = new HeatStrip(parent);
    strip_->setAccessibleName(tr("Heat of each step of %1").arg(name));
    const std::initializer_list<QWidget*> cells = {title_,       text_,    verdict_, steps_,
                                                   first_,       total_,   ends_,    distances_,
                                                   stepPicture_, caption_, strip_};
    int row = 0;
    for (QWidget* cell : cells) grid->addWidget(cell, row++, column);
}

void AnswerColumn::begin(const QImage& picture, const std::vector<PatchGrid>& grids) {
    state_ = State::Thinking;
    picture_ = picture;
    strip_->setPicture(picture);
    answer_.trace.grids = grids;
    refresh();
}

void AnswerColumn::append(const DecodeStep& step) { answer_.trace.steps.push_back(step); }

void AnswerColumn::finish(const StrategyAnswer& answer) {
    answer_ = answer;
    state_ = answer.trace.stopped == StopReason::Cancelled ? State::Stopped : State::Done;
    refresh();
}

void AnswerColumn::fail(const QString& sentence) {
    state_ = State::Failed;
    sentence_ = sentence;
    refresh();
}

void AnswerColumn::stopWaiting() {
    if (state_ != State::Waiting && state_ != State::Thinking) return;
    state_ = State::Stopped;
    refresh();
}

QString AnswerColumn::answerText() const {
    if (state_ == State::Done) return QString::fromStdString(answer_.trace.answer);
    QString soFar;
    for (const auto& step : answer_.trace.steps)
        if (std::holds_alternative<TextStep>(step.what) && !step.text.starts_with("<|"))
            soFar += QString::fromStdString(step.text);
    return soFar.trimmed();
}

LatentEndMetric AnswerColumn::metric() const {
    const auto* rule = std::get_if<NearLatentEnd>(&strategy_.options.exit);
    return rule ? rule->metric : LatentEndMetric::Mse;
}

void AnswerColumn::refresh() {
    std::vector<double> ends, distances;
    for (const DecodeStep* step : latentSteps(answer_.trace)) {
        const LatentStep& latent = latentOf(*step);
        ends.push_back(latent.endProbability);
        if (latent.endDistance) distances.push_back(*latent.endDistance);
    }
    const auto* byProbability = std::get_if<EndProbability>(&strategy_.options.exit);
    const auto* byDistance = std::get_if<NearLatentEnd>(&strategy_.options.exit);
    ends_->setValues(std::move(ends),
                     byProbability ? std::optional(byProbability->threshold) : std::nullopt);
    distances_->setValues(std::move(distances),
                          byDistance ? std::optional(byDistance->threshold) : std::nullopt);
    heat_ = heatImages(answer_.trace, range_);
    strip_->setHeat(heat_);
    showNumbers();
    showStep();
    mark({});
}

QString AnswerColumn::stepsText(int latents) const {
    const auto cap = capOf(strategy_.options.exit);
    if (state_ != State::Done || !cap || latents < *cap) return QString::number(latents);
    return tr("%1 (cut at the most)").arg(latents);
}

void AnswerColumn::showNumbers() {
    const bool known = answer_.times.total > 0;
    const QString none = QStringLiteral("–");
    steps_->setText(state_ == State::Waiting || state_ == State::Failed
                        ? none
                        : stepsText(static_cast<int>(latentSteps(answer_.trace).size())));
    first_->setText(known ? milliseconds(answer_.times.firstToken) : none);
    total_->setText(known ? milliseconds(answer_.times.total) : none);
    verdict_->setText(!answer_.right ? none : *answer_.right ? tr("✓ right") : tr("✗ wrong"));
    const QColor ink = inkOf(verdict_);
    colour(verdict_,
           answer_.right ? verdictColour(*answer_.right, isDark(verdict_->parentWidget())) : ink);
}

void AnswerColumn::mark(const QString& baseline) {
    const QWidget* around = text_->parentWidget();
    const bool failed = state_ == State::Failed;
    colour(text_, failed ? verdictColour(false, isDark(around)) : inkOf(around));
    text_->setTextFormat(Qt::PlainText);
    text_->setToolTip(QString::fromStdString(answer_.trace.text));
    switch (state_) {
        case State::Waiting:
            return text_->setText(tr("waiting…"));
        case State::Failed:
            return text_->setText(sentence_);
        case State::Stopped:
            return text_->setText(answerText().isEmpty() ? tr("stopped")
                                                         : tr("stopped: %1").arg(answerText()));
        case State::Thinking:
            return text_->setText(answerText().isEmpty() ? tr("thinking…") : answerText());
        case State::Done:
            break;
    }
    if (baseline.isEmpty()) return text_->setText(answerText());
    text_->setTextFormat(Qt::RichText);
    const QColor mark = isDark(around) ? QColor(110, 82, 20) : QColor(255, 225, 140);
    text_->setText(toHtml(wordDiff(baseline, answerText()), mark));
}

void AnswerColumn::setRanges(const HeatScale& heat, const SparklineRange& end,
                             const SparklineRange& distance) {
    ends_->setRange(end);
    distances_->setRange(distance);
    if (heat == range_) return;
    range_ = heat;
    heat_ = heatImages(answer_.trace, range_);
    strip_->setHeat(heat_);
    showStep();
}

void AnswerColumn::selectStep(int step) {
    selected_ = step;
    ends_->selectStep(step);
    distances_->selectStep(step);
    strip_->selectStep(step);
    showStep();
}

void AnswerColumn::showStep() {
    const auto index = static_cast<std::size_t>(selected_ + 1);
    const QImage heat = index < heat_.size() ? heat_[index] : QImage();
    stepPicture_->showHeat(heat.isNull() ? QImage() : picture_, heat);
    const auto latents = latentSteps(answer_.trace);
    if (selected_ < 0 || selected_ >= static_cast<int>(latents.size()))
        return caption_->setText(selected_ < 0 && !latents.empty() ? tr("mean of all steps")
                                                                   : QString());
    const LatentStep& latent = latentOf(*latents[static_cast<std::size_t>(selected_)]);
    caption_->setText(tr("step %1 · norm %2 · P(end) %3")
                          .arg(selected_ + 1)
                          .arg(latent.norm, 0, 'f', 2)
                          .arg(latent.endProbability, 0, 'f', 3));
}

}  // namespace lvr
