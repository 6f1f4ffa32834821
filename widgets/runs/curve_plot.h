#pragma once

#include <QWidget>
#include <memory>
#include <string>
#include <vector>

#include "widgets/job.h"
#include "widgets/runs/curve_data.h"

class QCPItemStraightLine;
class QCPRange;
class QCustomPlot;
class QFrame;
class QLabel;
class QMenu;
class QMouseEvent;
class QToolButton;
class QWheelEvent;

namespace lvr {

class CurveLines;

// One metric of several runs. It follows what comes until it is dragged or zoomed; a button, or a
// double click, makes it follow again. The data stays with the runs.
class CurvePlot : public QWidget {
    Q_OBJECT
public:
    explicit CurvePlot(const std::string& metric, QWidget* parent = nullptr);
    ~CurvePlot() override;

    const std::string& metric() const { return metric_; }
    void setRuns(const std::vector<PlottedRun>& runs);
    void setView(const CurveView& view);
    void refresh();  // the data has grown; costs nothing while out of sight
    // The line that all plots share: where the mouse is over one of them.
    void showCursor(double x);
    void hideCursor();
    // The step that is looked at, of one of the runs, as a line; no run: none.
    void markStep(std::int64_t run, int step);
    void follow();
    bool isFollowing() const { return following_; }
    // .png, .svg or .csv; exported() or exportFailed() follows.
    void exportTo(const QString& file);
    QString readout() const;  // what is said of the place under the cursor, as plain text

Q_SIGNALS:
    void pointed(double x);  // the mouse is here
    void pointedNowhere();
    void stepChosen(std::int64_t run, int step);  // clicked at
    void largeWanted();                           // to fill the view, or as it was if it does
    void smallWanted();
    void rolloutsRequested(std::int64_t run, int step);
    void exported(const QString& file);
    void exportFailed(const QString& sentence);

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;
    void changeEvent(QEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;

private:
    void build();
    void makeMenu();
    void wire();
    void colour();
    void setScales();
    void prepare();  // before each picture
    void placeLegend();
    void leaveFollowing();
    void stayBehindZero(const QCPRange& range);
    bool zoom(const QWheelEvent& event);
    void zoomTo(const QRect& rect);
    void point(const QPoint& place);
    void chooseStep(const QPoint& place);
    void placeReadout(int x, int y);
    void placeMark();
    void showMenu(const QPoint& place);
    void askForFile(const QString& ending);

    std::string metric_;
    std::vector<PlottedRun> runs_;
    CurveView view_;
    bool following_ = true;
    bool preparing_ = false;  // ranges change by us, not by the user
    bool stale_ = false;      // grew while out of sight
    bool legendChosen_ = false;
    QCustomPlot* plot_;
    std::unique_ptr<CurveLines> lines_;
    QLabel* title_;
    QToolButton* follow_;
    QToolButton* large_;
    QToolButton* more_;
    QMenu* menu_;
    QAction* rollouts_ = nullptr;
    QLabel* readout_;
    QFrame* cursor_;
    QCPItemStraightLine* mark_;
    std::int64_t markedRun_ = 0;
    int markedStep_ = 0;
    QPoint pressed_;  // where the mouse button went down
    Job exports_;
};

}  // namespace lvr
