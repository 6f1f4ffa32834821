#include "core/eval/judged_items.h"

#include <algorithm>
#include <map>
#include <set>

#include "core/eval/scorers.h"
#include "core/eval/statistics.h"

namespace lvr {
namespace {

constexpr const char* kOwnJudge = "answer";

Verdict verdictOn(const std::string& scorer, const EvaluatedItem& item, const ItemAnswer& answer) {
    auto raw = rawOutput(item, answer);
    if (scorer == kOwnJudge) raw.output = answer.answer;
    return verdictOf(scorer, raw);
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
    std::vector<Verdict> verdicts;
    for (const auto& scorer : scorersOf(item.item.benchmark, !item.item.options.empty()))
        verdicts.push_back(verdictOn(scorer, item, answer));
    return verdicts;
}

bool disagree(const std::vector<Verdict>& verdicts) {
    bool someRight = false, someWrong = false;
    for (const auto& verdict : verdicts) {
        if (!verdict.letter) continue;
        (verdict.right ? someRight : someWrong) = true;
    }
    return someRight && someWrong;
}

std::vector<JudgedAnswer> judgedItems(const EvalRun& evaluation, const EvalSet& set,
                                      const std::string& column) {
    std::vector<JudgedAnswer> judged;
    for (const auto& item : evaluation.items) {
        const auto answer = item.answers.find(column);
        if (item.set != set.name || answer == item.answers.end()) continue;
        if (!answer->second.failure.empty()) continue;
        judged.push_back({.item = &item,
                          .answer = &answer->second,
                          .right = verdictOn(set.scorer, item, answer->second).right,
                          .disagree = disagree(verdictsOn(item, answer->second))});
    }
    return judged;
}

Rate rateOf(const std::vector<JudgedAnswer>& items) {
    Rate rate{.interval = "Wilson"};
    for (const auto& item : items) rate.right += item.right;
    const auto interval = wilson95(rate.right, static_cast<int>(items.size()));
    if (!items.empty()) rate.share = static_cast<double>(rate.right) / items.size();
    rate.low = interval.low;
    rate.high = interval.high;
    return rate;
}

}  // namespace lvr
