#pragma once

#include <QApplication>
#include <QTimer>
#include <chrono>
#include <vector>

namespace lvr {

// Measures how long the GUI thread is busy: with each picture of a window, and with anything.
class TimedApplication : public QApplication {
    Q_OBJECT
public:
    TimedApplication(int& argc, char** argv);
    bool notify(QObject* receiver, QEvent* event) override;

    void startMeasuring();                                         // forgets what was before
    const std::vector<double>& frames() const { return frames_; }  // ms, painted and shown
    // ms between two beats that were due one after the other: what a click would have waited.
    const std::vector<double>& gaps() const { return gaps_; }

Q_SIGNALS:
    void framePainted();

private:
    using Clock = std::chrono::steady_clock;
    void beat();

    std::vector<double> frames_, gaps_;
    bool paints_ = false;  // the event that is being handled
    int depth_ = 0;
    QTimer heart_;
    Clock::time_point lastBeat_;
};

}  // namespace lvr
