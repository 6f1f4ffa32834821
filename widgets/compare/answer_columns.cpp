#include "widgets/compare/answer_columns.h"

#include <QEvent>
#include <QGridLayout>
#include <QLabel>
#include <algorithm>

#include "widgets/qt_image.h"

namespace lvr {
namespace {

constexpr int kRefresh = 40;  // ms: steps of a fast model are drawn together
constexpr int kLeastWidth = 138, kMostWidth = 620;
constexpr int kLargestPicture = 512;

}  // namespace

AnswerColumns::AnswerColumns(QWidget* parent) : QScrollArea(parent) {
    setWidgetResizable(true);
    setFrameShape(QFrame::NoFrame);
    setAccessibleName(tr("Answers side by side"));
    refresh_.setSingleShot(true);
    refresh_.setInterval(kRefresh);
    connect(&refresh_, &QTimer::timeout, this, &AnswerColumns::refreshAll);
    setStrategies({});
}

void AnswerColumns::setStrategies(const std::vector<Strategy>& strategies) {
    columns_.clear();
    stale_.clear();
    auto* page = new QWidget;
    setWidget(page);  // which deletes the old one and its columns
    auto* grid = new QGridLayout(page);
    grid->setContentsMargins(6, 6, 6, 6);
    grid->setHorizontalSpacing(10);
    if (strategies.empty()) {
        auto* hint = new QLabel(
            tr("Nothing compared yet.\nGive a picture and a question above, choose strategies on "
               "the left, and press Compare."),
            page);
        hint->setAlignment(Qt::AlignCenter);
        hint->setWordWrap(true);
        grid->addWidget(hint, 0, 0);
        return;
    }
    int row = 0;
    for (const QString& name : AnswerColumn::rowNames()) {
        auto* label = new QLabel(name, page);
        label->setForegroundRole(QPalette::PlaceholderText);
        grid->addWidget(label, row++, 0, Qt::AlignTop | Qt::AlignLeft);
    }
    for (std::size_t i = 0; i < strategies.size(); ++i) {
        const int column = static_cast<int>(i) + 1;
        auto* cells = new AnswerColumn(grid, column, strategies[i], page);
        connect(cells, &AnswerColumn::stepSelected, this, &AnswerColumns::selectStep);
        columns_.push_back(cells);
        grid->setColumnStretch(column, 1);
        grid->setColumnMinimumWidth(column, kLeastWidth);
    }
    grid->setRowStretch(AnswerColumn::kPictureRow, 1);  // has what room there is
    page->setMaximumWidth(120 + static_cast<int>(strategies.size()) * kMostWidth);
    selectStep(-1);
}

void AnswerColumns::setPicture(const Image& picture) {
    picture_ = toQImage(shrunkTo(picture, kLargestPicture));
}

void AnswerColumns::begin(int column, const std::vector<PatchGrid>& grids) {
    columns_.at(column)->begin(picture_, grids);
}

void AnswerColumns::append(int column, const DecodeStep& step) {
    columns_.at(column)->append(step);
    refreshLater(column);
}

void AnswerColumns::finish(int column, const StrategyAnswer& answer) {
    columns_.at(column)->finish(answer);
    std::erase(stale_, column);
    refreshAll();
}

void AnswerColumns::fail(int column, const QString& sentence) {
    columns_.at(column)->fail(sentence);
    std::erase(stale_, column);
}

void AnswerColumns::stopWaiting() {
    for (auto* column : columns_) column->stopWaiting();
}

void AnswerColumns::selectStep(int step) {
    selected_ = step;
    for (auto* column : columns_) column->selectStep(step);
}

void AnswerColumns::refreshLater(int column) {
    if (std::find(stale_.begin(), stale_.end(), column) == stale_.end()) stale_.push_back(column);
    if (!refresh_.isActive()) refresh_.start();
}

void AnswerColumns::refreshAll() {
    for (const int column : stale_) columns_.at(column)->refresh();
    stale_.clear();
    shareRanges();
    if (columns_.empty() || columns_[0]->state() != AnswerColumn::State::Done) return;
    for (auto* column : columns_)
        if (column != columns_[0]) column->mark(columns_[0]->answerText());
}

// Colours and heights mean the same in every column.
void AnswerColumns::shareRanges() {
    std::optional<HeatScale> heat;
    int steps = 2;
    for (const auto* column : columns_) {
        steps = std::max(steps, static_cast<int>(column->endProbabilities().size()));
        if (column->endProbabilities().empty()) continue;
        const HeatScale own = cosineScale(column->answer().trace, 0);
        heat = heat ? joined(*heat, own) : own;
    }
    for (auto* column : columns_)
        column->setRanges(heat.value_or(HeatScale{}), {.steps = steps},
                          distanceRange(column->metric(), steps));
}

SparklineRange AnswerColumns::distanceRange(LatentEndMetric metric, int steps) const {
    SparklineRange range{.steps = steps, .high = 0};
    for (const auto* column : columns_) {
        if (column->metric() != metric) continue;
        for (const double distance : column->endDistances())
            range.high = std::max(range.high, distance);
        if (const auto* rule = std::get_if<NearLatentEnd>(&column->strategy().options.exit))
            range.high = std::max(range.high, rule->threshold);
    }
    return range;
}

QImage AnswerColumns::grabAll() { return widget()->grab().toImage(); }

void AnswerColumns::changeEvent(QEvent* event) {
    QScrollArea::changeEvent(event);
    if (event->type() != QEvent::PaletteChange) return;
    for (auto* column : columns_) column->refresh();
    refreshAll();
}

}  // namespace lvr
