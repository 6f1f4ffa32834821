#pragma once

#include <QTableWidget>
#include <vector>

#include "core/values/causal_report.h"

namespace lvr {

// A row a linear probe: what it reads, from where, and how often it is right on questions that it
// was not fitted to.
class LinearProbeTable : public QTableWidget {
    Q_OBJECT
public:
    enum Column { Of, At, Trained, Tested, Accuracy, Chance, ColumnCount };
    explicit LinearProbeTable(QWidget* parent = nullptr);
    void setProbes(const std::vector<ProbeRow>& probes);
};

}  // namespace lvr
