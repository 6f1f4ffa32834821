#include "core/grpo/reward.h"

#include <array>
#include <string_view>

#include "core/error.h"
#include "core/eval/answer.h"
#include "core/values/nearest_name.h"

namespace lvr {
namespace {

constexpr std::string_view kOpen = "<answer>", kClose = "</answer>", kStart = "<|lvr_start|>",
                           kEnd = "<|lvr_end|>", kBlank = " \t\r\n\f\v";

}  // namespace

double accuracyReward(const std::string& completion, const GoldAnswer& gold) {
    return isRightAnswer(answerIn(completion), answerIn(gold.text), gold.question) ? 1 : 0;
}

double formatReward(const std::string& completion, const GoldAnswer&) {
    std::string_view text = completion;
    if (!text.starts_with(kStart)) return 0;
    if (text.ends_with('\n')) text.remove_suffix(1);
    if (!text.ends_with(kClose)) return 0;
    const auto newline = text.find('\n');
    for (auto end = text.find(kEnd); end != text.npos && end < newline;
         end = text.find(kEnd, end + 1)) {
        const auto answer = text.find_first_not_of(kBlank, end + kEnd.size());
        if (answer == text.npos || !text.substr(answer).starts_with(kOpen)) continue;
        const auto inside = answer + kOpen.size(), close = text.size() - kClose.size();
        if (close < inside) continue;
        return text.substr(inside, close - inside).find('\n') == text.npos ? 1 : 0;
    }
    return 0;
}

namespace {

constexpr std::array<std::pair<const char*, Reward>, 2> kRewards{
    {{"accuracy", accuracyReward}, {"format", formatReward}}};

}  // namespace

std::vector<std::string> rewardNames() {
    std::vector<std::string> names;
    for (const auto& [name, reward] : kRewards) names.emplace_back(name);
    return names;
}

Reward findReward(const std::string& name) {
    const auto names = rewardNames();
    const auto nearest = nearestName(names, name);
    if (names[nearest] != name)
        throw Error("there is no reward \"" + name + "\"; did you mean \"" + names[nearest] +
                    "\"?");
    return kRewards[nearest].second;
}

}  // namespace lvr
