#pragma once

#include <deque>
#include <functional>

namespace lvr {

// How fast a training is and how long it will take, from its newest steps. What keeps it from its
// steps does not count: a save, a full disk, a process that was held.
class Pace {
public:
    // A measurement after every measureEvery-th step (0: none) and the last one; as long as none
    // was timed it is taken to need what `measureSamples` cost in training without the backward
    // pass.
    // now: seconds since any moment.
    Pace(int measureEvery, double measureSamples, std::function<double()> now = steadySeconds);
    static double steadySeconds();

    void beginStep();  // again when there was nothing to learn from
    void endStep(double samples);
    void beginMeasurement();
    void endMeasurement();

    double samplesPerSecond() const;
    // Of the steps after `step` until `steps`, whose measurements are still to come.
    double secondsLeft(int step, int steps) const;

private:
    struct Timed {
        double seconds = 0, samples = 0;
    };

    Timed usual() const;  // mean of the newest steps that were not held up

    int measureEvery_;
    double measureSamples_;
    std::function<double()> now_;
    double begun_ = 0;
    std::deque<Timed> newest_;
    int measured_ = 0;
    double measureSeconds_ = 0;  // of all of them
};

}  // namespace lvr
