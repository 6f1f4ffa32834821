#pragma once

#include <QElapsedTimer>
#include <QJsonObject>
#include <QTimer>
#include <QWidget>

#include "core/values/trace.h"
#include "widgets/latent/latent_state.h"

class QTableView;

namespace lvr {

class ImGuiCanvas;
class TimedApplication;
class TrainWorkspace;

// A window with all that is costly on screen at once: the Train workspace and, above it, the latent
// view of a long thought.
class UiBench : public QWidget {
    Q_OBJECT
public:
    UiBench(TimedApplication& application, const QString& store);

    // From an empty window to the runs of the store, the curves of the newest and those of all;
    // lastStep: of every run. finished() follows.
    void measureOpening(int runs, int lastStep);
    // Plays the thought while the curves of all runs are on screen and one of them grows.
    void measureFrames(int runs, int lastStep, int seconds);

Q_SIGNALS:
    void finished(const QJsonObject& measured);

private:
    void show();
    void lookWhatIsShown();
    void drawAll();
    void playOn();
    void report();
    double milliseconds() const { return static_cast<double>(clock_.nsecsElapsed()) / 1e6; }

    TimedApplication& application_;
    QString store_;
    const Trace trace_;
    LatentViewState state_;
    ImGuiCanvas* canvas_;
    TrainWorkspace* workspace_ = nullptr;
    QTableView* table_ = nullptr;
    QElapsedTimer clock_;
    QTimer look_, play_;
    int runs_ = 0, lastStep_ = 0, seconds_ = 0, tick_ = 0;
    QJsonObject measured_;
};

}  // namespace lvr
