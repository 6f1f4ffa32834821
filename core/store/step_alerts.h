#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace lvr {

// Watches the metrics of a training, step by step, for what a person should know: numbers that are
// none, a loss that jumps, a policy far from where it began, rewards that fall, latents that
// collapse or are gone, thoughts that no longer begin or end, groups whose rewards are all alike.
// What goes on is told once, not every step. A resumed run's is shown the steps before, for what it
// began with.
class StepAlerts {
public:
    // In sentences of what happened and what to look at, joined by "; ". Mostly empty.
    std::string look(const std::map<std::string, double>& metrics);

private:
    // The last values of a metric and the first ones, finite ones only.
    struct Memory {
        std::deque<double> values;
        std::vector<double> first;
        int calm = 0;          // looks since its alert held last
        bool alerted = false;  // and is not told again until it has been calm
    };
    using Judge = std::optional<std::string> (*)(const Memory& before, double now);

    void notNumbers(const std::map<std::string, double>& metrics, std::string& said);
    void judge(const std::string& key, double now, Judge judge, std::string& said);
    static std::optional<std::string> lossJumped(const Memory&, double);
    static std::optional<std::string> policyLeft(const Memory&, double);
    static std::optional<std::string> policyFar(const Memory&, double);
    static std::optional<std::string> rewardFell(const Memory&, double);
    static std::optional<std::string> accuracyFell(const Memory&, double);
    static std::optional<std::string> latentsGone(const Memory&, double);
    static std::optional<std::string> latentsCollapsed(const Memory&, double);
    static std::optional<std::string> thoughtsRare(const Memory&, double);
    static std::optional<std::string> thoughtsOpen(const Memory&, double);
    static std::optional<std::string> groupsAlike(const Memory&, double);

    std::map<std::string, Memory> memories_;
};

}  // namespace lvr
