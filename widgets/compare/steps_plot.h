#pragma once

#include <QImage>
#include <QWidget>
#include <vector>

#include "core/values/comparison.h"

class QCustomPlot;

namespace lvr {

// Accuracy over the mean number of latent steps, a point with its 95 % interval a strategy.
class StepsPlot : public QWidget {
    Q_OBJECT
public:
    explicit StepsPlot(QWidget* parent = nullptr);
    void setScores(const std::vector<StrategyScore>& scores);
    QImage picture(QSize size, double scale) const;
    QSize sizeHint() const override { return {360, 240}; }
    QSize minimumSizeHint() const override { return {220, 140}; }

Q_SIGNALS:
    void strategyActivated(int strategy);  // a double click on its point

protected:
    void changeEvent(QEvent* event) override;

private:
    void draw();
    void drawPoint(const StrategyScore& score);
    void colour();
    int strategyAt(const QPointF& place) const;  // -1: none near
    void explain(const QPointF& place);

    std::vector<StrategyScore> scores_;
    QCustomPlot* plot_;
};

}  // namespace lvr
