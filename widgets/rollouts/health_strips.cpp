#include "widgets/rollouts/health_strips.h"

#include <QHelpEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QToolTip>
#include <algorithm>
#include <cmath>

#include "widgets/colours.h"

namespace lvr {
namespace {

constexpr int kStripHeight = 42, kMargin = 6, kGap = 4;
enum Which { Mixed, Reward, Trigger, Unclosed };

}  // namespace

HealthStrips::HealthStrips(QWidget* parent)
    : QWidget(parent),
      strips_{{tr("Mixed groups"), tr("groups whose rewards differ: only they teach"), true, {}},
              {tr("Mean reward"), tr("over all rollouts of the step"), false, {}},
              {tr("Trigger rate"), tr("rollouts that began a thought"), true, {}},
              {tr("Unclosed"), tr("rollouts whose thought never ended"), true, {}}} {
    setMouseTracking(true);
    setAccessibleName(tr("Group health over the steps"));
}

QSize HealthStrips::sizeHint() const {
    return {240, kStripHeight * static_cast<int>(strips_.size()) + 2 * kMargin};
}

void HealthStrips::clear() {
    for (Strip& strip : strips_) strip.points.clear();
    marked_ = hovered_ = -1;
    update();
}

HealthStrips::Strip* HealthStrips::stripOf(const std::string& metric) {
    if (metric == "groups/zero_variance") return &strips_[Mixed];
    if (metric == "reward/mean") return &strips_[Reward];
    if (metric == "span/trigger_rate") return &strips_[Trigger];
    if (metric == "span/unclosed_rate") return &strips_[Unclosed];
    return nullptr;
}

void HealthStrips::append(const std::vector<MetricColumn>& columns) {
    for (const auto& column : columns) {
        Strip* strip = stripOf(column.name);
        if (!strip) continue;
        auto& points = strip->points;
        for (std::size_t i = 0; i < column.steps.size(); ++i) {
            if (!std::isfinite(column.values[i])) continue;
            const int step = column.steps[i];
            while (!points.empty() && points.back().step >= step) points.pop_back();
            points.push_back(
                {step, strip == &strips_[Mixed] ? 1 - column.values[i] : column.values[i]});
        }
    }
    if (lastStep() >= 0) setAccessibleDescription(explain(lastStep()));
    update();
}

void HealthStrips::markStep(int step) {
    marked_ = step;
    update();
}

int HealthStrips::firstStep() const {
    int first = -1;
    for (const Strip& strip : strips_)
        if (!strip.points.empty() && (first < 0 || strip.points.front().step < first))
            first = strip.points.front().step;
    return first;
}

int HealthStrips::lastStep() const {
    int last = -1;
    for (const Strip& strip : strips_)
        if (!strip.points.empty()) last = std::max(last, strip.points.back().step);
    return last;
}

const HealthStrips::Point* HealthStrips::pointOf(const Strip& strip, int step) const {
    const auto found =
        std::lower_bound(strip.points.begin(), strip.points.end(), step,
                         [](const Point& point, int wanted) { return point.step < wanted; });
    return found != strip.points.end() && found->step == step ? &*found : nullptr;
}

QString HealthStrips::textOf(const Strip& strip, double value) const {
    return strip.isShare ? tr("%1 %").arg(value * 100, 0, 'f', 0) : QString::number(value, 'f', 2);
}

QString HealthStrips::explain(int step) const {
    QStringList lines{tr("Step %1").arg(step)};
    for (const Strip& strip : strips_)
        if (const Point* point = pointOf(strip, step))
            lines << tr("%1: %2 (%3)").arg(strip.name, textOf(strip, point->value), strip.tip);
    return lines.join('\n');
}

QRectF HealthStrips::plotRect(int strip) const {
    const double line = fontMetrics().height();
    return {double(kMargin), kMargin + strip * kStripHeight + line + kGap,
            double(width() - 2 * kMargin), kStripHeight - line - 2 * kGap};
}

double HealthStrips::xOf(int step) const {
    const QRectF plot = plotRect(0);
    const int first = firstStep(), last = lastStep();
    return first == last ? plot.center().x()
                         : plot.left() + plot.width() * (step - first) / (last - first);
}

int HealthStrips::stepAt(const QPoint& at) const {
    const QRectF plot = plotRect(0);
    const int first = firstStep(), last = lastStep();
    if (first < 0) return -1;
    const double wanted = first + (at.x() - plot.left()) / plot.width() * (last - first);
    int nearest = -1;
    for (const Strip& strip : strips_) {
        auto point = std::lower_bound(strip.points.begin(), strip.points.end(), wanted,
                                      [](const Point& p, double step) { return p.step < step; });
        for (auto p = point == strip.points.begin() ? point : point - 1;
             p != strip.points.end() && p <= point; ++p)
            if (nearest < 0 || std::abs(p->step - wanted) < std::abs(nearest - wanted))
                nearest = p->step;
    }
    return nearest;
}

// One stroke a pixel column from its lowest to its highest, so that no spike is lost.
void HealthStrips::paintLine(QPainter& painter, const QRectF& where, const Strip& strip) const {
    const auto [low, high] =
        std::minmax_element(strip.points.begin(), strip.points.end(),
                            [](const Point& a, const Point& b) { return a.value < b.value; });
    const double bottom = strip.isShare ? 0 : std::min(low->value, 0.0);
    const double top = strip.isShare ? 1 : std::max(high->value, bottom + 1e-6);
    const auto yOf = [&](double value) {
        return where.bottom() - (value - bottom) / (top - bottom) * where.height();
    };
    QPolygonF line;
    for (std::size_t i = 0; i < strip.points.size();) {
        const double x = xOf(strip.points[i].step);
        const double column = std::floor(x);
        double least = strip.points[i].value, most = least, last = least;
        for (; i < strip.points.size() && std::floor(xOf(strip.points[i].step)) == column; ++i) {
            last = strip.points[i].value;
            least = std::min(least, last);
            most = std::max(most, last);
        }
        if (least != most) line << QPointF(x, yOf(least)) << QPointF(x, yOf(most));
        line << QPointF(x, yOf(last));
    }
    painter.setPen(QPen(gainColour(palette()), 1.5));
    if (line.size() == 1)
        painter.drawEllipse(line.first(), 1.5, 1.5);
    else
        painter.drawPolyline(line);
}

void HealthStrips::paintStrip(QPainter& painter, int number) const {
    const Strip& strip = strips_[number];
    const QRectF plot = plotRect(number);
    const QRectF title(plot.left(), plot.top() - fontMetrics().height() - kGap, plot.width(),
                       fontMetrics().height());
    const QColor ink = palette().windowText().color();
    painter.setPen(ink);
    painter.drawText(title, Qt::AlignLeft | Qt::AlignVCenter, strip.name);
    painter.setPen(faded(ink, 0.2));
    painter.drawLine(plot.bottomLeft(), plot.bottomRight());
    const int step = hovered_ >= 0 ? hovered_ : marked_ >= 0 ? marked_ : lastStep();
    painter.setPen(ink);
    const Point* point = pointOf(strip, step);
    painter.drawText(title, Qt::AlignRight | Qt::AlignVCenter,
                     point ? textOf(strip, point->value) : QStringLiteral("–"));
    if (strip.points.empty()) return;
    if (step >= firstStep() && step <= lastStep()) {
        painter.setPen(QPen(faded(ink, 0.45), 1, hovered_ >= 0 ? Qt::DashLine : Qt::SolidLine));
        painter.drawLine(QPointF(xOf(step), plot.top()), QPointF(xOf(step), plot.bottom()));
    }
    paintLine(painter, plot, strip);
}

void HealthStrips::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    if (lastStep() < 0) {
        painter.setPen(palette().placeholderText().color());
        painter.drawText(rect(), Qt::AlignCenter | Qt::TextWordWrap,
                         tr("How healthy the groups are over the steps appears here."));
        return;
    }
    for (int i = 0; i < static_cast<int>(strips_.size()); ++i) paintStrip(painter, i);
}

bool HealthStrips::event(QEvent* event) {
    if (event->type() == QEvent::ToolTip && lastStep() >= 0) {
        const auto* help = static_cast<QHelpEvent*>(event);
        QToolTip::showText(help->globalPos(),
                           explain(stepAt(help->pos())) + tr("\nClick to go to this step."), this);
        return true;
    }
    return QWidget::event(event);
}

void HealthStrips::mouseMoveEvent(QMouseEvent* event) {
    hovered_ = stepAt(event->pos());
    update();
}

void HealthStrips::mouseReleaseEvent(QMouseEvent* event) {
    const int step = stepAt(event->pos());
    if (event->button() == Qt::LeftButton && step >= 0 && rect().contains(event->pos()))
        Q_EMIT stepChosen(step);
}

void HealthStrips::leaveEvent(QEvent*) {
    hovered_ = -1;
    update();
}

}  // namespace lvr
