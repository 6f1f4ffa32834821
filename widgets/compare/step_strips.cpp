#include "widgets/compare/step_strips.h"

#include <QHelpEvent>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QStringList>
#include <QStyleOption>
#include <QToolTip>
#include <algorithm>
#include <cmath>
#include <utility>

#include "widgets/action_tip.h"
#include "widgets/heat_paint.h"

namespace lvr {
namespace {

constexpr double kMargin = 7;
constexpr double kDot = 2.5;

constexpr int kTile = 44;  // pixels
constexpr int kGap = 3;
constexpr int kMean = -1, kNone = -2;

}  // namespace

Sparkline::Sparkline(const QString& name, const QString& nothing, QWidget* parent)
    : QWidget(parent), nothing_(nothing) {
    setAccessibleName(name);
    setFocusPolicy(Qt::StrongFocus);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    setCursor(Qt::PointingHandCursor);
}

void Sparkline::setValues(std::vector<double> values, std::optional<double> threshold) {
    if (values == values_ && threshold == threshold_) return;
    values_ = std::move(values);
    threshold_ = threshold;
    QStringList words;
    for (const double value : values_) words << QString::number(value, 'g', 3);
    setAccessibleDescription(words.join(QStringLiteral("; ")));
    update();
}

void Sparkline::setRange(const SparklineRange& range) {
    if (range == range_) return;
    range_ = range;
    update();
}

void Sparkline::setColour(const QColor& colour) {
    colour_ = colour;
    update();
}

void Sparkline::selectStep(int step) {
    if (step == selected_) return;
    selected_ = step;
    update();
}

double Sparkline::yOf(double value) const {
    const double span = range_.high > range_.low ? range_.high - range_.low : 1;
    const double share = std::clamp((value - range_.low) / span, 0.0, 1.0);
    return height() - kMargin - share * (height() - 2 * kMargin);
}

QPointF Sparkline::pointOf(int step) const {
    const double width = this->width() - 2 * kMargin;
    const double x = kMargin + width * step / std::max(range_.steps - 1, 1);
    return {x, yOf(values_.at(static_cast<std::size_t>(step)))};
}

int Sparkline::stepAt(double x) const {
    const double share = (x - kMargin) / std::max(width() - 2 * kMargin, 1.0);
    const auto step = static_cast<int>(std::lround(share * std::max(range_.steps - 1, 1)));
    return std::clamp(step, 0, static_cast<int>(values_.size()) - 1);
}

void Sparkline::paintThreshold(QPainter& painter) const {
    if (!threshold_) return;
    const double y = yOf(*threshold_);
    painter.setPen(QPen(palette().placeholderText().color(), 1, Qt::DashLine));
    painter.drawLine(QPointF(kMargin, y), QPointF(width() - kMargin, y));
}

void Sparkline::paintValues(QPainter& painter) const {
    QPolygonF line;
    for (int i = 0; i < static_cast<int>(values_.size()); ++i) line << pointOf(i);
    const QColor ink = colour_.isValid() ? colour_ : palette().highlight().color();
    painter.setPen(QPen(ink, 1.6));
    painter.drawPolyline(line);
    painter.setBrush(ink);
    for (const QPointF& point : line) painter.drawEllipse(point, kDot, kDot);
    if (selected_ < 0 || selected_ >= line.size()) return;
    painter.setPen(QPen(palette().text().color(), 1.6));
    painter.drawEllipse(line[selected_], kDot + 2, kDot + 2);
}

void Sparkline::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    painter.fillRect(rect(), palette().base());
    if (values_.empty()) {
        painter.setPen(palette().placeholderText().color());
        painter.drawText(rect(), Qt::AlignCenter | Qt::TextWordWrap, nothing_);
        return;
    }
    painter.setRenderHint(QPainter::Antialiasing);
    paintThreshold(painter);
    paintValues(painter);
    if (!hasFocus()) return;
    QStyleOptionFocusRect focus;
    focus.initFrom(this);
    style()->drawPrimitive(QStyle::PE_FrameFocusRect, &focus, &painter, this);
}

void Sparkline::mousePressEvent(QMouseEvent* event) {
    if (event->button() == Qt::LeftButton && !values_.empty())
        Q_EMIT stepSelected(stepAt(event->position().x()));
}

void Sparkline::keyPressEvent(QKeyEvent* event) {
    const int last = static_cast<int>(values_.size()) - 1;
    if (event->key() == Qt::Key_Left && last >= 0)
        Q_EMIT stepSelected(std::clamp(selected_ - 1, 0, last));
    else if (event->key() == Qt::Key_Right && last >= 0)
        Q_EMIT stepSelected(std::clamp(selected_ + 1, 0, last));
    else
        QWidget::keyPressEvent(event);
}

bool Sparkline::event(QEvent* event) {
    if (event->type() != QEvent::ToolTip || values_.empty()) return QWidget::event(event);
    const auto* help = static_cast<QHelpEvent*>(event);
    const int step = stepAt(help->pos().x());
    QString text = tr("Step %1: %2").arg(step + 1).arg(values_[step], 0, 'g', 4);
    if (threshold_) text += tr("\nThreshold: %1").arg(*threshold_, 0, 'g', 4);
    QToolTip::showText(help->globalPos(), text, this);
    return true;
}

