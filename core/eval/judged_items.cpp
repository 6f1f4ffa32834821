#include "core/eval/judged_items.h"

#include <algorithm>
#include <map>
#include <set>

#include "core/eval/scorers.h"
#include "core/eval/statistics.h"

namespace lvr {
namespace {

bool hasClusters(const std::vector<JudgedItem>& items) {
    std::set<std::string> seen;
    return std::ranges::any_of(items, [&](const JudgedItem& item) {
        const auto& cluster = item.item->item.cluster;
        return !cluster.empty() && !seen.insert(cluster).second;
    });
}

// What items of a benchmark share.
std::string clusterName(const std::string& benchmark) {
    if (benchmark == "mmvp") return "pair";
    return benchmark == "hr_bench" ? "question" : "picture";
}

}  // namespace

RawOutput rawOutput(const EvaluatedItem& item, const ItemAnswer& answer) {
    return {.benchmark = item.item.benchmark,
            .question = item.item.question,
            .options = item.item.options,
            .gold = item.item.gold,
            .output = answer.output};
}

std::vector<Verdict> verdictsOn(const EvaluatedItem& item, const ItemAnswer& answer) {
    return verdictsOf(scorersOf(item.item.benchmark, !item.item.options.empty()),
                      rawOutput(item, answer));
}

bool disagree(const std::vector<Verdict>& verdicts) {
    bool someRight = false, someWrong = false;
    for (const auto& verdict : verdicts) {
        if (!verdict.letter) continue;
        (verdict.right ? someRight : someWrong) = true;
    }
    return someRight && someWrong;
}

std::vector<JudgedItem> judgedItems(const EvalRun& evaluation, const EvalSet& set,
                                    const std::string& column) {
    std::vector<JudgedItem> judged;
    for (const auto& item : evaluation.items) {
        const auto answer = item.answers.find(column);
        if (item.set != set.name || answer == item.answers.end()) continue;
        if (!answer->second.failure.empty()) continue;
        const auto raw = rawOutput(item, answer->second);
        judged.push_back({.item = &item,
                          .answer = &answer->second,
                          .right = verdictOf(set.scorer, raw).right,
                          .disagree = disagree(verdictsOn(item, answer->second))});
    }
    return judged;
}

}  // namespace lvr
