#include "app/ask/detail_row.h"

#include <QHBoxLayout>
#include <QSignalBlocker>
#include <QSlider>
#include <algorithm>
#include <cmath>

#include "app/ask/trace_summary.h"
#include "app/engine/ask_engine.h"
#include "core/error.h"
#include "widgets/labels.h"

namespace lvr {
namespace {

constexpr int kPlaces = 100;      // of the slider; the last: all that the model and its room allow
constexpr int kSliderWidth = 90;  // pixels
constexpr double kWorthAChoice = 1.2;  // times the smaller side
constexpr int kBytesAToken = 3;        // of a usual text, on the safe side
constexpr int kTokensAround = 32;      // of a chat prompt

QString secondsText(double milliseconds) {
    const double seconds = milliseconds / 1000;
    return seconds < 1 ? QObject::tr("under a second")
                       : QObject::tr("about %1 s").arg(std::llround(std::ceil(seconds)));
}

double areaOf(const Size& size) { return static_cast<double>(size.width) * size.height; }

}  // namespace

DetailRow::DetailRow(QWidget* parent)
    : QWidget(parent), slider_(new QSlider(Qt::Horizontal, this)), label_(new ElidedLabel(this)) {
    slider_->setRange(0, kPlaces);
    slider_->setFixedWidth(kSliderWidth);
    slider_->setAccessibleName(tr("Detail"));
    slider_->setToolTip(
        tr("Detail: how large the picture is when the model reads it. More detail takes more "
           "visual tokens, and time."));
    label_->setAccessibleName(tr("What the picture is scaled to"));
    label_->setForegroundRole(QPalette::PlaceholderText);
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(0, 0, 0, 0);
    row->addWidget(slider_);
    row->addWidget(label_, 1);
    connect(slider_, &QSlider::valueChanged, this, &DetailRow::moveTo);
    refresh();
}

void DetailRow::showModel(const ModelInfo* model) {
    model_ = model ? model->pixels : std::nullopt;
    room_.positions = model && model->positions > 0 ? model->positions : INT32_MAX;
    millisecondsAToken_.reset();
    refresh();
}

void DetailRow::showPictures(const std::vector<Image>& pictures) {
    pictures_.clear();
    for (const Image& image : pictures) pictures_.push_back({image.height, image.width});
    refresh();
}

void DetailRow::showQuestion(const QString& question, const DecodeOptions& options) {
    room_.text = question.toUtf8().size() / kBytesAToken + kTokensAround;
    room_.answer = answerRoom(options);
    refresh();
}

void DetailRow::learn(const Trace& trace) {
    int tokens = 0;
    for (const PatchGrid& grid : trace.grids) tokens += grid.count();
    const Timings& took = trace.timings;
    if (tokens == 0 || took.encodeImages == 0 || trace.steps.empty()) return;
    millisecondsAToken_ = (took.preprocess + took.encodeImages + took.prefill) / tokens;
    refresh();
}

void DetailRow::setLimits(const PixelLimits& limits) {
    limits_ = limits;
    refresh();
}

std::vector<PatchGrid> DetailRow::grids() const {
    return plan_ ? plan_->grids : std::vector<PatchGrid>(model_ ? pictures_.size() : 0);
}

std::optional<PicturePlan> DetailRow::planFor(const PixelLimits& limits) const {
    if (!model_ || pictures_.empty()) return std::nullopt;
    try {
        return planPictures(pictures_, limitedTo(limits, *model_), room_);
    } catch (const Error&) {  // too thin for the model, which says so when it is asked
        return std::nullopt;
    }
}

void DetailRow::moveTo(int place) {
    limits_ = {};
    if (place < kPlaces) {
        const double side = least_ + (most_ - least_) * place / kPlaces;
        limits_.max = std::llround(side * side);
    }
    refresh();
    Q_EMIT changed();
}

void DetailRow::refresh() {
    plan_ = planFor(limits_);
    placeSlider();
    label_->setText(text());
    label_->setVisible(!label_->text().isEmpty());
}

// Between the least that the model reads and all of the picture, or what has room.
void DetailRow::placeSlider() {
    const auto all = planFor({});
    least_ = all ? std::sqrt(static_cast<double>(model_->minPixels)) : 0;
    most_ = least_;
    if (all)
        for (const Size& size : all->sizes) most_ = std::max(most_, std::sqrt(areaOf(size)));
    const double side = limits_.max ? std::sqrt(static_cast<double>(*limits_.max)) : most_;
    const bool choice = all && most_ > least_ * kWorthAChoice;
    const QSignalBlocker quiet(slider_);
    slider_->setVisible(choice);
    slider_->setValue(
        choice ? static_cast<int>(std::lround((side - least_) / (most_ - least_) * kPlaces))
               : kPlaces);
}

QString DetailRow::text() const {
    if (!plan_) return {};
    QString read = sizeText(*plan_);
    if (millisecondsAToken_)
        read += tr(", %1").arg(secondsText(*millisecondsAToken_ * plan_->visualTokens()));
    return read;
}

}  // namespace lvr
