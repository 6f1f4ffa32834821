#pragma once

#include <QWidget>
#include <vector>

#include "core/values/run.h"

namespace lvr {

// The health of a run's groups over its steps, one strip each: share of mixed groups, mean reward,
// trigger rate and rate of unclosed thoughts. Where steps share a pixel their whole range is drawn.
// Pointing reads a step, clicking chooses it.
class HealthStrips : public QWidget {
    Q_OBJECT
public:
    explicit HealthStrips(QWidget* parent = nullptr);

    void clear();
    // In the order they were written; a step that comes again begins a resumed run. Other metrics
    // than the four are passed over.
    void append(const std::vector<MetricColumn>& columns);
    void markStep(int step);             // the one that is shown
    QString explain(int step) const;     // the values of that step, a line each
    int stepAt(const QPoint& at) const;  // nearest that was measured, -1: none
    QSize sizeHint() const override;
    QSize minimumSizeHint() const override { return {140, sizeHint().height()}; }

Q_SIGNALS:
    void stepChosen(int step);

protected:
    bool event(QEvent* event) override;
    void paintEvent(QPaintEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void leaveEvent(QEvent* event) override;

private:
    struct Point {
        int step = 0;
        double value = 0;
    };
    struct Strip {
        QString name, tip;
        bool isShare = true;
        std::vector<Point> points;  // by step
    };
    Strip* stripOf(const std::string& metric);
    const Point* pointOf(const Strip& strip, int step) const;
    QString textOf(const Strip& strip, double value) const;
    QRectF plotRect(int strip) const;
    double xOf(int step) const;
    void paintStrip(QPainter& painter, int strip) const;
    void paintLine(QPainter& painter, const QRectF& where, const Strip& strip) const;
    int firstStep() const;
    int lastStep() const;

    std::vector<Strip> strips_;
    int marked_ = -1, hovered_ = -1;
};

}  // namespace lvr