std::vector<QImage> heatImages(const Trace& trace, const HeatScale& scale) {
    if (trace.grids.empty()) return {};
    const PatchGrid grid = trace.grids[0];
    std::vector<QImage> images(1);
    std::vector<float> mean(static_cast<std::size_t>(grid.count()), 0.0f);
    int measured = 0;
    for (const DecodeStep* step : latentSteps(trace)) {
        const auto cosine = cosineOn(trace, latentOf(*step), 0);
        images.push_back(heatImage(cosine, grid, scale));
        if (cosine.size() != mean.size()) continue;
        ++measured;
        for (std::size_t i = 0; i < mean.size(); ++i) mean[i] += cosine[i];
    }
    if (images.size() == 1) return {};
    for (float& value : mean) value /= static_cast<float>(std::max(measured, 1));
    if (measured > 0) images[0] = heatImage(mean, grid, scale);
    return images;
}

HeatStrip::HeatStrip(QWidget* parent) : QWidget(parent) {
    setFixedKeys(*this, {tr("an answer's steps"), {{tr("Left, Right"), tr("Choose a step")}}});
    setFocusPolicy(Qt::StrongFocus);
    setCursor(Qt::PointingHandCursor);
    QSizePolicy policy(QSizePolicy::Expanding, QSizePolicy::Minimum);
    policy.setHeightForWidth(true);
    setSizePolicy(policy);
}

void HeatStrip::setPicture(const QImage& picture) {
    picture_ = picture.isNull() ? picture
                                : picture.scaled(2 * kTile, 2 * kTile, Qt::KeepAspectRatio,
                                                 Qt::SmoothTransformation);
    update();
}

void HeatStrip::setHeat(std::vector<QImage> heat) {
    const bool grew = heat.size() != heat_.size();
    heat_ = std::move(heat);
    if (grew) updateGeometry();
    update();
}

void HeatStrip::selectStep(int step) {
    selected_ = step;
    update();
}

int HeatStrip::perRow(int width) const { return std::max((width + kGap) / (kTile + kGap), 1); }

QRect HeatStrip::tileRect(int step) const {
    const int index = step + 1, columns = perRow(width());
    return {(index % columns) * (kTile + kGap), (index / columns) * (kTile + kGap), kTile, kTile};
}

int HeatStrip::heightForWidth(int width) const {
    const int count = std::max(static_cast<int>(heat_.size()), 1);
    const int rows = (count + perRow(width) - 1) / perRow(width);
    return rows * (kTile + kGap);
}

QSize HeatStrip::sizeHint() const { return {4 * (kTile + kGap), heightForWidth(width())}; }

QSize HeatStrip::minimumSizeHint() const { return {2 * (kTile + kGap), kTile + kGap}; }

int HeatStrip::stepAt(const QPoint& at) const {
    for (int step = kMean; step < steps(); ++step)
        if (tileRect(step).contains(at)) return heat_.empty() ? kNone : step;
    return kNone;
}

void HeatStrip::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    if (heat_.empty()) {
        painter.setPen(palette().placeholderText().color());
        painter.drawText(rect(), Qt::AlignLeft | Qt::AlignTop, tr("no latent steps"));
        return;
    }
    QFont small = font();
    small.setPointSizeF(small.pointSizeF() * 0.75);
    painter.setFont(small);
    for (int step = kMean; step < steps(); ++step) {
        const QRect tile = tileRect(step);
        paintPictureAndHeat(painter, tile, picture_, heat_[static_cast<std::size_t>(step + 1)]);
        const QString label = step == kMean ? tr("mean") : QString::number(step + 1);
        const QRect text = painter.fontMetrics().boundingRect(label).adjusted(-2, 0, 2, 0);
        const QRect plate(tile.left(), tile.bottom() - text.height() + 1, text.width(),
                          text.height());
        painter.fillRect(plate, QColor(0, 0, 0, 150));
        painter.setPen(Qt::white);
        painter.drawText(plate, Qt::AlignCenter, label);
        if (step != selected_) continue;
        painter.setPen(QPen(palette().highlight().color(), 3));
        painter.drawRect(tile.adjusted(1, 1, -2, -2));
    }
}

void HeatStrip::mousePressEvent(QMouseEvent* event) {
    const int step = stepAt(event->pos());
    if (event->button() == Qt::LeftButton && step != kNone) Q_EMIT stepSelected(step);
}

void HeatStrip::keyPressEvent(QKeyEvent* event) {
    const int by = event->key() == Qt::Key_Left ? -1 : event->key() == Qt::Key_Right ? 1 : 0;
    if (by == 0 || heat_.empty()) return QWidget::keyPressEvent(event);
    Q_EMIT stepSelected(std::clamp(selected_ + by, kMean, steps() - 1));
}

bool HeatStrip::event(QEvent* event) {
    if (event->type() != QEvent::ToolTip) return QWidget::event(event);
    const auto* help = static_cast<QHelpEvent*>(event);
    const int step = stepAt(help->pos());
    if (step == kNone) return QWidget::event(event);
    const QString text = step == kMean ? tr("Mean cosine over all latent steps")
                                       : tr("Cosine of latent step %1 to each patch").arg(step + 1);
    QToolTip::showText(help->globalPos(), text, this);
    return true;
}

StepPicture::StepPicture(QWidget* parent) : QWidget(parent) {
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
}

void StepPicture::showHeat(const QImage& picture, const QImage& heat) {
    picture_ = picture;
    heat_ = heat;
    update();
}

void StepPicture::setEmptyText(const QString& text) {
    emptyText_ = text;
    update();
}

void StepPicture::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    if (picture_.isNull() && heat_.isNull()) {
        painter.setPen(palette().placeholderText().color());
        painter.drawText(rect(), Qt::AlignCenter | Qt::TextWordWrap, emptyText_);
        return;
    }
    paintPictureAndHeat(painter, rect(), picture_, heat_);
}

}  // namespace lvr
