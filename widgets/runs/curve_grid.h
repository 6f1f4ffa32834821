#pragma once

#include <QTimer>
#include <QWidget>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "widgets/runs/curve_view.h"

class QLabel;
class QLineEdit;
class QScrollArea;
class QVBoxLayout;

namespace lvr {

class CurveControls;
class CurveGroup;
class CurvePlot;

// All metrics of the chosen runs, a curve each, by group: what stands before the name's slash.
class CurveGrid : public QWidget {
    Q_OBJECT
public:
    explicit CurveGrid(QWidget* parent = nullptr);

    void setRuns(const std::vector<PlottedRun>& runs);
    void refresh();    // the runs have grown, in length or in metrics
    void dropEmpty();  // all has come: a metric that no run has is of another store
    CurvePlot* find(const std::string& metric) const;  // null: there is none

Q_SIGNALS:
    void rolloutsRequested(std::int64_t run, int step);
    void exported(const QString& file);
    void exportFailed(const QString& sentence);

private:
    void build();
    void updatePlots();
    void applyFilter();
    void applyView(const CurveView& view);
    CurvePlot* makePlot(const std::string& metric);
    void refreshNext();

    std::vector<PlottedRun> runs_;
    std::map<std::string, CurvePlot*> plots_;    // by metric
    std::map<std::string, CurveGroup*> groups_;  // by title
    // One picture a tick: the window answers in between.
    std::vector<CurvePlot*> waiting_;
    QTimer tick_;
    QLineEdit* search_;
    CurveControls* controls_;
    QScrollArea* area_;
    QVBoxLayout* column_;
    QLabel* nothing_;
};

}  // namespace lvr
