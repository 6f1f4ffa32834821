#include "widgets/causal/effect_plot.h"

#include <QPainter>
#include <algorithm>
#include <cmath>
#include <limits>

#include "widgets/causal/intervention_words.h"
#include "widgets/colours.h"

namespace lvr {
namespace {

constexpr double kPointSize = 4, kCap = 4, kNearPoint = 12;  // pixels
constexpr int kTicks = 4;

// 1, 2 or 5 times a power of ten.
double roundStep(double span) {
    const double raw = span / kTicks, power = std::pow(10, std::floor(std::log10(raw)));
    for (const double factor : {1.0, 2.0, 5.0})
        if (factor * power >= raw) return factor * power;
    return 10 * power;
}

}  // namespace

EffectPlot::EffectPlot(const QString& id, const QString& name, const QString& x, const QString& y,
                       QWidget* parent)
    : FigureView(id, name, parent), x_(x), y_(y) {}

bool EffectPlot::isEmpty() const {
    return std::ranges::all_of(series_, [](const auto& each) { return each.points.empty(); });
}

void EffectPlot::setSeries(const std::vector<EffectSeries>& series) {
    series_ = series;
    left_ = low_ = std::numeric_limits<double>::max();
    right_ = high_ = std::numeric_limits<double>::lowest();
    for (const auto& each : series_)
        for (const auto& point : each.points) {
            left_ = std::min(left_, point.x);
            right_ = std::max(right_, point.x);
            low_ = std::min({low_, point.y.low, 0.0});
            high_ = std::max({high_, point.y.high, 0.0});
        }
    if (right_ - left_ < 1e-9) right_ = left_ + 1;
    if (high_ - low_ < 1e-9) high_ = low_ + 1;
    update();
}

double EffectPlot::leftRoom() const {
    return fontMetrics().horizontalAdvance(QStringLiteral("−00.0")) + 8;
}

QRectF EffectPlot::plotIn(const QRectF& space) const {
    const double line = fontMetrics().height();
    return space.adjusted(leftRoom(), line * 1.5, -10, -2.2 * line);
}

QPointF EffectPlot::placeOf(double x, double y, const QRectF& plot) const {
    return {plot.left() + (x - left_) / (right_ - left_) * plot.width(),
            plot.bottom() - (y - low_) / (high_ - low_) * plot.height()};
}

void EffectPlot::draw(QPainter& painter, const QRectF& space, const FigureInk& ink) const {
    const QRectF plot = plotIn(space);
    drawAxes(painter, plot, ink);
    for (int i = 0; i < std::ssize(series_); ++i) drawSeries(painter, plot, i, ink);
    drawLegend(painter, plot, ink);
}

void EffectPlot::drawAxes(QPainter& painter, const QRectF& plot, const FigureInk& ink) const {
    const double line = fontMetrics().height();
    const double up = roundStep(high_ - low_), along = roundStep(right_ - left_);
    for (double y = std::ceil(low_ / up) * up; y <= high_ + up / 1e6; y += up) {
        const double at = placeOf(left_, y, plot).y();
        const bool isZero = std::abs(y) < up / 1e6;
        painter.setPen(QPen(faded(ink.ink, isZero ? 0.6 : 0.18), 1));
        painter.drawLine(QPointF(plot.left(), at), QPointF(plot.right(), at));
        painter.setPen(ink.dim);
        painter.drawText(QRectF(plot.left() - 70, at - line / 2, 64, line),
                         Qt::AlignRight | Qt::AlignVCenter,
                         QString::number(isZero ? 0 : y, 'g', 3));
    }
    for (double x = std::ceil(left_ / along) * along; x <= right_ + along / 1e6; x += along) {
        const double at = placeOf(x, low_, plot).x();
        painter.setPen(ink.dim);
        painter.drawText(QRectF(at - 40, plot.bottom() + 2, 80, line), Qt::AlignCenter,
                         QString::number(std::abs(x) < along / 1e6 ? 0 : x, 'g', 3));
    }
    painter.setPen(ink.ink);
    painter.drawText(QRectF(plot.left(), plot.bottom() + line + 2, plot.width(), line),
                     Qt::AlignCenter, x_);
    painter.drawText(
        QRectF(plot.left() - leftRoom(), plot.top() - 1.5 * line, plot.width() + leftRoom(), line),
        Qt::AlignLeft, y_);
}

void EffectPlot::drawSeries(QPainter& painter, const QRectF& plot, int which,
                            const FigureInk& ink) const {
    const QColor colour = runColour(which, ink.dark);
    QPolygonF line;
    painter.setPen(QPen(colour, 1.4));
    for (const auto& point : series_[static_cast<std::size_t>(which)].points) {
        line << placeOf(point.x, point.y.value, plot);
        const QPointF low = placeOf(point.x, point.y.low, plot),
                      high = placeOf(point.x, point.y.high, plot);
        painter.drawLine(low, high);
        for (const QPointF& end : {low, high})
            painter.drawLine(end - QPointF(kCap, 0), end + QPointF(kCap, 0));
    }
    painter.setBrush(Qt::NoBrush);
    painter.drawPolyline(line);
    painter.setBrush(colour);
    for (const QPointF& point : line) painter.drawEllipse(point, kPointSize, kPointSize);
}

void EffectPlot::drawLegend(QPainter& painter, const QRectF& plot, const FigureInk& ink) const {
    if (series_.size() < 2) return;
    const double line = fontMetrics().height();
    double y = plot.bottom() - line * static_cast<double>(series_.size()) - 2;
    for (int i = 0; i < std::ssize(series_); ++i, y += line) {
        const QString name = QString::fromStdString(series_[static_cast<std::size_t>(i)].name);
        painter.setPen(runColour(i, ink.dark));
        painter.drawText(
            QRectF(plot.left(), y, plot.width(), line), Qt::AlignRight,
            fontMetrics().elidedText(name, Qt::ElideRight, static_cast<int>(plot.width())));
    }
}

QString EffectPlot::explain(const QPointF& at) const {
    const QRectF plot = plotIn(QRectF(rect()).adjusted(6, 6, -6, -6));
    for (const auto& each : series_)
        for (const auto& point : each.points) {
            const QPointF away = placeOf(point.x, point.y.value, plot) - at;
            if (std::hypot(away.x(), away.y()) > kNearPoint) continue;
            return tr("%1 %2: %3 [%4, %5], %6 questions")
                .arg(x_)
                .arg(point.x, 0, 'g', 3)
                .arg(changeText(point.y.value), changeText(point.y.low), changeText(point.y.high))
                .arg(point.count);
        }
    return tr("Means with their 95 % intervals");
}

}  // namespace lvr
