#include "widgets/causal/step_matrix.h"

#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>
#include <algorithm>
#include <cmath>

#include "widgets/action_tip.h"
#include "widgets/colours.h"

namespace lvr {

StepMatrix::StepMatrix(const QString& id, const QString& name, Scale scale, QWidget* parent)
    : FigureView(id, name, parent), scale_(scale) {
    setFocusPolicy(Qt::StrongFocus);
    setFixedKeys(*this, {tr("a matrix of steps"), {{tr("Arrows"), tr("Choose a pair of steps")}}});
}

void StepMatrix::setValues(const std::vector<double>& values, const QString& sentence) {
    values_ = values;
    sentence_ = sentence;
    steps_ = static_cast<int>(std::lround(std::sqrt(static_cast<double>(values.size()))));
    if (steps_ * steps_ != std::ssize(values)) steps_ = 0;
    most_ = 0;
    for (const double each : values_) most_ = std::max(most_, std::abs(each));
    if (scale_ == Scale::Signed || most_ == 0) most_ = 1;
    row_ = column_ = -1;
    update();
}

void StepMatrix::setAxes(const QString& rows, const QString& columns) {
    rows_ = rows;
    columns_ = columns;
}

double StepMatrix::value(int row, int column) const {
    return values_[static_cast<std::size_t>(row * steps_ + column)];
}

// A square below the columns' title and right of the rows' numbers.
QRectF StepMatrix::cells(const QRectF& space) const {
    const double line = fontMetrics().height();
    const double left = fontMetrics().horizontalAdvance(QStringLiteral("00")) + line + 8;
    const QRectF room = space.adjusted(left, 2 * line + 4, 0, 0);
    const double side = std::max(std::min(room.width(), room.height()), 8.0);
    return {room.left(), room.top(), side, side};
}

QColor StepMatrix::colour(double value, const FigureInk& ink) const {
    const double share = std::clamp(std::abs(value) / most_, 0.0, 1.0);
    const QColor full = runColour(value < 0 ? 1 : 0, ink.dark);
    return mixed(faded(full, std::isnan(value) ? 0 : 0.08 + 0.92 * share), ink.ground);
}

void StepMatrix::draw(QPainter& painter, const QRectF& space, const FigureInk& ink) const {
    const QRectF whole = cells(space);
    const double side = whole.width() / steps_;
    const bool hasRoom = side > fontMetrics().horizontalAdvance(QStringLiteral("−0.00")) + 2;
    for (int i = 0; i < steps_; ++i)
        for (int j = 0; j < steps_; ++j) {
            const QRectF cell(whole.left() + j * side, whole.top() + i * side, side, side);
            const QColor ground = colour(value(i, j), ink);
            painter.fillRect(cell.adjusted(0.5, 0.5, -0.5, -0.5), ground);
            if (!hasRoom) continue;
            painter.setPen(ground.lightness() < 140 ? Qt::white : QColor(20, 20, 20));
            painter.drawText(cell, Qt::AlignCenter, QString::number(value(i, j), 'f', 2));
        }
    drawLabels(painter, whole, ink);
    if (row_ < 0) return;
    painter.setPen(QPen(ink.ink, 2));
    painter.setBrush(Qt::NoBrush);
    painter.drawRect(QRectF(whole.left() + column_ * side, whole.top() + row_ * side, side, side));
}

void StepMatrix::drawLabels(QPainter& painter, const QRectF& whole, const FigureInk& ink) const {
    const double line = fontMetrics().height(), side = whole.width() / steps_;
    const int every = std::max(1, static_cast<int>(std::ceil((line + 4) / side)));
    painter.setPen(ink.dim);
    for (int i = 0; i < steps_; i += every) {
        const QString number = QString::number(i + 1);
        painter.drawText(QRectF(whole.left() + i * side, whole.top() - line - 2, side, line),
                         Qt::AlignCenter | Qt::TextDontClip, number);
        painter.drawText(QRectF(whole.left() - 50, whole.top() + i * side, 46, side),
                         Qt::AlignRight | Qt::AlignVCenter | Qt::TextDontClip, number);
    }
    painter.setPen(ink.ink);
    painter.drawText(QRectF(whole.left(), whole.top() - 2 * line - 4, whole.width() + 400, line),
                     Qt::AlignLeft, columns_);
    painter.save();
    painter.translate(
        whole.left() - fontMetrics().horizontalAdvance(QStringLiteral("00")) - 8 - line,
        whole.bottom());
    painter.rotate(-90);
    painter.drawText(
        QRectF(0, 0, std::max(whole.height(), 1.0), line), Qt::AlignLeft,
        fontMetrics().elidedText(rows_, Qt::ElideRight, static_cast<int>(whole.height())));
    painter.restore();
}

bool StepMatrix::cellAt(const QPointF& at, int& row, int& column) const {
    const QRectF whole = cells(QRectF(rect()).adjusted(6, 6, -6, -6));
    if (!whole.contains(at)) return false;
    row = std::clamp(static_cast<int>((at.y() - whole.top()) / whole.height() * steps_), 0,
                     steps_ - 1);
    column = std::clamp(static_cast<int>((at.x() - whole.left()) / whole.width() * steps_), 0,
                        steps_ - 1);
    return true;
}

QString StepMatrix::explain(const QPointF& at) const {
    int row = 0, column = 0;
    if (!cellAt(at, row, column)) return {};
    return sentence_.arg(row + 1).arg(column + 1).arg(value(row, column), 0, 'f', 3);
}

void StepMatrix::choose(int row, int column) {
    row_ = row;
    column_ = column;
    setAccessibleDescription(
        sentence_.arg(row + 1).arg(column + 1).arg(value(row, column), 0, 'f', 3));
    update();
    Q_EMIT cellChosen(row, column);
}

void StepMatrix::mousePressEvent(QMouseEvent* event) {
    int row = 0, column = 0;
    if (event->button() == Qt::LeftButton && !isEmpty() && cellAt(event->position(), row, column))
        choose(row, column);
}

void StepMatrix::keyPressEvent(QKeyEvent* event) {
    const int key = event->key();
    const int down = key == Qt::Key_Down ? 1 : key == Qt::Key_Up ? -1 : 0;
    const int right = key == Qt::Key_Right ? 1 : key == Qt::Key_Left ? -1 : 0;
    if (isEmpty() || (down == 0 && right == 0)) return FigureView::keyPressEvent(event);
    choose(std::clamp(row_ + down, 0, steps_ - 1), std::clamp(column_ + right, 0, steps_ - 1));
}

}  // namespace lvr
