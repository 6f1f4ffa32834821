#include "widgets/compare/sparkline.h"

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

namespace lvr {
namespace {

constexpr double kMargin = 7;
constexpr double kDot = 2.5;

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

}  // namespace lvr
