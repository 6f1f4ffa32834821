#pragma once

#include <QPointer>
#include <QTimer>
#include <QWidget>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "widgets/runs/curve_data.h"

class QCheckBox;
class QComboBox;
class QGridLayout;
class QLabel;
class QLineEdit;
class QScrollArea;
class QSlider;
class QToolButton;
class QVBoxLayout;

namespace lvr {

class CurvePlot;

// A heading that opens and closes the plots below it, in as many columns as there is room for.
class CurveGroup : public QWidget {
    Q_OBJECT
public:
    explicit CurveGroup(const QString& title, QWidget* parent = nullptr);
    // Owns it; place: what the plots are in order of.
    void add(QWidget* plot, const QString& place);
    void arrange();  // after plots were shown or hidden; an empty group hides itself

protected:
    void resizeEvent(QResizeEvent* event) override;

private:
    QString title_;
    QToolButton* head_;
    QWidget* body_;
    QGridLayout* grid_;
    std::multimap<QString, QPointer<QWidget>> plots_;  // by place
    int columns_ = 0;
};

// How all curves are looked at: smoothing, what is on the x axis, logarithms.
class CurveControls : public QWidget {
    Q_OBJECT
public:
    explicit CurveControls(QWidget* parent = nullptr);

    CurveView view() const;
    void setRuns(const std::vector<PlottedRun>& runs);  // offers the axes that one of them knows

Q_SIGNALS:
    void viewChanged(const lvr::CurveView& view);

private:
    void build();
    void tell();

    CurveAxis wanted_ = CurveAxis::Step;  // as chosen, also while no run knows it
    QSlider* smoothing_;
    QLabel* weight_;
    QComboBox* axis_;
    QCheckBox* logX_;
    QCheckBox* logY_;
};

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
