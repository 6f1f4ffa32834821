#pragma once

#include <qcustomplot.h>

#include "widgets/runs/curve_view.h"

namespace lvr {

// Where an axis has numbers and what they are: round ones, each told in full, so that no two places
// have the same. On a log axis 1, 2 and 5 of each decade, powers of ten where there are many
// decades, and a linear axis's where there is not even one.
class NumberTicker : public QCPAxisTicker {
public:
    explicit NumberTicker(AxisScale scale) : scale_(scale) { setTickCount(4); }

protected:
    QVector<double> createTickVector(double step, const QCPRange& range) override;
    int getSubTickCount(double) override { return 0; }
    QString getTickLabel(double tick, const QLocale&, QChar, int) override;

private:
    AxisScale scale_;
};

}  // namespace lvr
