#include "app/training/train_progress.h"

#include <cmath>
#include <cstdio>
#include <ctime>
#include <optional>

namespace lvr {
namespace {

constexpr std::size_t kColumns = 100;

template <class... Values>
std::string formatted(const char* format, Values... values) {
    char text[64];
    std::snprintf(text, sizeof text, format, values...);
    return text;
}

std::string clockTime(double seconds) {
    const auto all = std::llround(seconds);
    const auto hours = all / 3600, minutes = all / 60 % 60;
    return hours > 0 ? formatted("%lld:%02lld:%02lld", hours, minutes, all % 60)
                     : formatted("%lld:%02lld", minutes, all % 60);
}

std::optional<double> find(const TrainReport& report, const char* name) {
    const auto found = report.metrics.find(name);
    return found == report.metrics.end() ? std::nullopt : std::optional(found->second);
}

// Of the kinds of questions that were asked, every kind alike.
std::optional<double> meanAccuracy(const TrainReport& report) {
    double sum = 0;
    int kinds = 0;
    for (const auto& [name, value] : report.metrics)
        if (name.starts_with("accuracy/")) sum += value, ++kinds;
    return kinds > 0 ? std::optional(sum / kinds) : std::nullopt;
}

std::string named(const char* name, const std::optional<double>& value) {
    return value ? std::string("  ") + name + formatted(" %.3g", *value) : "";
}

}  // namespace

std::string progressLine(const TrainReport& report) {
    auto line = formatted("step %*d/%d", static_cast<int>(std::to_string(report.steps).size()),
                          report.step, report.steps);
    if (const auto epoch = find(report, "epoch")) line += formatted("  epoch %.2f", *epoch);
    line += named("loss", find(report, "loss/total")) + named("lr", report.learningRate) +
            named("accuracy", meanAccuracy(report)) + named("reward", find(report, "reward/mean"));
    const auto end = "  eta " + clockTime(report.secondsLeft);
    for (const auto& more : {named("grad", find(report, "grad_norm")),
                             formatted("  %.3g samples/s", report.samplesPerSecond)})
        if (line.size() + more.size() + end.size() <= kColumns) line += more;
    return line + end;
}

std::string measurementLine(int step, const std::map<std::string, double>& metrics) {
    auto line = "measured after step " + std::to_string(step);
    for (const auto& [name, value] : metrics) {
        const auto more = named(name.c_str(), value);
        if (line.size() + more.size() <= kColumns) line += more;
    }
    return line;
}

long cpuSeconds() { return std::clock() / CLOCKS_PER_SEC; }

}  // namespace lvr
