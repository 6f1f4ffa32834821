#include "core/eval/judged_items.h"

#include <algorithm>
#include <map>

#include "core/scorers/scorers.h"
#include "core/statistics/clustering.h"
#include "core/statistics/statistics.h"
#include "core/values/dialect.h"

namespace lvr {
namespace {

constexpr const char* kOwnJudge = "answer";

Verdict verdictOn(const std::string& scorer, const EvaluatedItem& item, const ItemAnswer& answer) {
    auto raw = rawOutput(item, answer);
    if (scorer == kOwnJudge) raw.output = answer.answer;
    return verdictOf(scorer, raw);
}

// What items of a benchmark share.
std::string clusterName(const std::string& benchmark) {
    if (benchmark == "mmvp") return "pair";
    return benchmark == "hr_bench" ? "question" : "picture";
}

// A number for each item's cluster, from 0; an item without one is by itself.
std::vector<int> clustersOf(const std::vector<JudgedAnswer>& items) {
    std::map<std::string, int> known;
    std::vector<int> numbers;
    int next = 0;
    for (const auto& item : items) {
        const auto& name = item.item->item.cluster;
        const auto [place, isNew] =
            name.empty() ? std::pair(known.end(), true) : known.try_emplace(name, next);
        numbers.push_back(isNew ? next++ : place->second);
    }
    return numbers;
}

void setInterval(Rate& rate, Interval interval, const std::string& name) {
    rate.low = std::clamp(interval.low, 0.0, 1.0);
    rate.high = std::clamp(interval.high, 0.0, 1.0);
    rate.interval = name;
}

}  // namespace

RawOutput rawOutput(const EvaluatedItem& item, const ItemAnswer& answer) {
    return {.benchmark = item.item.benchmark,
            .question = item.item.question,
            .options = item.item.options,
            .gold = item.item.gold,
            .output = answer.output,
            .mark = knownDialect(item.dialect).answer};
}

std::vector<Verdict> verdictsOn(const EvaluatedItem& item, const ItemAnswer& answer) {
    std::vector<Verdict> verdicts;
    for (const auto& scorer : scorersOf(item.item.benchmark, !item.item.options.empty()))
        verdicts.push_back(verdictOn(scorer, item, answer));
    return verdicts;
}

RawLines keptOutputs(const EvalRun& evaluation) {
    RawLines kept;
    for (const auto& item : evaluation.items)
        for (const auto& [column, answer] : item.answers)
            if (answer.failure.empty())
                kept.lines.push_back({.line = static_cast<int>(kept.lines.size()) + 1,
                                      .id = item.item.id,
                                      .column = column,
                                      .output = rawOutput(item, answer)});
    return kept;
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
    Rate rate;
    std::vector<double> values;
    for (const auto& item : items) {
        rate.right += item.right;
        values.push_back(item.right);
    }
    if (items.empty()) return rate;
    rate.share = static_cast<double>(rate.right) / static_cast<double>(items.size());
    const auto clusters = clustersOf(items);
    const int count = *std::ranges::max_element(clusters) + 1;
    const auto by = " by " + clusterName(items.front().item->item.benchmark);
    const bool isClustered = count < static_cast<int>(items.size());
    if (isClustered && rate.right > 0 && rate.right < static_cast<int>(items.size()))
        setInterval(rate, clusteredMean(values, clusters).student95, "clustered" + by);
    else if (isClustered)  // they are all alike, which gives no spread to go by
        setInterval(rate, wilson95(rate.right > 0 ? count : 0, count), "Wilson" + by);
    else
        setInterval(rate, wilson95(rate.right, static_cast<int>(items.size())), "Wilson");
    return rate;
}

}  // namespace lvr
