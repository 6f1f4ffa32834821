#include "core/eval/plan_difference.h"

#include <array>

namespace lvr {
namespace {

std::string was(const std::string& what, const std::string& before, const std::string& now) {
    return what + " was " + before + " and is " + now + " now";
}

std::string columnsText(const EvalPlan& plan) {
    std::string text;
    for (const auto& column : plan.columns) text += (text.empty() ? "" : ", ") + toText(column);
    return text;
}

std::string pixelRange(const EvalPlan& plan) {
    return std::to_string(plan.minPixels) + " to " + std::to_string(plan.maxPixels);
}

// Earlier versions did not say that a model thinks as LVR.
std::string decodingOf(const EvalPlan& plan) {
    const auto& text = plan.decodingText;
    const bool isUsual = text.starts_with("dialect lvr: ") || text.starts_with("dialect plain: ");
    const auto rest = text.find("; ");
    return isUsual && rest != text.npos ? text.substr(rest + 2) : text;
}

std::string setNames(const EvalPlan& plan) {
    std::string text;
    for (const auto& set : plan.sets) text += (text.empty() ? "" : ", ") + set.name;
    return text;
}

std::optional<std::string> setDifference(const EvalSet& before, const EvalSet& now) {
    if (before.hash != now.hash)
        return "the files of " + now.source + " are not those of " + before.source +
               " that were read then";
    if (before.items != now.items)
        return was("the number of questions of " + now.name, std::to_string(before.items),
                   std::to_string(now.items));
    if (before.scorer != now.scorer)
        return was("the scorer of " + now.name, before.scorer, now.scorer) +
               " (lvr eval rescore --run shows what others make of the answers)";
    return std::nullopt;
}

}  // namespace

std::optional<std::string> differenceBetween(const EvalPlan& before, const EvalPlan& now) {
    if (setNames(before) != setNames(now)) return was("the data", setNames(before), setNames(now));
    for (std::size_t i = 0; i < now.sets.size(); ++i)
        if (auto difference = setDifference(before.sets[i], now.sets[i])) return difference;
    const std::array<std::array<std::string, 3>, 5> texts{
        {{"what is asked", columnsText(before), columnsText(now)},
         {"--prompt", before.prompt, now.prompt},
         {"the size of pictures in pixels", pixelRange(before), pixelRange(now)},
         {"the decoding", decodingOf(before), decodingOf(now)},
         {"the computation", before.computation, now.computation}}};
    for (const auto& [what, then, today] : texts)
        if (then != today) return was(what, then, today);
    return std::nullopt;
}

}  // namespace lvr
