#include "core/store/step_alerts.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <numeric>
#include <vector>

namespace lvr {
namespace {

constexpr std::size_t kRemembered = 50;  // steps
constexpr std::size_t kEnough = 20;      // to tell what is usual
constexpr std::size_t kRecent = 5;       // steps that make a trend
constexpr int kCalm = 20;                // steps without it, then it is news again
constexpr double kSpike = 8;             // robust standard deviations
constexpr double kSigmaOfMad = 1.4826;   // of a normal distribution

std::string number(double value) {
    char text[32];
    std::snprintf(text, sizeof text, "%.3g", value);
    return text;
}

double median(std::vector<double> values) {
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

// How far above what is usual, in robust standard deviations; a spread below a fiftieth of the
// median is taken for that much.
double distance(const std::deque<double>& before, double now, double usual) {
    std::vector<double> deviations;
    for (const double value : before) deviations.push_back(std::abs(value - usual));
    return (now - usual) /
           std::max({kSigmaOfMad * median(deviations), std::abs(usual) / 50, 1e-12});
}

double medianOf(const std::deque<double>& values) { return median({values.begin(), values.end()}); }

bool enough(const std::deque<double>& before) { return before.size() >= kEnough; }

// Of the newest value and those just before it.
double recentMean(const std::deque<double>& before, double now) {
    double sum = now;
    for (std::size_t i = 1; i < kRecent; ++i) sum += before[before.size() - i];
    return sum / kRecent;
}
// Of what came before those.
double earlierMedian(const std::deque<double>& before) {
    return median({before.begin(), before.end() - (kRecent - 1)});
}

std::optional<double> spikeOver(const std::deque<double>& before, double now) {
    if (!enough(before)) return std::nullopt;
    const double usual = medianOf(before);
    if (now < 1.5 * usual || distance(before, now, usual) < kSpike) return std::nullopt;
    return usual;
}

double meanOf(const std::vector<double>& values) {
    return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

// Means of the first steps and of as many of the newest, when there is well more than chance
// between them.
struct Fall {
    double start = 0, now = 0;
};
std::optional<Fall> fallFromStart(const std::vector<double>& first,
                                  const std::deque<double>& before, double now) {
    if (before.size() + 1 < 2 * kEnough) return std::nullopt;
    const std::vector<double> newest(before.end() - (kEnough - 1), before.end());
    const Fall fall{meanOf(first),
                    (meanOf(newest) * static_cast<double>(newest.size()) + now) / kEnough};
    double squares = 0;
    for (const double value : first) squares += (value - fall.start) * (value - fall.start);
    const double deviation = std::sqrt(squares / (kEnough - 1));
    const bool fell = fall.start - fall.now > std::max(std::abs(fall.start) / 10, 1.5 * deviation);
    return fell ? std::optional(fall) : std::nullopt;
}

void add(std::string& said, const std::string& sentence) {
    said += (said.empty() ? "" : "; ") + sentence;
}

}  // namespace

std::string StepAlerts::look(const std::map<std::string, double>& metrics) {
    std::string said;
    notNumbers(metrics, said);
    const auto watch = [&](const char* name, Judge rule) {
        if (const auto found = metrics.find(name); found != metrics.end())
            judge(name, found->second, rule, said);
    };
    // What follows from what was just said is not said, too.
    const auto watchToo = [&](const char* name, const char* key, Judge rule, const char* unless) {
        const auto found = metrics.find(name);
        if (found == metrics.end()) return;
        std::string sentence;
        judge(key, found->second, rule, sentence);
        if (!sentence.empty() && said.find(unless) == said.npos) add(said, sentence);
    };
    const bool fromRewards = metrics.contains("reward/mean");
    if (const auto loss = metrics.find("loss/total"); loss != metrics.end() && !fromRewards) {
        // A step that also learns from its own latents has another loss: compared with its like.
        const auto own = metrics.find("own");
        const bool isOwn = own != metrics.end() && own->second > 0;
        judge(isOwn ? "loss/total, own" : "loss/total", loss->second, lossJumped, said);
    }
    watch("kl", policyLeft);
    watchToo("kl", "kl, far", policyFar, "the KL");
    watch("reward/mean", rewardFell);
    watchToo("reward/accuracy", "reward/accuracy", accuracyFell, "the reward fell");
    watch("latents/count", latentsGone);
    watch("latents/effective_rank", latentsCollapsed);
    watch("span/trigger_rate", thoughtsRare);
    watch("span/unclosed_rate", thoughtsOpen);
    watch("groups/zero_variance", groupsAlike);
    return said;
}

void StepAlerts::judge(const std::string& key, double now, Judge rule, std::string& said) {
    if (!std::isfinite(now)) return;
    auto& memory = memories_[key];
    const auto sentence = rule(memory, now);
    memory.calm = sentence ? 0 : memory.calm + 1;
    if (sentence && !memory.alerted) add(said, *sentence);
    if (sentence || memory.calm > kCalm) memory.alerted = sentence.has_value();
    memory.values.push_back(now);
    if (memory.values.size() > kRemembered) memory.values.pop_front();
    if (memory.first.size() < kEnough) memory.first.push_back(now);
}

// The first of them; the others mostly follow from it.
void StepAlerts::notNumbers(const std::map<std::string, double>& metrics, std::string& said) {
    auto& memory = memories_["not a number"];
    const auto bad = std::find_if(metrics.begin(), metrics.end(), [](const auto& metric) {
        const bool counts = metric.first.starts_with("loss/") ||
                            metric.first.starts_with("reward/") || metric.first == "kl" ||
                            metric.first == "grad_norm";
        return counts && !std::isfinite(metric.second);
    });
    const bool any = bad != metrics.end();
    if (any && !memory.alerted)
        add(said, bad->first + " is " + (std::isnan(bad->second) ? "not a number" : "infinite") +
                      "; look at the records of this step, and lower the learning rate if it "
                      "comes again");
    memory.calm = any ? 0 : memory.calm + 1;
    if (any || memory.calm > kCalm) memory.alerted = any;
}

std::optional<std::string> StepAlerts::lossJumped(const Memory& before, double now) {
    const auto usual = spikeOver(before.values, now);
    if (!usual) return std::nullopt;
    return "the loss jumped to " + number(now) + " from about " + number(*usual) +
           "; look at grad_norm and the records of this step, or lower the learning rate";
}

std::optional<std::string> StepAlerts::policyLeft(const Memory& before, double now) {
    const auto usual = spikeOver(before.values, now);
    if (!usual || now < 0.1) return std::nullopt;
    return "the KL to the reference jumped to " + number(now) + " from about " + number(*usual) +
           "; look at the newest rollouts, or lower the learning rate or raise beta";
}

std::optional<std::string> StepAlerts::policyFar(const Memory&, double now) {
    if (now <= 1) return std::nullopt;
    return "the KL to the reference is " + number(now) +
           ", so the policy is far from the model it began with; look at the newest rollouts, or "
           "lower the learning rate or raise beta";
}

std::optional<std::string> StepAlerts::rewardFell(const Memory& before, double now) {
    const auto fall = fallFromStart(before.first, before.values, now);
    if (!fall) return std::nullopt;
    return "the reward fell to " + number(fall->now) + ", it began with " + number(fall->start) +
           " (means of " + std::to_string(kEnough) +
           " steps); look at the newest rollouts, or lower the learning rate or raise beta";
}

std::optional<std::string> StepAlerts::accuracyFell(const Memory& before, double now) {
    const auto fall = fallFromStart(before.first, before.values, now);
    if (!fall) return std::nullopt;
    return "right answers fell to " + number(100 * fall->now) + " %, they began with " +
           number(100 * fall->start) + " % (means of " + std::to_string(kEnough) +
           " steps), whatever the other rewards do; look at the newest rollouts, or give accuracy "
           "more weight";
}

std::optional<std::string> StepAlerts::latentsGone(const Memory& before, double now) {
    if (before.first.size() < kEnough) return std::nullopt;
    const double count = recentMean(before.values, now), start = meanOf(before.first);
    if (count > 0.1 * start || start < 0.5) return std::nullopt;
    return "the latents are gone: " + number(count) + " in a completion, it began with " +
           number(start) + "; look at the rewards of rollouts with and without a thought";
}

std::optional<std::string> StepAlerts::latentsCollapsed(const Memory& before, double now) {
    if (!enough(before.values)) return std::nullopt;
    const double rank = recentMean(before.values, now), earlier = earlierMedian(before.values);
    const bool alike = rank < 1.5, shrank = rank < 0.4 * earlier;
    if (!alike && !shrank) return std::nullopt;
    return "the latents are collapsing: their effective rank is " + number(rank) + ", it was " +
           number(earlier) + "; look at latents/cosine and at the heat of the newest rollouts";
}

std::optional<std::string> StepAlerts::thoughtsRare(const Memory& before, double now) {
    if (!enough(before.values)) return std::nullopt;
    const double rate = recentMean(before.values, now), earlier = earlierMedian(before.values);
    if (earlier < 0.1 || rate > 0.5 * earlier) return std::nullopt;
    return "the model stops thinking: " + number(100 * rate) +
           " % of the rollouts begin a thought, it was " + number(100 * earlier) +
           " %; look at the rewards of rollouts with and without one";
}

std::optional<std::string> StepAlerts::thoughtsOpen(const Memory& before, double now) {
    if (!enough(before.values)) return std::nullopt;
    const double rate = recentMean(before.values, now), earlier = earlierMedian(before.values);
    if (rate < earlier + 0.2) return std::nullopt;
    return "thoughts are no longer closed: " + number(100 * rate) +
           " % run into their limit, it was " + number(100 * earlier) +
           " %; look at the exit rule and at span lengths";
}

std::optional<std::string> StepAlerts::groupsAlike(const Memory& before, double now) {
    const auto& values = before.values;
    if (values.size() + 1 < kRecent || now < 1) return std::nullopt;
    for (std::size_t i = 1; i < kRecent; ++i)
        if (values[values.size() - i] < 1) return std::nullopt;
    return "in the last " + std::to_string(kRecent) +
           " steps all rewards of every group were alike, so nothing is learnt; use harder or "
           "easier questions, a larger group or a higher temperature";
}

}  // namespace lvr
