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
    void setTitleShown(bool shown);

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
    void keep();  // shows what was chosen the last time; from now on that is kept

Q_SIGNALS:
    void viewChanged(const lvr::CurveView& view);

private:
    void build();
    void tell();
    void write() const;

    CurveAxis wanted_ = CurveAxis::Step;  // as chosen, also while no run knows it
    QSlider* smoothing_;
    QLabel* weight_;
    QComboBox* axis_;
    bool isKept_ = false;
    QCheckBox* logX_;
    QCheckBox* logY_;
    QCheckBox* clip_;
    QCheckBox* groups_;
};

// All metrics of the chosen runs, a curve each, by group: what stands before the name's slash.
class CurveGrid : public QWidget {
    Q_OBJECT
public:
    static constexpr int kPlotHeight = 220;
    explicit CurveGrid(QWidget* parent = nullptr);

    void setRuns(const std::vector<PlottedRun>& runs);
    void refresh();    // the runs have grown, in length or in metrics
    void dropEmpty();  // all has come: a metric that no run has is of another store
    CurvePlot* find(const std::string& metric) const;  // null: there is none
    bool isBusy() const { return tick_.isActive(); }   // pictures are still to be drawn anew
    CurvePlot* large() const { return large_; }        // that fills the view; null: none does
    void markStep(std::int64_t run, int step);         // that is looked at, in every plot
    void keepView();  // shows curves as they were looked at the last time, and keeps that

Q_SIGNALS:
    void refreshed();                             // no longer busy
    void stepChosen(std::int64_t run, int step);  // in a plot
    void rolloutsRequested(std::int64_t run, int step);
    void exported(const QString& file);
    void exportFailed(const QString& sentence);

protected:
    void resizeEvent(QResizeEvent* event) override;

private:
    void build();
    void updatePlots();
    void applyFilter();
    void applyView(const CurveView& view);
    CurvePlot* makePlot(const std::string& metric);
    void refreshNext();
    void enlarge(CurvePlot* plot);  // null: all as they were
    void fitLarge();
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
    CurvePlot* large_ = nullptr;
    int before_ = 0;  // where the view was scrolled to
    std::int64_t markedRun_ = 0;
    int markedStep_ = 0;
};

}  // namespace lvr
