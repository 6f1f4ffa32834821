#pragma once

#include <vector>

#include "widgets/causal/effects.h"
#include "widgets/causal/figure_view.h"

namespace lvr {

// Means with their 95 % intervals over a number: effect over dose, shift over how sure it was.
class EffectPlot : public FigureView {
    Q_OBJECT
public:
    EffectPlot(const QString& id, const QString& name, const QString& x, const QString& y,
               QWidget* parent = nullptr);
    void setSeries(const std::vector<EffectSeries>& series);
    bool isEmpty() const override;
    QSize sizeHint() const override { return {320, 220}; }

protected:
    void draw(QPainter& painter, const QRectF& space, const FigureInk& ink) const override;
    QString explain(const QPointF& at) const override;

private:
    double leftRoom() const;  // for the numbers of y
    QRectF plotIn(const QRectF& space) const;
    QPointF placeOf(double x, double y, const QRectF& plot) const;
    void drawAxes(QPainter& painter, const QRectF& plot, const FigureInk& ink) const;
    void drawSeries(QPainter& painter, const QRectF& plot, int which, const FigureInk& ink) const;
    void drawLegend(QPainter& painter, const QRectF& plot, const FigureInk& ink) const;

    QString x_, y_;
    std::vector<EffectSeries> series_;
    double left_ = 0, right_ = 1, low_ = 0, high_ = 1;
};

}  // namespace lvr
