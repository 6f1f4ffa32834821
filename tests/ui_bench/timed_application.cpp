#include "tests/ui_bench/timed_application.h"

#include <QEvent>
#include <QThread>

namespace lvr {
namespace {

double milliseconds(std::chrono::steady_clock::duration duration) {
    return std::chrono::duration<double, std::milli>(duration).count();
}

}  // namespace

TimedApplication::TimedApplication(int& argc, char** argv) : QApplication(argc, argv) {
    heart_.setTimerType(Qt::PreciseTimer);
    heart_.setInterval(1);
    connect(&heart_, &QTimer::timeout, this, &TimedApplication::beat);
}

// Called on every thread for its own events. Whatever else is handled inside of an event counts as
// a part of it. Widgets are painted when an update is requested, or at once: when the window is
// exposed, say.
bool TimedApplication::notify(QObject* receiver, QEvent* event) {
    if (QThread::currentThread() != thread()) return QApplication::notify(receiver, event);
    const auto begun = Clock::now();
    if (depth_ == 0) paints_ = false;
    if (event->type() == QEvent::UpdateRequest || event->type() == QEvent::Paint) paints_ = true;
    ++depth_;
    const bool handled = QApplication::notify(receiver, event);
    --depth_;
    if (depth_ == 0 && paints_) {
        paints_ = false;
        frames_.push_back(milliseconds(Clock::now() - begun));
        Q_EMIT framePainted();
    }
    return handled;
}

void TimedApplication::startMeasuring() {
    frames_.clear();
    gaps_.clear();
    lastBeat_ = Clock::now();
    heart_.start();
}

void TimedApplication::beat() {
    const auto now = Clock::now();
    gaps_.push_back(milliseconds(now - lastBeat_));
    lastBeat_ = now;
}

}  // namespace lvr
