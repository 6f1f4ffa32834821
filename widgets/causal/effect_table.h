#pragma once

#include <QTableWidget>
#include <vector>

#include "widgets/causal/effects.h"

namespace lvr {

// A row an intervention: what it makes of a set, and how sure that is.
class EffectTable : public QTableWidget {
    Q_OBJECT
public:
    enum Column {
        Name,
        Count,
        Flips,
        Right,
        Change,
        Donor,
        Holm,
        Detectable,
        Verdict,
        ColumnCount
    };
    explicit EffectTable(QWidget* parent = nullptr);
    void setEffects(const std::vector<InterventionSummary>& effects);
    int heightOfAll() const;  // pixels, so that no row is scrolled away
    QSize sizeHint() const override { return {700, 260}; }

private:
    void fill(int row, const InterventionSummary& summary);
};

}  // namespace lvr
