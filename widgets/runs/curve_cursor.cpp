// What the mouse and the keys do in a plot: read, choose a step, zoom.

#include <qcustomplot.h>

#include <QTextDocumentFragment>

#include "widgets/colours.h"
#include "widgets/runs/curve_lines.h"
#include "widgets/runs/curve_plot.h"
#include "widgets/words.h"

namespace lvr {

bool CurvePlot::zoom(const QWheelEvent& event) {
    if (!(event.modifiers() & Qt::ControlModifier)) return false;
    auto* axis = event.modifiers() & Qt::ShiftModifier ? plot_->yAxis : plot_->xAxis;
    const double at = axis == plot_->xAxis ? event.position().x() : event.position().y();
    axis->scaleRange(std::pow(0.85, event.angleDelta().y() / 120.0), axis->pixelToCoord(at));
    plot_->replot(QCustomPlot::rpQueuedReplot);
    return true;
}

void CurvePlot::keyPressEvent(QKeyEvent* event) {
    auto* axis = plot_->xAxis;
    const double tenth = axis->range().size() / 10;
    switch (event->key()) {
        case Qt::Key_Left:
            axis->moveRange(-tenth);
            break;
        case Qt::Key_Right:
            axis->moveRange(tenth);
            break;
        case Qt::Key_Plus:
            axis->scaleRange(0.7);
            break;
        case Qt::Key_Minus:
            axis->scaleRange(1 / 0.7);
            break;
        case Qt::Key_F:
            follow();
            break;
        case Qt::Key_Return:
        case Qt::Key_Enter:
            Q_EMIT largeWanted();
            return;
        case Qt::Key_Escape:
            if (following_) return Q_EMIT smallWanted();
            follow();
            break;
        default:
            QWidget::keyPressEvent(event);
            return;
    }
    plot_->replot(QCustomPlot::rpQueuedReplot);
}

// A stroke that is nearly level zooms into steps only, one that is nearly upright into values only.
void CurvePlot::zoomTo(const QRect& rect) {
    constexpr int kLeast = 8;  // pixels; less is no direction
    const bool wide = rect.width() >= kLeast, high = rect.height() >= kLeast;
    const auto zoom = [](QCPAxis* axis, int from, int to) {
        const double a = axis->pixelToCoord(from), b = axis->pixelToCoord(to);
        axis->setRange(std::min(a, b), std::max(a, b));
    };
    if (wide) zoom(plot_->xAxis, rect.left(), rect.right());
    if (high) zoom(plot_->yAxis, rect.top(), rect.bottom());
    plot_->replot(QCustomPlot::rpQueuedReplot);
}

void CurvePlot::point(const QPoint& place) {
    if (!plot_->axisRect()->rect().contains(place)) {
        hideCursor();
        return Q_EMIT pointedNowhere();
    }
    const double x = plot_->xAxis->pixelToCoord(place.x());
    showCursor(x);
    if (!readout_->isHidden()) placeReadout(place.x(), place.y());
    Q_EMIT pointed(x);
}

// Of the run that stands out, or else of the one whose line is nearest.
void CurvePlot::chooseStep(const QPoint& place) {
    const auto* rect = plot_->axisRect();
    if (!rect->rect().contains(place)) return;
    const auto points = lines_->nearest(plot_->xAxis->pixelToCoord(place.x()));
    if (points.empty()) return;
    const auto distance = [&](const CurveLines::Point& point) {
        if (point.run->isChosen) return -1.0;
        return std::abs(plot_->yAxis->coordToPixel(point.value) - place.y());
    };
    const auto nearest = std::ranges::min_element(points, {}, distance);
    Q_EMIT stepChosen(nearest->run->id, nearest->step);
}

void CurvePlot::markStep(std::int64_t run, int step) {
    markedRun_ = run;
    markedStep_ = step;
    refresh();
}

void CurvePlot::placeMark() {
    const auto x = lines_->placeOf(markedRun_, markedStep_);
    mark_->setVisible(x.has_value());
    if (!x) return;
    const auto y = plot_->yAxis->range();
    mark_->point1->setCoords(*x, y.lower);
    mark_->point2->setCoords(*x, y.upper);
}

void CurvePlot::showCursor(double x) {
    const auto points = lines_->nearest(x);
    const auto* rect = plot_->axisRect();
    const int place = qRound(plot_->xAxis->coordToPixel(x));
    if (points.empty() || plot_->visibleRegion().isEmpty() || place < rect->left() ||
        place > rect->right())
        return hideCursor();
    QString text = "<table cellspacing='0' cellpadding='1'>";
    for (const auto& point : points) {
        text += QString(
                    "<tr><td><span style='color:%1'>●</span> %2&nbsp;</td>"
                    "<td>%3 %4:&nbsp;</td><td>%5</td>")
                    .arg(runColour(point.run->colour, isDark(palette())).name(),
                         point.run->name.toHtmlEscaped(), tr("step"))
                    .arg(point.step)
                    .arg(shortNumber(point.value));
        if (view_.smoothing > 0)
            text +=
                QString("<td>&nbsp;%1 %2</td>").arg(tr("smoothed"), shortNumber(point.smoothed));
        text += "</tr>";
    }
    readout_->setText(text + "</table>");
    readout_->adjustSize();
    cursor_->setGeometry(place, rect->top(), 1, rect->height());
    cursor_->show();
    placeReadout(place, rect->center().y());
    readout_->show();
    readout_->raise();
}

// Beside a place of the picture, within it.
void CurvePlot::placeReadout(int x, int y) {
    constexpr int kGap = 12;
    const bool left = x + kGap + readout_->width() > plot_->width();
    const int at = left ? x - kGap - readout_->width() : x + kGap;
    readout_->move(std::max(0, at), std::clamp(y - readout_->height() / 2, 0,
                                               std::max(0, plot_->height() - readout_->height())));
}

void CurvePlot::hideCursor() {
    readout_->hide();
    cursor_->hide();
}

QString CurvePlot::readout() const {
    return readout_->isHidden() ? QString()
                                : QTextDocumentFragment::fromHtml(readout_->text()).toPlainText();
}

}  // namespace lvr
