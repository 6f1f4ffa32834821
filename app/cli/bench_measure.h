#pragma once

#include <chrono>
#include <filesystem>
#include <functional>

namespace lvr {

// What the benches share. Each throws Cancelled when the program is interrupted.

// Seconds.
double since(std::chrono::steady_clock::time_point begun);

// Seconds of doing it once.
double once(const std::function<void()>& work);

// Seconds, the median of some repeats after one that warms up.
double median(int repeats, const std::function<void()>& work);

// Seconds of two ways to do the same, the median of each: they take turns, so that a machine that
// slows down slows both. Without a second way its median is 0.
struct Both {
    double first = 0, second = 0;
};
Both medians(int repeats, const std::function<void()>& first, const std::function<void()>& second);

// kB of this process, from the kernel: "VmRSS", "VmHWM" or "RssAnon".
long memoryOf(const char* field);

// MB by which the process grows at most while it does the work.
double peakGrowth(const std::function<void()>& work);

// A folder that is gone again afterwards.
struct TemporaryFolder {
    std::filesystem::path path;
    TemporaryFolder();
    ~TemporaryFolder();
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
};

}  // namespace lvr
