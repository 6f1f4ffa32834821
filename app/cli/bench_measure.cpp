#include "app/cli/bench_measure.h"

#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <string>
#include <vector>

#include "app/cli/command.h"
#include "core/error.h"

namespace lvr {
namespace {

double middle(std::vector<double> times) {
    const auto half = times.begin() + std::ssize(times) / 2;
    std::nth_element(times.begin(), half, times.end());
    return *half;
}

}  // namespace

double since(std::chrono::steady_clock::time_point begun) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
}

double once(const std::function<void()>& work) {
    if (interruption().stop_requested()) throw Cancelled();
    const auto begun = std::chrono::steady_clock::now();
    work();
    return since(begun);
}

double median(int repeats, const std::function<void()>& work) {
    work();
    std::vector<double> times;
    for (int i = 0; i < repeats; ++i) times.push_back(once(work));
    return middle(times);
}

Both medians(int repeats, const std::function<void()>& first, const std::function<void()>& second) {
    if (!second) return {median(repeats, first), 0};
    first(), second();
    std::vector<double> ofFirst, ofSecond;
    for (int i = 0; i < repeats; ++i) {
        ofFirst.push_back(once(first));
        ofSecond.push_back(once(second));
    }
    return {middle(ofFirst), middle(ofSecond)};
}

long memoryOf(const char* field) {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);)
        if (line.starts_with(field)) return std::stol(line.substr(line.find(':') + 1));
    return 0;
}

double peakGrowth(const std::function<void()>& work) {
    malloc_trim(0);
    std::ofstream("/proc/self/clear_refs") << 5;  // forgets the highest so far
    const long before = memoryOf("VmRSS");
    work();
    return static_cast<double>(memoryOf("VmHWM") - before) / 1024;
}

TemporaryFolder::TemporaryFolder()
    : path(std::filesystem::temp_directory_path() / ("lvr-bench-" + std::to_string(::getpid()))) {
    std::filesystem::create_directories(path);
}

TemporaryFolder::~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
}

}  // namespace lvr
