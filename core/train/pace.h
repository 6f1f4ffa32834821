#pragma once

#include <deque>
#include <functional>
#include <string>

#include "core/train/distributed.h"

namespace lvr {

// Tells which steps take much longer than the others.
class StepPace {
public:
    struct Longest {
        std::string record;  // name of the longest of a step
        int positions = 0;
    };
    // What a person should know of a step that took so long; empty: nothing.
    std::string alertOf(double seconds, const Longest& longest);

private:
    std::deque<double> before_;  // seconds of the newest steps
};

// Of all ranks' the longest. Collective.
StepPace::Longest longestOverRanks(const Ranks& ranks, const StepPace::Longest& mine);

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
