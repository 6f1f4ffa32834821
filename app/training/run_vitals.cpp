#include "app/training/run_vitals.h"

namespace lvr {
namespace {

constexpr const char* kTokens = "tokens/seen";

// The trainer knows better what came of a number that is none.
bool saysNotFinite(const std::string& said) { return said.find("not finite") != std::string::npos; }

}  // namespace

RunVitals::RunVitals(const std::filesystem::path& out, const std::map<std::string, double>& newest)
    : resources_(out) {
    if (const auto seen = newest.find(kTokens); seen != newest.end()) tokens_ = seen->second;
}

void RunVitals::remember(const std::vector<Metric>& before) {
    std::map<std::string, double> step;
    for (auto metric = before.begin(); metric != before.end(); ++metric) {
        step[metric->name] = metric->value;
        if (metric + 1 != before.end() && (metric + 1)->step == metric->step) continue;
        alerts_.look(step);
        step.clear();
    }
}

// The first step's time holds reading data and model.
void RunVitals::addTo(std::map<std::string, double>& metrics) {
    const auto now = Clock::now();
    if (const auto step = metrics.find("tokens/step"); step != metrics.end()) {
        const double count = step->second;
        metrics[kTokens] = tokens_ += count;
        if (measured_ != Clock::time_point())
            metrics["tokens_per_second"] =
                count / std::chrono::duration<double>(now - measured_).count();
    }
    measured_ = now;
    resources_.addTo(metrics);
}

std::string RunVitals::alertsOf(const TrainReport& report) {
    const auto seen = alerts_.look(report.metrics);
    if (seen.empty() || saysNotFinite(report.alert)) return report.alert;
    return report.alert + (report.alert.empty() ? "" : "; ") + seen;
}

}  // namespace lvr
