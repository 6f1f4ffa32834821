#include "widgets/compare/steps_plot.h"

#include <qcustomplot.h>

#include <QEvent>
#include <QToolTip>
#include <QVBoxLayout>
#include <algorithm>
#include <cmath>

#include "widgets/compare/strategy.h"

namespace lvr {
namespace {

constexpr double kNear = 12;  // pixels
constexpr double kPoint = 9;

}  // namespace

StepsPlot::StepsPlot(QWidget* parent) : QWidget(parent), plot_(new QCustomPlot(this)) {
    plot_->setAccessibleName(tr("Accuracy over latent steps"));
    plot_->xAxis->setLabel(tr("mean latent steps"));
    plot_->yAxis->setLabel(tr("right, %"));
    plot_->yAxis->setRange(0, 100);
    plot_->setMinimumSize(minimumSizeHint());
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->addWidget(plot_);
    connect(plot_, &QCustomPlot::mouseMove, this,
            [this](QMouseEvent* event) { explain(event->position()); });
    connect(plot_, &QCustomPlot::mouseDoubleClick, this, [this](QMouseEvent* event) {
        if (const int strategy = strategyAt(event->position()); strategy >= 0)
            Q_EMIT strategyActivated(strategy);
    });
    colour();
    draw();
}

void StepsPlot::setScores(const std::vector<StrategyScore>& scores) {
    scores_ = scores;
    draw();
}

QImage StepsPlot::picture(QSize size, double scale) const {
    return plot_->toPixmap(size.width(), size.height(), scale).toImage();
}

void StepsPlot::draw() {
    plot_->clearPlottables();
    plot_->clearItems();
    double most = 4, lowest = 100, highest = 0;
    for (std::size_t i = 0; i < scores_.size(); ++i) {
        if (scores_[i].asked == 0) continue;
        most = std::max(most, scores_[i].latents);
        lowest = std::min(lowest, 100 * scores_[i].low);
        highest = std::max(highest, 100 * scores_[i].high);
        drawPoint(scores_[i]);
    }
    plot_->xAxis->setRange(-0.06 * most, 1.06 * most);
    if (lowest > highest) lowest = 0, highest = 100;
    plot_->yAxis->setRange(std::max(lowest - 5, -2.0), std::min(highest + 5, 102.0));
    plot_->replot(QCustomPlot::rpQueuedReplot);
}

void StepsPlot::drawPoint(const StrategyScore& score) {
    const QColor ink = strategyColour(score.colour);
    auto* point = plot_->addGraph();
    point->setLineStyle(QCPGraph::lsNone);
    point->setScatterStyle(QCPScatterStyle(QCPScatterStyle::ssDisc, ink, ink, kPoint));
    point->setData({score.latents}, {100 * score.accuracy});
    auto* bars = new QCPErrorBars(plot_->xAxis, plot_->yAxis);  // the plot's
    bars->setDataPlottable(point);
    bars->setPen(QPen(ink, 1.5));
    bars->setData({100 * (score.accuracy - score.low)}, {100 * (score.high - score.accuracy)});
}

void StepsPlot::colour() {
    const QColor ink = palette().windowText().color();
    QColor grid = ink;
    grid.setAlpha(40);
    plot_->setBackground(palette().base());
    for (auto* axis : {plot_->xAxis, plot_->yAxis}) {
        for (auto set : {&QCPAxis::setBasePen, &QCPAxis::setTickPen, &QCPAxis::setSubTickPen})
            (axis->*set)(QPen(ink));
        axis->setTickLabelColor(ink);
        axis->setLabelColor(ink);
        axis->setTickLabelFont(font());
        axis->setLabelFont(font());
        axis->grid()->setPen(QPen(grid, 1, Qt::DotLine));
        axis->grid()->setZeroLinePen(QPen(grid));
    }
}

int StepsPlot::strategyAt(const QPointF& place) const {
    int nearest = -1;
    double least = kNear;
    for (std::size_t i = 0; i < scores_.size(); ++i) {
        if (scores_[i].asked == 0) continue;
        const double dx = plot_->xAxis->coordToPixel(scores_[i].latents) - place.x();
        const double dy = plot_->yAxis->coordToPixel(100 * scores_[i].accuracy) - place.y();
        if (std::hypot(dx, dy) >= least) continue;
        least = std::hypot(dx, dy);
        nearest = static_cast<int>(i);
    }
    return nearest;
}

void StepsPlot::explain(const QPointF& place) {
    const int strategy = strategyAt(place);
    if (strategy < 0) return QToolTip::hideText();
    const auto& s = scores_[static_cast<std::size_t>(strategy)];
    QToolTip::showText(plot_->mapToGlobal(place.toPoint()),
                       tr("%1\n%2 % right (%3–%4), %5 steps, %6 ms, %7 questions")
                           .arg(QString::fromStdString(s.title))
                           .arg(100 * s.accuracy, 0, 'f', 1)
                           .arg(100 * s.low, 0, 'f', 1)
                           .arg(100 * s.high, 0, 'f', 1)
                           .arg(s.latents, 0, 'f', 1)
                           .arg(s.totalMs, 0, 'f', 0)
                           .arg(s.asked),
                       plot_);
}

void StepsPlot::changeEvent(QEvent* event) {
    QWidget::changeEvent(event);
    if (event->type() != QEvent::PaletteChange && event->type() != QEvent::FontChange) return;
    colour();
    plot_->replot(QCustomPlot::rpQueuedReplot);
}

}  // namespace lvr
