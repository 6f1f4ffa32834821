#include "app/training/train_progress.h"

#include <cstdio>
#include <ctime>

namespace lvr {

bool isPrinted(const TrainReport& report) {
    return report.step % 10 == 0 || report.step == report.steps;
}

void printTrainReport(const TrainReport& report) {
    if (!isPrinted(report)) return;
    std::printf("step %4d/%d  lr %.2e  %.0f samples/s  eta %d:%02d ", report.step, report.steps,
                report.learningRate, report.samplesPerSecond,
                static_cast<int>(report.secondsLeft) / 60,
                static_cast<int>(report.secondsLeft) % 60);
    for (const auto& [name, value] : report.metrics) std::printf(" %s %.3f", name.c_str(), value);
    std::printf("\n");
    std::fflush(stdout);
}

void printMeasurement(int step, const std::map<std::string, double>& metrics) {
    std::printf("measured after step %d ", step);
    for (const auto& [name, value] : metrics) std::printf(" %s %.3f", name.c_str(), value);
    std::printf("\n");
    std::fflush(stdout);
}

long cpuSeconds() { return std::clock() / CLOCKS_PER_SEC; }

}  // namespace lvr
