#pragma once

#include <QTableWidget>
#include <vector>

#include "core/values/comparison.h"

namespace lvr {

// One row a strategy: accuracy with its interval, the paired test against the first, steps, times.
class ScoreTable : public QTableWidget {
    Q_OBJECT
public:
    explicit ScoreTable(QWidget* parent = nullptr);
    void setScores(const std::vector<StrategyScore>& scores);
    int heightOfAll() const;  // pixels, so that no row is scrolled away
    QSize sizeHint() const override { return {600, heightOfAll()}; }

Q_SIGNALS:
    void strategyActivated(int strategy);  // double click or Enter

private:
    void fill(int row, const StrategyScore& score);
};

// "1", "0.22", "0.003", "< 0.001"
QString pValueText(double p);

}  // namespace lvr
