#pragma once

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "core/machine/resource_meter.h"
#include "core/store/step_alerts.h"
#include "core/values/run.h"
#include "core/values/train_options.h"

namespace lvr {

// What every training tells of itself without knowing it: how fast it is, what it takes of its
// machine, and what a person should know of its numbers.
class RunVitals {
public:
    RunVitals() = default;
    // out: where it writes to. newest: metrics when it goes on; what they count is counted on.
    RunVitals(const std::filesystem::path& out, const std::map<std::string, double>& newest);

    // What the run was like before it went on, so that alerts are those of an undisturbed one.
    void remember(const std::vector<Metric>& before);
    void meterGpu(int index) { resources_.meterGpu(index); }
    // Of a step that has just been done.
    void addTo(std::map<std::string, double>& metrics);
    std::string alertsOf(const TrainReport& report);  // the trainer's own, then ours

private:
    using Clock = std::chrono::steady_clock;

    double tokens_ = 0;
    Clock::time_point measured_;  // the step before
    ResourceMeter resources_{{}};
    StepAlerts alerts_;
};

}  // namespace lvr
