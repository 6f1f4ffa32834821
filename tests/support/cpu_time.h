#pragma once

#include <sys/resource.h>

#include <ctime>

// Bounds on work are in CPU time: the clock on the wall would measure the machine's other work too.

inline double secondsOf(const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

// Of all threads of this process (RUSAGE_SELF), or of the children that have ended
// (RUSAGE_CHILDREN).
inline double cpuSeconds(__rusage_who whose = RUSAGE_SELF) {
    rusage used{};
    getrusage(whose, &used);
    return secondsOf(used.ru_utime) + secondsOf(used.ru_stime);
}

class CpuTimer {
public:
    void start() { begun_ = cpuSeconds(); }
    double milliseconds() const { return 1000 * (cpuSeconds() - begun_); }

private:
    double begun_ = cpuSeconds();
};
