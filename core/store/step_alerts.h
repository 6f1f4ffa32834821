#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>

namespace lvr {

// Watches the metrics of a training, step by step, for what a person should know: numbers that are
// none, a loss that jumps, latents that collapse, thoughts that no longer begin or end, groups
// whose rewards are all alike. What goes on is told once, not every step.
class StepAlerts {
public:
    // In sentences of what happened and what to look at, joined by "; ". Mostly empty.
    std::string look(const std::map<std::string, double>& metrics);

private:
    // The last values of a metric, finite ones only.
    struct Memory {
        std::deque<double> values;
        int calm = 0;          // looks since its alert held last
        bool alerted = false;  // and is not told again until it has been calm
    };
    using Judge = std::optional<std::string> (*)(const std::deque<double>& before, double now);

    void notNumbers(const std::map<std::string, double>& metrics, std::string& said);
    void judge(const std::string& key, double now, Judge judge, std::string& said);
    static std::optional<std::string> lossJumped(const std::deque<double>&, double);
    static std::optional<std::string> policyLeft(const std::deque<double>&, double);
    static std::optional<std::string> latentsCollapsed(const std::deque<double>&, double);
    static std::optional<std::string> thoughtsRare(const std::deque<double>&, double);
    static std::optional<std::string> thoughtsOpen(const std::deque<double>&, double);
    static std::optional<std::string> groupsAlike(const std::deque<double>&, double);

    std::map<std::string, Memory> memories_;
};

}  // namespace lvr
